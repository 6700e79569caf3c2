// Rings of keys, and files of them.
#include <fstream>
#include <iterator>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/sealing/key_file.h"
#include "runtime/sealing/new_key.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/runtime/sealing/sealed.h"

namespace reprise::sealing::keys_test {
namespace {

using namespace sealing::testing;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const std::string kDigits = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const std::string kOther = "ffFFeeEEddDDccCCbbBBaaAA998877665544332211009988ffffffffffffffff";

std::string ring_fault(const KeyMaterial& keys) {
  const auto ring = KeyRing::make(keys);
  if (ring) return "none";
  EXPECT_EQ(ring.error().code, base::ErrorCode::kInvalidKey);
  return ring.error().message;
}

TEST(KeyRingTest, RefusesWhatIsNoRing) {
  EXPECT_EQ(ring_fault(material({"k1", "k2"})), "none");
  EXPECT_EQ(ring_fault(material({"A-z_0.9", std::string(64, 'a')})), "none");
  EXPECT_EQ(ring_fault({}), "there is no key in the ring of keys");

  for (const std::size_t size : {0u, 1u, 16u, 31u, 33u, 64u, 1'000u}) {
    auto keys = material({"k1"});
    keys.keys["k2"] = std::string(size, 'S');
    EXPECT_EQ(ring_fault(keys),
              "the key 'k2' has " + std::to_string(size) + " bytes; a key of AES-256 has 32");
  }
  for (const char* current : {"", "k2", "K1", "k1 "}) {
    auto keys = material({"k1"});
    keys.current = current;
    EXPECT_EQ(ring_fault(keys),
              "the current key '" + std::string(current) + "' is none of the ring's keys");
  }
  const std::string key(kKeyBytes, 'a');
  const struct {
    std::string id;
    std::string_view says;
  } wrong[] = {
      {"", "the id of a key is empty"},
      {std::string(65, 'a'), "has 65 bytes; at most 64 are allowed"},
      {"a b", "'a b' has other characters than"},
      {std::string("a\0", 2), "'a\\x00' has other characters than"},
      {"a\nb", "'a\\nb' has other characters than"},
      {"\xff", "'\\xff' has other characters than"},
      {"k\xc3\xa4se", "has other characters than"},
      {"#1", "has other characters than"},
  };
  for (const auto& [id, says] : wrong) {
    auto keys = material({"k1"});
    keys.keys[id] = key;
    EXPECT_THAT(ring_fault(keys), HasSubstr(says));
  }
  KeyMaterial many = material({"k1"});
  for (std::size_t i = 0; i < kMaxKeys; ++i) many.keys["a" + std::to_string(i)] = key;
  EXPECT_THAT(ring_fault(many), HasSubstr("has 1001 keys; at most 1000"));
  many.keys.erase("a0");
  EXPECT_EQ(ring_fault(many), "none");
}

std::string file_fault(std::string_view text) {
  const auto keys = parse_key_file(text, "my.keys");
  if (keys) return "none";
  EXPECT_EQ(keys.error().code, base::ErrorCode::kInvalidKey);
  return keys.error().message;
}

TEST(KeyFileTest, HasAKeyOnEachLineTheCurrentOneFirst) {
  const auto keys = parse_key_file(
      "# keys of production\n\n2026-11 " + kDigits + "\n  \t\n\told\t " + kOther + " \r\n#end",
      "my.keys");
  ASSERT_TRUE(keys) << keys.error().text();
  EXPECT_EQ(keys->current, "2026-11");
  ASSERT_EQ(keys->keys.size(), 2u);
  EXPECT_EQ(keys->keys.at("2026-11"), bytes(kDigits));
  EXPECT_EQ(keys->keys.at("old"), bytes(kOther));
  EXPECT_EQ(ring_fault(*keys), "none");
}

TEST(KeyFileTest, NamesTheLineOfAMistakeAndShowsNoKey) {
  const std::string good = "k1 " + kDigits + "\n";
  const struct {
    std::string text;
    std::string_view says;
  } wrong[] = {
      {"", "the key file my.keys has no key"},
      {"\n\n# k1 nothing\n", "the key file my.keys has no key"},
      {"k1\n", "line 1 of the key file my.keys has no key of 64 hexadecimal digits after the id"},
      {good + "k2 " + kDigits.substr(1), "line 2 of the key file my.keys has no key of 64"},
      {good + "k2 " + kDigits + "0", "line 2 of the key file my.keys has no key of 64"},
      {good + "\n\nk2 " + kDigits.substr(1) + "g", "line 4 of the key file my.keys has no key"},
      {good + "k2 " + kDigits.substr(1) + std::string(1, '\0'), "line 2"},
      {kDigits + "x k1", "line 1 of the key file my.keys does not begin with the id of a key"},
      {"k=1 " + kDigits, "does not begin with the id of a key"},
      {std::string(65, 'a') + " " + kDigits, "does not begin with the id of a key"},
      {"k1 " + kDigits + " current", "line 1 of the key file my.keys has something after the key"},
      {good + "#\n" + good, "line 3 of the key file my.keys has an id that an earlier line has"},
      {std::string(1'000, '\0'), "does not begin with the id of a key"},
      {"\xef\xbb\xbf" + good, "does not begin with the id of a key"},
  };
  for (const auto& [text, says] : wrong) {
    EXPECT_THAT(file_fault(text), HasSubstr(says));
    EXPECT_THAT(file_fault(text), Not(HasSubstr(kDigits.substr(2, 20))));
  }
  std::string many;
  for (std::size_t i = 0; i < kMaxKeys; ++i) many += std::to_string(i) + " " + kDigits + "\n";
  EXPECT_EQ(file_fault(many), "none");
  EXPECT_THAT(file_fault(many + good), StartsWith("line 1001 of the key file my.keys has one key"));
}

class KeyFilesTest : public ::testing::Test {
 protected:
  void write(const std::string& text, unsigned mode = 0600) {
    std::ofstream(path_) << text;
    ASSERT_EQ(::chmod(path_.c_str(), mode), 0);
  }
  static std::string fault(const std::string& path) {
    const auto keys = read_key_file(path);
    if (keys) return "none";
    EXPECT_EQ(keys.error().code, base::ErrorCode::kInvalidKey);
    return keys.error().message;
  }

  reprise::testing::TemporaryDirectory directory_;
  const std::string path_ = directory_ / "keys";
};

TEST_F(KeyFilesTest, AreReadIfOnlyTheirOwnerMay) {
  for (const unsigned mode : {0600u, 0400u, 0700u}) {
    write("k1 " + kDigits, 0600);
    ASSERT_EQ(::chmod(path_.c_str(), mode), 0);
    const auto keys = read_key_file(path_);
    ASSERT_TRUE(keys) << keys.error().text();
    EXPECT_EQ(keys->keys.at("k1"), bytes(kDigits));
    ASSERT_EQ(::unlink(path_.c_str()), 0);
  }
  for (const unsigned mode : {0640u, 0604u, 0620u, 0602u, 0610u, 0601u, 0644u, 0666u}) {
    write("k1 " + kDigits, mode);
    char octal[8];
    std::snprintf(octal, sizeof octal, "%04o", mode);
    EXPECT_EQ(fault(path_), "the key file " + path_ + " has mode " + octal +
                                ", so others than its owner may use it; chmod 600 makes it "
                                "private");
  }
}

TEST_F(KeyFilesTest, ThatAreNoneAreRefused) {
  EXPECT_THAT(fault(directory_ / "missing"), HasSubstr("cannot be opened: No such file"));
  EXPECT_THAT(fault(""), HasSubstr("cannot be opened"));
  EXPECT_THAT(fault("/dev/null"), HasSubstr("is neither a file nor a pipe"));
  EXPECT_THAT(fault(std::string("a\0b", 3)), HasSubstr("a\\x00b has a zero byte in its name"));
  const std::string folder = directory_ / "folder";
  ASSERT_EQ(::mkdir(folder.c_str(), 0700), 0);
  EXPECT_THAT(fault(folder), HasSubstr("is neither a file nor a pipe"));
  write("k1 " + kDigits + "\n" + std::string(kMaxKeyFileBytes, '\n'));
  EXPECT_THAT(fault(path_), HasSubstr("has more than 262144 bytes"));
  write("k1 " + kDigits + "\nk2");
  EXPECT_THAT(fault(path_), HasSubstr("line 2 of the key file " + path_));
}

// reprise show --key-file <(pass show keys)
TEST_F(KeyFilesTest, MayBePipes) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const std::string text = "k1 " + kDigits + "\n";
  ASSERT_EQ(::write(ends[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
  ::close(ends[1]);
  const auto keys = read_key_file("/dev/fd/" + std::to_string(ends[0]));
  ASSERT_TRUE(keys) << keys.error().text();
  EXPECT_EQ(keys->keys.at("k1"), bytes(kDigits));
  ::close(ends[0]);
}

std::string content_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

unsigned mode_of(const std::string& path) {
  struct stat about {};
  EXPECT_EQ(::stat(path.c_str(), &about), 0) << path;
  return about.st_mode & 0777u;
}

class NewKeyTest : public KeyFilesTest {
 protected:
  // The id, or the error.
  std::string add(std::string_view id = {}) {
    const auto added = add_key(path_, id);
    return added ? *added : added.error().text();
  }
};

TEST_F(NewKeyTest, MakesAPrivateFile) {
  EXPECT_EQ(add("2026-12"), "2026-12");
  EXPECT_EQ(mode_of(path_), 0600u);
  const auto keys = read_key_file(path_);
  ASSERT_TRUE(keys) << keys.error().text();
  EXPECT_EQ(keys->current, "2026-12");
  EXPECT_EQ(keys->keys.size(), 1u);
  EXPECT_NE(keys->keys.at("2026-12"), std::string(kKeyBytes, '\0'));
}

TEST_F(NewKeyTest, BecomesTheCurrentOneAndTheOthersStay) {
  const std::string before = "# of production\nk1 " + kDigits + "\n\nk3 " + kOther;
  write(before, 0400);
  EXPECT_EQ(add(), "k2");
  EXPECT_EQ(mode_of(path_), 0400u);
  EXPECT_EQ(add(), "k4");
  EXPECT_THAT(content_of(path_), ::testing::EndsWith("\n" + before));
  const auto keys = read_key_file(path_);
  ASSERT_TRUE(keys);
  EXPECT_EQ(keys->current, "k4");
  EXPECT_EQ(keys->keys.size(), 4u);
  EXPECT_NE(keys->keys.at("k2"), keys->keys.at("k4"));
  EXPECT_EQ(keys->keys.at("k1"), bytes(kDigits));
  EXPECT_EQ(keys->keys.at("k3"), bytes(kOther));
}

TEST_F(NewKeyTest, LeavesTheFileAloneIfSomethingIsWrong) {
  const std::string before = "k1 " + kDigits + "\n";
  write(before);
  EXPECT_THAT(add("k1"), StartsWith("RP3019 the key file has a key with the id 'k1' already"));
  for (const std::string& id : {std::string("a b"), std::string(65, 'a'), std::string("a\0", 2)}) {
    EXPECT_THAT(add(id), StartsWith("RP3019 the id of "));
  }
  write(before, 0644);
  EXPECT_THAT(add("k2"), HasSubstr("has mode 0644"));
  write("no key file", 0600);
  EXPECT_THAT(add("k2"), StartsWith("RP3019 line 1 of the key file"));
  EXPECT_EQ(content_of(path_), "no key file");

  std::string full;
  for (std::size_t i = 0; i < kMaxKeys; ++i) full += std::to_string(i) + " " + kDigits + "\n";
  write(full);
  EXPECT_THAT(add(), HasSubstr("one key too many"));
  EXPECT_EQ(content_of(path_), full);

  write(before);
  std::ofstream(path_ + ".unfinished") << "somebody's";
  EXPECT_THAT(add("k2"),
              StartsWith("RP1002 the key file " + path_ + " cannot be written: File exi"));
  EXPECT_EQ(content_of(path_), before);
  EXPECT_EQ(content_of(path_ + ".unfinished"), "somebody's");
}

TEST_F(NewKeyTest, WritesThroughNoLink) {
  const std::string real = directory_ / "real";
  ASSERT_EQ(::symlink(real.c_str(), path_.c_str()), 0);
  EXPECT_THAT(add(),
              StartsWith("RP1002 the key file " + path_ + " cannot be written: it is a link"));
  EXPECT_NE(::access(real.c_str(), F_OK), 0);
  EXPECT_THAT(add_key("/dev/null").error().text(), HasSubstr("it is a link, or no file"));
  EXPECT_THAT(add_key(directory_ / "none/keys").error().text(), HasSubstr("No such file"));
  EXPECT_THAT(add_key(std::string("a\0b", 3)).error().text(), HasSubstr("that is no name"));
  EXPECT_THAT(add_key("").error().text(), StartsWith("RP1002 "));
}

}  // namespace
}  // namespace reprise::sealing::keys_test
