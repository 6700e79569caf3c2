#include <zstd.h>

#include "tests/support/allocations.h"
#include "tests/unit/runtime/sealing/sealed.h"

namespace reprise::sealing::zstd_test {
namespace {

using namespace sealing::testing;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string encoded(std::string_view plain, int level = 3) {
  auto result = zstd(level)->encode(plain, {});
  EXPECT_TRUE(result);
  return std::move(result).value();
}

std::string fault(std::string_view encoded) {
  return error_of(zstd()->decode(encoded, {}));
}

std::string frame_of(std::string_view plain) {
  std::string frame(::ZSTD_compressBound(plain.size()), '\0');
  frame.resize(::ZSTD_compress(frame.data(), frame.size(), plain.data(), plain.size(), 1));
  return frame;
}

TEST(ZstdTest, CompressesWhatCanBeCompressed) {
  const std::string plain(10'000, 'a');
  EXPECT_LT(encoded(plain).size(), 50u);
  EXPECT_EQ(*zstd()->decode(encoded(plain), {}), plain);
}

TEST(ZstdTest, GrowsNothingByMoreThanOneByte) {
  for (const std::string& plain :
       {std::string(), std::string("a"), std::string(31, 'a'), every_byte(), noise(31), noise(32),
        noise(33), noise(1'000), noise(200'000)}) {
    const std::string out = encoded(plain);
    EXPECT_LE(out.size(), plain.size() + 1);
    EXPECT_EQ(*zstd()->decode(out, {}), plain);
  }
}

TEST(ZstdTest, EachLevelReadsWhatTheOthersHaveWritten) {
  const std::string plain = noise(300) + std::string(5'000, 'a') + noise(300);
  for (const int level : {1, 2, 3, 9, 19, 22}) {
    EXPECT_EQ(*zstd(1)->decode(encoded(plain, level), {}), plain) << level;
    EXPECT_EQ(*zstd(22)->decode(encoded(plain, level), {}), plain) << level;
  }
}

TEST(ZstdTest, OtherLevelsAreRefused) {
  for (const int level : {-1, 0, 23, 2'147'483'647, -2'147'483'647 - 1}) {
    EXPECT_EQ(error_of(make_zstd_codec(level)),
              "RP3018 zstd has no level " + std::to_string(level) + "; the levels are 1 to 22");
  }
}

TEST(ZstdTest, BelievesNoSizeThatTheBytesCannotHave) {
  std::string frame = frame_of(std::string(100'000, 'a'));
  // RFC 8878, 3.1.1.1: magic number, descriptor, then the size of the content in 4 or 8 bytes.
  const auto claim = [&](std::uint64_t size) {
    std::string out("\x28\xb5\x2f\xfd\xe0", 5);
    for (int i = 0; i < 8; ++i) out += static_cast<char>(size >> (8 * i));
    return out + std::string("\x1b\0\0a", 4);  // the last block: 'a' so many times
  };
  const reprise::testing::AllocationMeter meter;
  for (const std::uint64_t size : {std::uint64_t{1} << 20, std::uint64_t{1} << 30,
                                   (std::uint64_t{1} << 30) + 1, std::uint64_t{1} << 62}) {
    EXPECT_THAT(fault('z' + claim(size)), HasSubstr("it would have " + std::to_string(size)));
  }
  EXPECT_LT(meter.peak(), std::size_t{1} << 20);
  EXPECT_EQ(zstd()->decode('z' + claim(3), {}).value(), "aaa");
}

// 2 GiB in some 64 KiB: more than a record can have.
TEST(ZstdTest, MakesNothingLargerThanARecord) {
  std::string bomb("\x28\xb5\x2f\xfd\xe0", 5);
  const std::uint64_t size = std::uint64_t{2} << 30;
  for (int i = 0; i < 8; ++i) bomb += static_cast<char>(size >> (8 * i));
  const std::uint64_t blocks = size >> 17;
  for (std::uint64_t i = 1; i <= blocks; ++i) {
    const std::uint32_t header = (1u << 17) << 3 | 1u << 1 | (i == blocks ? 1u : 0u);
    for (int shift = 0; shift < 24; shift += 8) bomb += static_cast<char>(header >> shift);
    bomb += 'a';
  }
  const reprise::testing::AllocationMeter meter;
  EXPECT_THAT(fault('z' + bomb), HasSubstr("it would have 2147483648 bytes"));
  EXPECT_LT(meter.peak(), std::size_t{1} << 20);
}

TEST(ZstdTest, TakesOneFrameWithASizeAndNothingElse) {
  const std::string frame = frame_of(std::string(100, 'a'));
  EXPECT_EQ(fault('z' + frame), "none");
  EXPECT_THAT(fault('z' + frame + frame), HasSubstr("it does not end with its frame"));
  EXPECT_THAT(fault('z' + frame + "a"), HasSubstr("it does not end with its frame"));
  const std::string skippable("\x50\x2a\x4d\x18\4\0\0\0skip", 12);
  EXPECT_THAT(fault('z' + skippable), StartsWith("RP1013 "));
  EXPECT_THAT(fault('z' + skippable + frame), StartsWith("RP1013 "));
  // A frame without the size of its content.
  EXPECT_THAT(fault('z' + std::string("\x28\xb5\x2f\xfd\0\x58\x1b\0\0a", 10)),
              HasSubstr("it begins with no frame"));
}

}  // namespace
}  // namespace reprise::sealing::zstd_test
