// The primitives, with the test vectors that were published with them.
#include "runtime/sealing/crypto.h"

#include <span>
#include <vector>

#include "tests/unit/runtime/sealing/sealed.h"

namespace reprise::sealing::crypto_test {
namespace {

using testing::bytes;

std::string hkdf(std::string_view key,
                 std::string_view salt,
                 std::string_view info,
                 std::size_t length) {
  std::vector<unsigned char> out(length);
  const auto status = hkdf_sha256(key, salt, info, out);
  EXPECT_TRUE(status);
  return {out.begin(), out.end()};
}

std::string counting(int first, int last) {
  std::string out;
  for (int byte = first; byte <= last; ++byte) out += static_cast<char>(byte);
  return out;
}

// RFC 5869, appendix A.1 to A.3.
TEST(HkdfTest, GivesWhatItsStandardGives) {
  EXPECT_EQ(hkdf(std::string(22, '\x0b'), counting(0x00, 0x0c), counting(0xf0, 0xf9), 42),
            bytes("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
                  "34007208d5b887185865"));
  EXPECT_EQ(hkdf(counting(0x00, 0x4f), counting(0x60, 0xaf), counting(0xb0, 0xff), 82),
            bytes("b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c"
                  "59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71"
                  "cc30c58179ec3e87c14c01d5c1f3434f1d87"));
  EXPECT_EQ(hkdf(std::string(22, '\x0b'), "", "", 42),
            bytes("8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
                  "9d201395faa4b61a96c8"));
}

struct Vector {
  std::string_view key, nonce, data, plain, ciphertext, tag;
};

// McGrew and Viega, "The Galois/Counter Mode of Operation", test cases 13 to 16.
constexpr Vector kVectors[] = {
    {"0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000",
     "", "", "", "530f8afbc74536b9a963b4f1c4cb738b"},
    {"0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000",
     "", "00000000000000000000000000000000", "cea7403d4d606b6e074ec5d3baf39d18",
     "d0d1c8a799996bf0265b98b5d48ab919"},
    {"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
     "",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
     "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
     "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad",
     "b094dac5d93471bdec1a502270e3cc6c"},
    {"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
     "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
     "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
     "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
     "76fc6ece0f4e1768cddf8853bb2d551b"},
};

Key key_of(std::string_view hexadecimal) {
  const std::string key = bytes(hexadecimal);
  return Key(std::span<const char, kKeyBytes>(key.data(), kKeyBytes));
}

TEST(GcmTest, GivesWhatItsAuthorsGive) {
  for (const Vector& vector : kVectors) {
    const Gcm gcm(key_of(vector.key));
    const std::string data = bytes(vector.data);
    // The same, whether the data is in one piece or in two, and with a context that was used.
    for (const std::size_t first : {data.size(), data.size() / 3}) {
      const Gcm::Data parts{std::string_view(data).substr(0, first),
                            std::string_view(data).substr(first)};
      std::string out = "before";
      ASSERT_TRUE(gcm.encrypt(bytes(vector.nonce), parts, bytes(vector.plain), &out));
      EXPECT_EQ(out, "before" + bytes(vector.ciphertext) + bytes(vector.tag));

      std::string plain;
      auto verified = gcm.decrypt(bytes(vector.nonce), parts, bytes(vector.ciphertext),
                                  bytes(vector.tag), &plain);
      ASSERT_TRUE(verified);
      EXPECT_TRUE(*verified);
      EXPECT_EQ(plain, bytes(vector.plain));

      verified = gcm.decrypt(bytes(vector.nonce), {"other", {}}, bytes(vector.ciphertext),
                             bytes(vector.tag), &plain);
      ASSERT_TRUE(verified);
      EXPECT_FALSE(*verified);
      EXPECT_EQ(plain, "");
    }
  }
}

TEST(RandomTest, IsNotTheSameTwice) {
  std::string first(32, '\0'), second(32, '\0');
  ASSERT_TRUE(random_bytes(first));
  ASSERT_TRUE(random_bytes(second));
  EXPECT_NE(first, second);
}

TEST(SecretTest, IsWiped) {
  std::string secret = "a secret that is longer than what a string holds itself";
  const std::size_t size = secret.size();
  wipe(secret);
  EXPECT_EQ(secret, std::string(size, '\0'));
}

}  // namespace
}  // namespace reprise::sealing::crypto_test
