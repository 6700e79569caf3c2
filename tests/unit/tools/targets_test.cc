// Where backup and repair may put a store; existing files must stay as they are.
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sys/resource.h>
#include <sys/stat.h>

#include <gmock/gmock.h>

#include "tests/unit/tools/sample_store.h"

namespace reprise::tools::targets_test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

// Every file below a directory, links as links, with what is in it; but not who reads.
std::map<std::string, std::string> content_of(const std::string& directory) {
  std::map<std::string, std::string> content;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    if (entry.path().filename() == "lock.mdb") continue;  // readers come and go
    std::string& of = content[entry.path()];
    if (entry.is_symlink()) {
      of = "-> " + fs::read_symlink(entry.path()).string();
    } else if (entry.is_regular_file()) {
      std::ifstream file(entry.path(), std::ios::binary);
      of.assign(std::istreambuf_iterator<char>(file), {});
    }
  }
  return content;
}

class TargetsTest : public SampleStore {
 protected:
  void SetUp() override {
    make_store();
    fs::create_directory(directory_ / "empty");
    fs::create_directory(directory_ / "full");
    std::ofstream(directory_ / "full/novel") << "Chapter 1";
    std::ofstream(directory_ / "file") << "text";
    fs::create_directory_symlink(directory_ / "empty", directory_ / "link");
    fs::create_symlink(directory_ / "nowhere", directory_ / "dangling");
    ASSERT_EQ(::mkfifo((directory_ / "pipe").c_str(), 0600), 0);
  }

  // Neither the target nor anything else has changed.
  void expect_refused(const std::string& command, const std::string& to) {
    SCOPED_TRACE(command + " to " + to);
    const auto before = content_of(directory_.path());
    const Output output = reprise({command, store_, to});
    EXPECT_EQ(output.code, command == "backup" ? 1 : 2) << output.out;
    EXPECT_THAT(output.err, HasSubstr("RP"));
    EXPECT_TRUE(content_of(directory_.path()) == before);
  }
  void expect_made(const std::string& command, const std::string& to) {
    SCOPED_TRACE(command + " to " + to);
    const Output output = reprise({command, store_, to});
    EXPECT_EQ(output.code, 0) << output.err;
    EXPECT_EQ(reprise({"check", to}).code, 0);
    EXPECT_EQ(reprise_json({"list", to}).size(), 6U);
    EXPECT_FALSE(fs::exists(to + ".unfinished"));
  }
};

TEST_F(TargetsTest, ABackupGoesToANewOrAnEmptyDirectory) {
  expect_made("backup", directory_ / "new");
  expect_made("backup", directory_ / "new-too/");
  expect_made("backup", directory_ / "empty");
}

TEST_F(TargetsTest, ABackupReplacesNothing) {
  for (const char* name : {"full", "file", "dangling", "pipe", "no/such/place"}) {
    expect_refused("backup", directory_ / name);
  }
  expect_refused("backup", store_);
  expect_refused("backup", store_ + "/copy");
  expect_refused("backup", store_ + "/archive/copy");
}

TEST_F(TargetsTest, ARepairGoesToANewDirectory) {
  expect_made("repair", directory_ / "new");
  expect_made("repair", directory_ / "new-too/");
}

TEST_F(TargetsTest, ARepairReplacesNothing) {
  for (const char* name : {"empty", "full", "file", "link", "dangling", "pipe", "no/such/place"}) {
    expect_refused("repair", directory_ / name);
  }
  expect_refused("repair", store_);
  expect_refused("repair", store_ + "/new");
  expect_refused("repair", store_ + "/archive/new");
}

// A backup recognizes the remains of an earlier one. A repair does not: they may be the only copy.
TEST_F(TargetsTest, WhatAnEarlierOneHasLeftUnfinished) {
  const std::string to = directory_ / "new";
  fs::create_directories(to + ".unfinished/journal");
  std::ofstream(to + ".unfinished/journal/data.mdb") << "half a file";
  std::ofstream(to + ".unfinished/LOCK") << "4711";
  expect_refused("repair", to);
  expect_made("backup", to);

  const std::string other = directory_ / "other";
  fs::create_directory(other + ".unfinished");
  std::ofstream(other + ".unfinished/novel") << "Chapter 2";
  expect_refused("repair", other);
  expect_refused("backup", other);
}

// Files cannot become larger than some bytes while it lives.
class SmallFiles {
 public:
  explicit SmallFiles(rlim_t bytes) : before_(::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &limit_);
    const rlimit few{bytes, limit_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &few);
  }
  ~SmallFiles() {
    ::setrlimit(RLIMIT_FSIZE, &limit_);
    ::signal(SIGXFSZ, before_);
  }
  SmallFiles(const SmallFiles&) = delete;
  SmallFiles& operator=(const SmallFiles&) = delete;

 private:
  rlimit limit_{};
  void (*before_)(int);
};

TEST_F(TargetsTest, OneThatFailsLeavesNothingAndCanBeRepeated) {
  for (const std::string command : {"backup", "repair"}) {
    const std::string to = directory_ / ("new-" + command);
    {
      const SmallFiles limit(20'000);
      EXPECT_NE(reprise({command, store_, to}).code, 0);
    }
    EXPECT_FALSE(fs::exists(to)) << command;
    EXPECT_FALSE(fs::exists(to + ".unfinished")) << command;
    expect_made(command, to);
  }
}

}  // namespace
}  // namespace reprise::tools::targets_test
