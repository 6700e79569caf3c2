// What turns content into what may stand in a file, and back: compression, encryption, or what a
// user has written.
#pragma once
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace reprise::sealing {

inline constexpr std::size_t kMaxCodecs = 8;  // of a chain
inline constexpr std::size_t kMaxCodecNameBytes = 64;
// Of content before and after each codec: what one record of the log may have.
inline constexpr std::size_t kLargestContent = std::size_t{1} << 30;

inline constexpr std::string_view kZstdName = "zstd";
inline constexpr std::string_view kAesGcmName = "aes-gcm";

// Thread-safe: several threads encode and decode at a time. decode() meets any bytes.
class Codec {
 public:
  virtual ~Codec() = default;

  // Recorded with everything that is encoded, and looked up to decode it. Never changes.
  virtual std::string_view name() const = 0;
  // `bound`: what the result must not be separated from. A codec that authenticates covers it, so
  // that decode() with another one fails; the others take no notice of it.
  virtual base::Result<std::string> encode(std::string_view plain,
                                           std::string_view bound) const = 0;
  // kSealBroken: it is not what encode() has made. kKeyMissing names what is not there.
  virtual base::Result<std::string> decode(std::string_view encoded,
                                           std::string_view bound) const = 0;
};

// In the order of encoding.
using Codecs = std::vector<std::shared_ptr<const Codec>>;

// kInvalidCodec: too many, one that is null, two of one name, or a name that is empty, longer than
// kMaxCodecNameBytes or not printable UTF-8.
base::Status check_codecs(const Codecs& codecs);
// The same of one name.
base::Status check_codec_name(std::string_view name);

}  // namespace reprise::sealing
