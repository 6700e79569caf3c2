// Payload codecs: the first byte of an input chooses a type, the rest is decoded as one. What
// decodes must encode to something that decodes to the same value again and again.
#include <chrono>
#include <map>
#include <optional>
#include <reprise/error.h>
#include <reprise/internal/payload.h>
#include <reprise/json.h>
#include <reprise/protobuf.h>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

#include "base/sanitizers.h"
#include "proto/log.pb.h"
#include "tests/fuzz/targets.h"
#include "tests/support/allocations.h"

namespace reprise::fuzz {

namespace {

enum class Colour : std::uint16_t { kRed, kGreen = 7 };

struct Hat {
  std::string name;
  double price = 0;
  std::vector<int> sold;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Hat, name, price, sold)

using internal::decode_payload;
using internal::encode_payload;

// A length prefix must not cause allocations for bytes that are not there. The factor is
// nlohmann's: 16 bytes for a null, more for a key of one byte.
constexpr std::size_t kFixedBytes = std::size_t{1} << 20;
constexpr std::size_t kBytesPerByte = 512;

template <class T>
void decode(std::string_view input) {
  const testing::AllocationMeter meter;
  try {
    const T value = decode_payload<T>(input);
    const std::string encoded = encode_payload(value);
    const T again = decode_payload<T>(encoded);
    if (encode_payload(again) != encoded) throw Defect("a value changes when it is written again");
  } catch (const PayloadError&) {
  }
  if (meter.peak() > kFixedBytes + kBytesPerByte * input.size()) {
    throw Defect("decoding " + std::to_string(input.size()) + " bytes took " +
                 std::to_string(meter.peak()) + " bytes of memory");
  }
}

// Every item on its own, as a foreign codec would read it.
void skip_items(std::string_view input) {
  try {
    CborReader in(input);
    while (in.rest() > 0) {
      const std::size_t before = in.rest();
      if (in.item().size() != before - in.rest()) throw Defect("an item is not what was skipped");
    }
    in.finish();
  } catch (const PayloadError&) {
  }
}

using Decode = void (*)(std::string_view);
constexpr Decode kDecoders[] = {
    skip_items,
    decode<bool>,
    decode<std::int8_t>,
    decode<std::int64_t>,
    decode<std::uint8_t>,
    decode<std::uint64_t>,
    decode<float>,
    decode<double>,
    decode<Colour>,
    decode<std::monostate>,
    decode<std::chrono::milliseconds>,
    decode<std::chrono::system_clock::time_point>,
    decode<std::string>,
    decode<std::vector<std::byte>>,
    decode<std::vector<int>>,
    decode<std::vector<bool>>,
    decode<std::vector<std::vector<std::vector<std::string>>>>,
    decode<std::array<double, 3>>,
    decode<std::pair<int, std::string>>,
    decode<std::tuple<>>,
    decode<std::tuple<int, std::string, std::vector<double>>>,
    decode<std::map<std::string, int>>,
    decode<std::map<int, std::map<int, std::string>>>,
    decode<std::unordered_map<std::string, std::vector<int>>>,
    decode<std::set<std::int64_t>>,
    decode<std::unordered_set<std::string>>,
    decode<std::optional<std::string>>,
    decode<std::optional<std::vector<std::optional<int>>>>,
    decode<std::variant<std::monostate, int, std::string, std::vector<int>>>,
    decode<nlohmann::json>,
    decode<Hat>,
    decode<std::map<std::string, std::optional<Hat>>>,
    decode<proto::Turn>,
    decode<std::vector<proto::Failure>>,
};

// Trusts a length prefix, as a hand-written codec might.
struct Trusting {
  std::vector<std::uint64_t> numbers;
};

// Does not read what it has written.
struct Drifting {
  std::int64_t number = 0;
};

}  // namespace
}  // namespace reprise::fuzz

template <>
struct reprise::Codec<reprise::fuzz::Trusting> {
  static void encode(CborWriter& out, const fuzz::Trusting& value) {
    out.array(value.numbers.size());
  }
  static fuzz::Trusting decode(CborReader& in) {
    fuzz::Trusting value;
    const std::string_view size = in.bytes();
    if (!size.empty()) value.numbers.reserve(static_cast<unsigned char>(size[0]) * 65'536u);
    return value;
  }
};

template <>
struct reprise::Codec<reprise::fuzz::Drifting> {
  static void encode(CborWriter& out, const fuzz::Drifting& value) {
    out.integer(value.number / 2);
  }
  static fuzz::Drifting decode(CborReader& in) { return {in.integer(INT64_MIN, INT64_MAX)}; }
};

namespace reprise::fuzz {

void fuzz_codec(std::string_view input) {
  Bytes in(input);
  const std::size_t which = in.byte();
  kDecoders[which % std::size(kDecoders)](in.rest());
}

void fuzz_codec_control(std::string_view input) {
  if (input.empty()) return;
  if (base::kSanitized) {  // where memory is not metered
    decode<Drifting>(input.substr(1));
  } else {
    decode<Trusting>(input.substr(1));
  }
}

std::vector<std::string> codec_seeds() {
  using namespace std::string_literals;
  const Hat hat{"fedora", 12.5, {1, -2, 300}};
  proto::Turn turn;
  turn.add_inputs()->mutable_signal_received()->set_name("go");
  turn.add_commands()->mutable_run_failed()->mutable_failure()->mutable_cause()->set_message("m");
  const std::vector<std::string> payloads = {
      encode_payload(true),
      encode_payload(std::int64_t{-70'000}),
      encode_payload(UINT64_MAX),
      encode_payload(1.1),
      encode_payload("text"s),
      encode_payload(std::vector<std::byte>(5)),
      encode_payload(std::vector<int>{1, 2, 1'000'000}),
      encode_payload(std::vector<std::vector<std::vector<std::string>>>{{{"a"}, {}}, {}}),
      encode_payload(std::tuple<int, std::string, std::vector<double>>(1, "b", {0.5, 2e300})),
      encode_payload(std::map<std::string, int>{{"a", 1}, {"b", -1}}),
      encode_payload(std::variant<std::monostate, int, std::string, std::vector<int>>("v")),
      encode_payload(hat),
      encode_payload(turn),
      encode_payload(std::vector<proto::Failure>(2)),
      "\x9b\x10\0\0\0\0\0\0\0\x01"s,      // an array of 2^60
      "\xbb\x10\0\0\0\0\0\0\0\x01"s,      // a map of 2^60
      "\x5b\x10\0\0\0\0\0\0\0\x01"s,      // a byte string of 2^60
      std::string(100, '\x81') + "\x01",  // 100 levels
      "\x9f\x01\xff"s,                    // an indefinite length
      "\xc1\x1a\x65\x53\xf1\x00"s,        // a tag
      "\x41\xff"s,
  };
  std::vector<std::string> seeds;
  for (std::size_t which = 0; which < std::size(kDecoders); ++which) {
    seeds.push_back(std::string(1, static_cast<char>(which)) + payloads[which % payloads.size()]);
  }
  for (const std::string& payload : payloads) {
    for (const char which : {'\0', '\x10', '\x1d'}) seeds.push_back(which + payload);
  }
  return seeds;
}

}  // namespace reprise::fuzz
