#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <random>
#include <reprise/cbor.h>
#include <reprise/error.h>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace reprise::cbor_test {
namespace {

using Type = CborReader::Type;

std::string hex(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    text += kDigits[static_cast<unsigned char>(byte) >> 4];
    text += kDigits[static_cast<unsigned char>(byte) & 0xf];
  }
  return text;
}

std::string unhex(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

template <class Write>
std::string written(Write write) {
  CborWriter out;
  write(out);
  return out.take();
}

std::string integer(std::int64_t value) {
  return hex(written([&](CborWriter& out) { out.integer(value); }));
}
std::string unsigned_integer(std::uint64_t value) {
  return hex(written([&](CborWriter& out) { out.unsigned_integer(value); }));
}
std::string floating(double value) {
  return hex(written([&](CborWriter& out) { out.floating(value); }));
}

std::string error_of(std::string_view hex_bytes, void (*read)(CborReader&)) {
  const std::string bytes = unhex(hex_bytes);
  CborReader in(bytes, "test");
  try {
    read(in);
  } catch (const PayloadError& error) {
    EXPECT_EQ(error.code(), "RP3001");
    return error.what();
  }
  return "no error";
}

// RFC 8949, appendix A.
TEST(CborWriter, WritesTheExamplesOfTheRfc) {
  EXPECT_EQ(unsigned_integer(0), "00");
  EXPECT_EQ(unsigned_integer(23), "17");
  EXPECT_EQ(unsigned_integer(24), "1818");
  EXPECT_EQ(unsigned_integer(100), "1864");
  EXPECT_EQ(unsigned_integer(1000), "1903e8");
  EXPECT_EQ(unsigned_integer(1000000), "1a000f4240");
  EXPECT_EQ(unsigned_integer(1000000000000), "1b000000e8d4a51000");
  EXPECT_EQ(unsigned_integer(18446744073709551615U), "1bffffffffffffffff");
  EXPECT_EQ(integer(-1), "20");
  EXPECT_EQ(integer(-10), "29");
  EXPECT_EQ(integer(-100), "3863");
  EXPECT_EQ(integer(-1000), "3903e7");
  EXPECT_EQ(integer(std::numeric_limits<std::int64_t>::min()), "3b7fffffffffffffff");
  EXPECT_EQ(floating(0.0), "f90000");
  EXPECT_EQ(floating(-0.0), "f98000");
  EXPECT_EQ(floating(1.0), "f93c00");
  EXPECT_EQ(floating(1.1), "fb3ff199999999999a");
  EXPECT_EQ(floating(1.5), "f93e00");
  EXPECT_EQ(floating(65504.0), "f97bff");
  EXPECT_EQ(floating(100000.0), "fa47c35000");
  EXPECT_EQ(floating(3.4028234663852886e+38), "fa7f7fffff");
  EXPECT_EQ(floating(1.0e+300), "fb7e37e43c8800759c");
  EXPECT_EQ(floating(5.960464477539063e-8), "f90001");
  EXPECT_EQ(floating(0.00006103515625), "f90400");
  EXPECT_EQ(floating(-4.0), "f9c400");
  EXPECT_EQ(floating(-4.1), "fbc010666666666666");
  EXPECT_EQ(floating(std::numeric_limits<double>::infinity()), "f97c00");
  EXPECT_EQ(floating(-std::numeric_limits<double>::infinity()), "f9fc00");
  EXPECT_EQ(floating(std::nan("")), "f97e00");
  EXPECT_EQ(hex(written([](CborWriter& out) { out.boolean(false); })), "f4");
  EXPECT_EQ(hex(written([](CborWriter& out) { out.boolean(true); })), "f5");
  EXPECT_EQ(hex(written([](CborWriter& out) { out.null(); })), "f6");
  EXPECT_EQ(hex(written([](CborWriter& out) { out.text("IETF"); })), "6449455446");
  EXPECT_EQ(hex(written([](CborWriter& out) { out.text("\xe6\xb0\xb4"); })), "63e6b0b4");
  EXPECT_EQ(hex(written([](CborWriter& out) { out.bytes("\1\2\3\4"); })), "4401020304");
  EXPECT_EQ(hex(written([](CborWriter& out) { out.array(25); })), "9819");
  EXPECT_EQ(hex(written([](CborWriter& out) { out.map(2); })), "a2");
}

TEST(CborWriter, WritesTextThatIsNoUtf8AsBytes) {
  for (const char* bad : {"\xff", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe6\xb0",
                          "a\x80", "\xf0\x80\x80\x80"}) {
    EXPECT_EQ(written([&](CborWriter& out) { out.text(bad); })[0] & 0xe0, 0x40) << bad;
  }
  for (const char* good :
       {"", "a", "\xc2\x80", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf", "\xf0\x90\x80\x80"}) {
    EXPECT_EQ(written([&](CborWriter& out) { out.text(good); })[0] & 0xe0, 0x60) << good;
  }
}

TEST(CborReader, ReadsWhatWasWritten) {
  const std::string bytes = written([](CborWriter& out) {
    out.integer(-7);
    out.unsigned_integer(1U << 20);
    out.boolean(true);
    out.null();
    out.text("hat");
    out.bytes("\1");
    out.array(3);
    out.map(0);
    out.floating(2.5);
  });
  CborReader in(bytes);
  EXPECT_EQ(in.integer(-7, 0), -7);
  EXPECT_EQ(in.unsigned_integer(UINT64_MAX), 1U << 20);
  EXPECT_TRUE(in.boolean());
  in.null();
  EXPECT_EQ(in.text(), "hat");
  EXPECT_EQ(in.bytes(), "\1");
  EXPECT_EQ(in.peek(), Type::kArray);
  in.array_of(3);
  EXPECT_EQ(in.map(), 0U);
  EXPECT_EQ(in.floating(), 2.5);
  in.finish();
  EXPECT_EQ(in.peek(), Type::kEnd);
}

TEST(CborReader, ReadsFloatsOfEveryWidth) {
  std::mt19937_64 random(1);
  std::vector<double> values = {0,      -0.0,   1,     65504, 65505,  1e-8,
                                5.9e-8, 6.1e-5, 1e300, 0.1,   1.0 / 3};
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t bits = random();
    double value = 0;
    std::memcpy(&value, &bits, sizeof value);
    values.push_back(value);
    values.push_back(static_cast<double>(static_cast<float>(std::ldexp(value, -900))));
    values.push_back(
        std::ldexp(static_cast<double>(bits & 0x7ff), static_cast<int>(bits >> 60) - 24));
  }
  for (const double value : values) {
    const std::string bytes = written([&](CborWriter& out) { out.floating(value); });
    CborReader in(bytes);
    const double read = in.floating();
    EXPECT_TRUE(read == value || (std::isnan(read) && std::isnan(value))) << value;
    EXPECT_EQ(std::signbit(read), std::signbit(value) && !std::isnan(value)) << value;
    const double theirs = nlohmann::json::from_cbor(bytes).get<double>();
    EXPECT_TRUE(theirs == value || (std::isnan(theirs) && std::isnan(value))) << value;
  }
}

TEST(CborReader, TakesIntegersForFloatsWhenTheyAreExact) {
  const auto read = [](std::string_view text) {
    const std::string bytes = unhex(text);
    return CborReader(bytes).floating();
  };
  EXPECT_EQ(read("05"), 5.0);
  EXPECT_EQ(read("24"), -5.0);
  EXPECT_EQ(read("1b0020000000000000"), 9007199254740992.0);
  EXPECT_THROW(read("1b0020000000000001"), PayloadError);
  EXPECT_THROW(read("3bffffffffffffffff"), PayloadError);
  const std::string exact = unhex("1a01000000");
  EXPECT_EQ(CborReader(exact).single(), 16777216.0F);
  const std::string inexact = unhex("1a01000001");
  EXPECT_THROW(CborReader(inexact).single(), PayloadError);
  const std::string wide = unhex("fb3ff199999999999a");
  EXPECT_THROW(CborReader(wide).single(), PayloadError);
}

TEST(CborReader, SaysWhatItExpectedAndWhatItFound) {
  EXPECT_EQ(
      error_of("6161", [](CborReader& in) { in.integer(0, 255); }),
      "RP3001 the payload is no test: at byte 0 of 2: expected an integer from 0 to 255, found a "
      "text string");
  EXPECT_EQ(
      error_of("190100", [](CborReader& in) { in.unsigned_integer(255); }),
      "RP3001 the payload is no test: at byte 0 of 3: expected an integer from 0 to 255, found the "
      "integer 256");
  EXPECT_EQ(
      error_of("39ffff", [](CborReader& in) { in.integer(-5, 5); }),
      "RP3001 the payload is no test: at byte 0 of 3: expected an integer from -5 to 5, found the "
      "integer -65536");
  EXPECT_EQ(
      error_of("83010203", [](CborReader& in) { in.array_of(2); }),
      "RP3001 the payload is no test: at byte 0 of 4: expected an array of 2, found an array of 3");
  EXPECT_EQ(error_of("0000", [](CborReader& in) { in.null(); }),
            "RP3001 the payload is no test: at byte 0 of 2: expected null, found the integer 0");
  EXPECT_EQ(error_of("0000",
                     [](CborReader& in) {
                       in.unsigned_integer(0);
                       in.finish();
                     }),
            "RP3001 the payload is no test: at byte 1 of 2: expected the end, found the integer 0");
  EXPECT_EQ(error_of("", [](CborReader& in) { in.boolean(); }),
            "RP3001 the payload is no test: at byte 0 of 0: expected a boolean, found the end");
}

TEST(CborReader, RefusesIntegersOutOfRange) {
  const auto read = [](CborReader& in) { in.integer(INT64_MIN, INT64_MAX); };
  EXPECT_EQ(error_of("1b7fffffffffffffff", read), "no error");
  EXPECT_EQ(error_of("3b7fffffffffffffff", read), "no error");
  EXPECT_NE(error_of("1b8000000000000000", read), "no error");
  EXPECT_NE(error_of("3b8000000000000000", read), "no error");
}

TEST(CborReader, RefusesWhatIsCutShortOrNotDefinite) {
  for (const char* bad : {"18",
                          "1900",
                          "1a000000",
                          "1b00000000000000",
                          "62",
                          "6261",
                          "5818",
                          "81",
                          "a1",
                          "a100",
                          "9bffffffffffffffff",
                          "bb8000000000000000",
                          "5bffffffffffffffff",
                          "9fff",
                          "5f4100ff",
                          "7f6161ff",
                          "bfff",
                          "ff",
                          "1c",
                          "fc",
                          "c1",
                          "e0",
                          "f800"}) {
    EXPECT_NE(error_of(bad, [](CborReader& in) { in.item(); }), "no error") << bad;
  }
}

TEST(CborReader, SkipsItemsOfAnyKind) {
  for (const char* good : {"00", "20", "6161", "4101", "80", "83010203", "a10102", "c11a514b67b0",
                           "f4", "f6", "f7", "f93c00", "a26161016162820203"}) {
    const std::string bytes = unhex(good);
    CborReader in(bytes);
    EXPECT_EQ(in.item(), bytes);
    in.finish();
  }
}

TEST(CborReader, LimitsTheDepth) {
  // As codecs count: a number within is no level.
  const std::string deep(CborReader::kMaxDepth, '\x81');
  const std::string fits = deep + std::string(1, '\0');
  CborReader(fits).item();
  const std::string too_deep = deep + std::string("\x81\0", 2);
  EXPECT_THROW(CborReader(too_deep).item(), PayloadError);
  const std::string bomb(1'000'000, '\x81');
  EXPECT_THROW(CborReader(bomb).item(), PayloadError);
}

// Whatever the bytes, reading ends with a value or a PayloadError.
TEST(CborReader, SurvivesRandomBytes) {
  std::mt19937 random(7);
  for (int i = 0; i < 50'000; ++i) {
    std::string bytes(random() % 24, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    CborReader in(bytes);
    try {
      while (in.rest() > 0) in.item();
    } catch (const PayloadError&) {
    }
  }
}

}  // namespace
}  // namespace reprise::cbor_test
