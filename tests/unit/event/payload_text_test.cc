#include "event/payload_text.h"

#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "event/payload_json.h"

namespace reprise::event {
namespace payload_text_test {

using nlohmann::json;
using ::testing::EndsWith;

std::string cbor(const json& value) {
  const auto bytes = json::to_cbor(value);
  return {bytes.begin(), bytes.end()};
}

TEST(PayloadText, ShowsCborAsJson) {
  const json value = {
      {"id", "order-1"}, {"list", {1, -2, 2.5, true, nullptr}}, {"empty", json::array()}};
  EXPECT_EQ(payload_text(cbor(value)), value.dump());
  EXPECT_EQ(payload_json(cbor(value)), value);
  EXPECT_EQ(payload_text(cbor("a\x1b[2J")), "\"a\\u001b[2J\"");
  EXPECT_EQ(payload_text(cbor(json::binary({0, 255}))), "\"h'00ff'\"");
  EXPECT_EQ(payload_text(""), "");
  EXPECT_TRUE(payload_json("").is_null());
  EXPECT_EQ(payload_text(std::string("\xfb\x7f\xf8\0\0\0\0\0\0", 9)), "\"NaN\"");
}

TEST(PayloadText, ShowsTheBytesOfAnythingElse) {
  EXPECT_EQ(payload_text("\xff\x01"), "h'ff01' (2 bytes that are no CBOR)");
  EXPECT_EQ(payload_text(cbor(1) + "x"), "h'0178' (2 bytes that are no CBOR)");
  EXPECT_EQ(payload_json("\xff\x01"), "h'ff01'");
  // Two million nested arrays would need more stack than there is.
  const std::string deep(2'000'000, '\x81');
  EXPECT_THAT(payload_text(deep), EndsWith("(2000000 bytes that are no CBOR)"));
  EXPECT_THAT(payload_text(std::string(64, '\x81') + "\x01"), EndsWith("]"));
  EXPECT_THAT(payload_text(std::string(65, '\x81') + "\x01"), EndsWith("no CBOR)"));
}

TEST(PayloadText, CutsLongPayloads) {
  const std::string text = payload_text(cbor(std::string(10'000, 'x')), 20);
  EXPECT_EQ(text, "\"xxxxxxxxxxxxxxxxxxx…");
  EXPECT_EQ(payload_json(cbor(std::string(10'000, 'x'))), std::string(10'000, 'x'));
}

TEST(PayloadText, OfAnyBytesItIsTextWithoutControlCharacters) {
  std::mt19937 random(1);
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes(1 + random() % 12, '\0');
    for (char& c : bytes) {
      c = static_cast<char>(random() % 4 == 0 ? 0xc0 + random() % 64 : random());
    }
    const std::string text = payload_text(bytes);
    EXPECT_NE(text, "");
    for (const char c : text) EXPECT_GE(static_cast<unsigned char>(c), 0x20);
  }
}

TEST(PayloadText, BytesAreHexadecimal) {
  EXPECT_EQ(bytes_text(""), "h''");
  EXPECT_EQ(bytes_text("\x0a\xff"), "h'0aff'");
}

}  // namespace payload_text_test
}  // namespace reprise::event
