// Payload codecs: what an engine does to content before it reaches a file. docs/codecs.md.
#pragma once
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace reprise {

inline constexpr std::size_t kMaxPayloadCodecs = 8;          // of a chain
inline constexpr std::size_t kMaxCodecNameBytes = 64;        // UTF-8 without control characters
inline constexpr std::size_t kMaxEncryptionKeyIdBytes = 64;  // letters, digits, '.', '_', '-'
inline constexpr std::size_t kEncryptionKeyBytes = 32;

// Encodes content on its way to the store's files, and decodes it on its way back: zstd_codec(),
// aes_gcm_codec(), or a class of your own. Several make a chain: the first encodes first, so
// compression comes before encryption. Workflow code is not concerned: it records no event, and
// histories are replayed with the decoded content.
//
// Thread-safe: several threads call one object at a time. encode() need not give the same result
// twice. What decode() gets may be damaged: it must give back what encode() got, or throw.
// Exceptions become errors: of encode() InvalidOption (RP3018), of decode() StoreError (RP1013).
// Shared ownership keeps it alive.
class PayloadCodec {
 public:
  virtual ~PayloadCodec() = default;

  // Recorded with everything that it encodes, and looked up to decode it: for ever. 1 to
  // kMaxCodecNameBytes bytes, unlike those of the library's codecs. Asked for once, when it becomes
  // part of a chain.
  virtual std::string_view name() const = 0;
  virtual std::string encode(std::string_view plain) const = 0;
  virtual std::string decode(std::string_view encoded) const = 0;
};

// The first encodes first. At most kMaxPayloadCodecs of them, none null, each of another name:
// otherwise InvalidOption (RP3018).
using PayloadCodecs = std::vector<std::shared_ptr<PayloadCodec>>;

// "zstd": compresses. Content that does not become smaller stays as it is. `level`: 1 (fast) to 22
// (small); another one throws InvalidOption (RP3018). Any level decodes what any other has encoded.
std::shared_ptr<PayloadCodec> zstd_codec(int level = 3);

// Keys of kEncryptionKeyBytes random bytes, by their ids. The current one encrypts; each of them
// decrypts what it has encrypted, so an old one stays as long as there may be something of it.
struct KeyRing {
  std::map<std::string, std::string> keys;
  std::string current;
};

// From a file with a key on each line: its id, a space, and 64 hexadecimal digits. The first one is
// the current one. Empty lines and lines that begin with '#' are ignored. InvalidOption (RP3019):
// it cannot be read, anybody but its owner may read or write it, or a line is something else.
KeyRing read_key_file(const std::string& path);

// "aes-gcm": encrypts with AES-256-GCM, and finds every change. Each envelope has the id of its key
// in readable form. It keeps a copy of the keys, which is wiped when the codec is destroyed; the
// ring is wiped at once. InvalidOption (RP3019): there is no key, one has another length, an id is
// empty, too long or has other characters, or `current` is none of the ids. To decode what a key
// has encrypted that is not in the ring is StoreError (RP1012), which names its id.
std::shared_ptr<PayloadCodec> aes_gcm_codec(KeyRing ring);

}  // namespace reprise
