// Envelopes of payload codecs, opened with a chain that has a key, and key files: the first byte
// says which. What opens must seal and open again as the same, within the memory that its frames
// can need; what is encrypted must not open after it was changed.
#include <span>

#include "runtime/sealing/aes_gcm_codec.h"
#include "runtime/sealing/aes_gcm_layout.h"
#include "runtime/sealing/envelope.h"
#include "runtime/sealing/key_file.h"
#include "runtime/sealing/zstd_codec.h"
#include "tests/fuzz/targets.h"
#include "tests/support/allocations.h"

namespace reprise::fuzz {
namespace {

using namespace sealing;

// 128 KiB for each block of four bytes, and contexts of zstd.
constexpr std::size_t kFixedBytes = std::size_t{4} << 20;
constexpr std::size_t kBytesPerByte = (std::size_t{128} << 10) / 4 * 3;

Codecs chain() {
  KeyMaterial keys;
  keys.keys["k1"] = std::string(kKeyBytes, '1');
  keys.current = "k1";
  return {make_zstd_codec(3).value(), make_aes_gcm_codec(KeyRing::make(keys).value())};
}

void open_envelope(const Codecs& codecs, std::string_view input) {
  const reprise::testing::AllocationMeter meter;
  const auto opened = unseal(codecs, input, "place");
  if (meter.peak() > kFixedBytes + kBytesPerByte * input.size()) {
    throw Defect("opening " + std::to_string(input.size()) + " bytes took " +
                 std::to_string(meter.peak()) + " bytes of memory");
  }
  const auto view = look_at(input);
  if (opened && (!view || view->text().empty())) throw Defect("it opens, and is no envelope");
  if (!opened && opened.error().message.empty()) throw Defect("it is refused without a reason");
  if (!opened) return;
  const auto again = seal(codecs, *opened, "place");
  if (!again || unseal(codecs, *again, "place").value() != *opened) {
    throw Defect("what was opened changes when it is sealed again");
  }
}

// The input says what is changed of an envelope that is encrypted.
void change_envelope(const Codecs& codecs, std::string_view input) {
  Bytes in(input);
  const std::size_t at = in.word();
  const auto mask = static_cast<char>(in.byte());
  std::string envelope = seal(codecs, in.rest(), "place").value();
  if (mask == 0) envelope.resize(at % envelope.size());
  if (mask != 0)
    envelope[at % envelope.size()] = static_cast<char>(envelope[at % envelope.size()] ^ mask);
  if (unseal(codecs, envelope, "place")) throw Defect("a changed envelope opens");
}

void read_keys(std::string_view input) {
  const auto keys = parse_key_file(input, "keys");
  if (keys && !KeyRing::make(*keys)) throw Defect("a key file is no ring of keys");
  if (!keys && keys.error().code != base::ErrorCode::kInvalidKey) {
    throw Defect("a key file is refused with another code");
  }
}

using Check = void (*)(const Codecs&, std::string_view);
constexpr Check kChecks[] = {open_envelope, change_envelope,
                             [](const Codecs&, std::string_view input) { read_keys(input); }};

// Encodes without authentication, as a codec might that leaves the tag out.
class Trusting final : public Codec {
 public:
  std::string_view name() const override { return "trusting"; }
  base::Result<std::string> encode(std::string_view plain, std::string_view) const override {
    return std::string(plain);
  }
  base::Result<std::string> decode(std::string_view encoded, std::string_view) const override {
    return std::string(encoded);
  }
};

}  // namespace

void fuzz_sealing(std::string_view input) {
  static const Codecs codecs = chain();
  Bytes in(input);
  const std::size_t which = in.byte();
  kChecks[which % std::size(kChecks)](codecs, in.rest());
}

void fuzz_sealing_control(std::string_view input) {
  change_envelope({std::make_shared<const Trusting>()}, input);
}

std::vector<std::string> sealing_seeds() {
  using namespace std::string_literals;
  const std::string text(300, 'a');
  // Encrypted with a key, a salt and a number that are the same each time.
  const std::string header = "\1\2k1"s + std::string(kSaltBytes, 's') + "\0\0\0\0"s;
  return {"\0"s + seal({make_zstd_codec(3).value()}, text, "place").value(),
          "\0\1\1\4zstdptext"s,
          "\0\1\2\4zstd\7aes-gcm"s + header + std::string(16, 't'),
          "\0\1\1\3own"s,
          "\1\0\7\1"s + text,
          "\1\0\x40\0text"s,
          "\1\0\1\x80"s,
          "\2# keys\nk1 "s + std::string(64, 'a') + "\n\nk2\t"s + std::string(64, '0') + "\r\n"s,
          "\2k1 "s + std::string(63, 'a')};
}

}  // namespace reprise::fuzz
