#include <algorithm>
#include <set>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "runtime/sealing/aes_gcm_layout.h"
#include "runtime/sealing/derived_keys.h"
#include "tests/unit/runtime/sealing/sealed.h"

namespace reprise::sealing::aes_gcm_test {
namespace {

using namespace sealing::testing;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string encoded(const Codec& codec, std::string_view plain) {
  auto result = codec.encode(plain, "bound");
  EXPECT_TRUE(result);
  return std::move(result).value();
}

std::string salt_of(std::string_view encoded) {
  return std::string(read_message(encoded)->salt);
}

TEST(AesGcmTest, EncryptsWithTheCurrentKeyAndDecryptsWithAll) {
  const auto before = aes({"k1"});
  const auto rotated = aes({"k2", "k1"});
  const auto only_new = aes({"k2"});
  const std::string old_message = encoded(*before, "old");
  const std::string new_message = encoded(*rotated, "new");
  EXPECT_EQ(read_message(old_message)->key_id, "k1");
  EXPECT_EQ(read_message(new_message)->key_id, "k2");
  EXPECT_EQ(*rotated->decode(old_message, "bound"), "old");
  EXPECT_EQ(*rotated->decode(new_message, "bound"), "new");
  EXPECT_EQ(*only_new->decode(new_message, "bound"), "new");
  EXPECT_THAT(error_of(only_new->decode(old_message, "bound")),
              StartsWith("RP1012 the key with the id 'k1' is not there"));
}

TEST(AesGcmTest, FindsThatAnotherKeyHasTheId) {
  KeyMaterial other;
  other.keys["k1"] = std::string(kKeyBytes, 'x');
  other.current = "k1";
  const auto codec = make_aes_gcm_codec(*KeyRing::make(other));
  EXPECT_THAT(error_of(codec->decode(encoded(*aes({"k1"}), "text"), "bound")),
              StartsWith("RP1013 content that was encrypted with the key 'k1' does not verify"));
}

TEST(AesGcmTest, ShowsNothingOfTheContentAndNeverTheSameTwice) {
  const auto codec = aes({"k1"});
  std::set<std::string> all;
  for (int i = 0; i < 100; ++i) {
    const std::string message = encoded(*codec, "card 4111 1111 1111 1111");
    EXPECT_EQ(message.find("4111"), std::string::npos);
    all.insert(message);
  }
  EXPECT_EQ(all.size(), 100u);
}

TEST(AesGcmTest, EachCodecHasASaltOfItsOwnAndNumbersItsMessages) {
  const auto first = aes({"k1"});
  const auto second = aes({"k1"});
  const std::string a = encoded(*first, "a"), b = encoded(*first, "b"), c = encoded(*second, "c");
  EXPECT_EQ(salt_of(a), salt_of(b));
  EXPECT_NE(salt_of(a), salt_of(c));
  EXPECT_EQ(read_message(a)->number, 0u);
  EXPECT_EQ(read_message(b)->number, 1u);
  EXPECT_EQ(read_message(c)->number, 0u);
  EXPECT_EQ(*second->decode(a, "bound"), "a");
}

TEST(AesGcmTest, TakesANewSaltBeforeNumbersOrBytesRunOut) {
  const auto numbered = aes({"k1"}, {.messages = 3});
  std::set<std::pair<std::string, std::uint32_t>> used;
  std::set<std::string> salts;
  for (int i = 0; i < 10; ++i) {
    const std::string message = encoded(*numbered, "text");
    EXPECT_LT(read_message(message)->number, 3u);
    used.emplace(salt_of(message), read_message(message)->number);
    salts.insert(salt_of(message));
    EXPECT_EQ(*numbered->decode(message, "bound"), "text");
  }
  EXPECT_EQ(used.size(), 10u);
  EXPECT_EQ(salts.size(), 4u);

  const auto weighed = aes({"k1"}, {.bytes = 100});
  const std::string a = encoded(*weighed, std::string(99, 'a')), b = encoded(*weighed, "b"),
                    c = encoded(*weighed, "c");
  EXPECT_EQ(salt_of(a), salt_of(b));
  EXPECT_NE(salt_of(b), salt_of(c));
}

// A child of fork(2) would go on with the salt and the numbers of its parent.
TEST(AesGcmTest, AChildProcessTakesANewSalt) {
  const auto codec = aes({"k1"});
  const std::string before = encoded(*codec, "text");
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto message = codec->encode("text", "bound");
    const bool written = message && ::write(ends[1], message->data(), message->size()) ==
                                        static_cast<ssize_t>(message->size());
    ::_exit(written ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  char buffer[200];
  const ssize_t size = ::read(ends[0], buffer, sizeof buffer);
  ASSERT_GT(size, 0);
  const std::string message(buffer, static_cast<std::size_t>(size));
  EXPECT_NE(salt_of(message), salt_of(before));
  EXPECT_EQ(salt_of(encoded(*codec, "text")), salt_of(before));
  EXPECT_EQ(*codec->decode(message, "bound"), "text");
  ::close(ends[0]);
  ::close(ends[1]);
}

// The layout, which is for ever: with a codec that derives its key as written here.
TEST(AesGcmTest, ReadsWhatWasWrittenBefore) {
  const std::string written = bytes(
      "01026b31"                          // version, length, "k1"
      "000102030405060708090a0b0c0d0e0f"  // salt
      "05000000");                        // the sixth message
  std::array<unsigned char, kKeyBytes> derived{};
  ASSERT_TRUE(hkdf_sha256(std::string(kKeyBytes, '1'), bytes("000102030405060708090a0b0c0d0e0f"),
                          "reprise aes-gcm 1", derived));
  const std::string key(derived.begin(), derived.end());
  const Gcm gcm(Key(std::span<const char, kKeyBytes>(key.data(), kKeyBytes)));
  std::string message = written;
  ASSERT_TRUE(gcm.encrypt(bytes("000000000000000000000005"), {written, "bound"}, "text", &message));
  EXPECT_EQ(*aes({"k1"})->decode(message, "bound"), "text");
}

TEST(AesGcmTest, LayoutsThatAreNoneAreRefused) {
  const std::string message = encoded(*aes({"k1"}), "");
  EXPECT_TRUE(read_message(message));
  for (std::size_t size = 0; size < message.size(); ++size) {
    EXPECT_FALSE(read_message(message.substr(0, size)));
  }
  const auto with = [&](std::size_t at, char byte) {
    std::string changed = message;
    changed[at] = byte;
    return read_message(changed).has_value();
  };
  EXPECT_FALSE(with(0, 0));
  EXPECT_FALSE(with(0, 2));
  EXPECT_FALSE(with(1, 0));
  EXPECT_FALSE(with(1, 65));
  EXPECT_FALSE(with(1, 3));
}

TEST(DerivedKeysTest, KeepsThoseThatWereUsedLast) {
  DerivedKeys keys;
  const Key master;
  const auto salt = [](std::size_t i) {
    std::string text = std::to_string(i);
    text.resize(kSaltBytes);
    return text;
  };
  const auto first = *keys.get("k", master, salt(0));
  for (std::size_t i = 1; i < 3 * DerivedKeys::kMost; ++i) {
    ASSERT_TRUE(keys.get("k", master, salt(i)));
    EXPECT_EQ(*keys.get("k", master, salt(0)), first);
  }
  EXPECT_EQ(keys.size(), DerivedKeys::kMost);
  const auto other = *keys.get("k", master, salt(3 * DerivedKeys::kMost));
  EXPECT_NE(other, first);
  EXPECT_NE(*keys.get("l", master, salt(0)), first);
}

TEST(AesGcmTest, SeveralThreadsEncryptAndDecryptAtATime) {
  // Few messages for each salt, so that they meet at a change too.
  const Codecs codecs = {zstd(), aes({"k2", "k1"}, {.messages = 50})};
  const std::string old = sealed({aes({"k1"})}, "old", "place");
  constexpr int kThreads = 4, kMessages = 300;
  std::vector<std::vector<std::string>> made(kThreads);
  std::vector<std::thread> threads;
  for (auto& own : made) {
    threads.emplace_back([&own, &codecs, &old] {
      for (int i = 0; i < kMessages; ++i) {
        const std::string plain = std::to_string(i) + std::string(100, 'a');
        own.push_back(seal(codecs, plain, "place").value());
        EXPECT_EQ(unseal(codecs, own.back(), "place").value(), plain);
        EXPECT_EQ(unseal(codecs, old, "place").value(), "old");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<std::pair<std::string, std::uint32_t>> used;
  for (const auto& own : made) {
    for (const std::string& envelope : own) {
      const auto message = read_message(look_at(envelope)->content);
      used.emplace(message->salt, message->number);
    }
  }
  EXPECT_EQ(used.size(), std::size_t{kThreads * kMessages});
}

}  // namespace
}  // namespace reprise::sealing::aes_gcm_test
