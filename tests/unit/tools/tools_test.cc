// The command as a process of its own, and above all check and repair, on stores of every kind.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sys/wait.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/rot/workload.h"
#include "tests/support/command_output.h"
#include "tests/support/temporary_directory.h"

namespace reprise::tools::tools_test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::CommandOutput;
using ::testing::HasSubstr;

CommandOutput reprise(const std::string& arguments) {
  return testing::output_of(std::string(REPRISE_COMMAND) + " " + arguments);
}

class ToolsTest : public ::testing::Test {
 protected:
  static constexpr std::size_t kKeepInJournal = 65'536;

  void make() {
    ids_ = rot::make_store(store_, [] {});
  }
  void write(const std::string& path, const std::string& text) const {
    std::ofstream(path, std::ios::binary) << text;
  }
  static std::map<std::string, std::string> bytes_below(const std::string& directory) {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(directory)) {
      if (!entry.is_regular_file()) continue;
      std::ifstream stream(entry.path(), std::ios::binary);
      files[entry.path().string()] = {std::istreambuf_iterator<char>(stream), {}};
    }
    return files;
  }
  // Each place where `text` lies in the file gets one wrong bit.
  void damage(const std::string& file, const std::string& text) {
    std::fstream stream(store_ + file, std::ios::in | std::ios::out | std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(stream)), {});
    ASSERT_NE(bytes.find(text), std::string::npos);
    for (auto at = bytes.find(text); at != std::string::npos; at = bytes.find(text, at + 1)) {
      stream.clear();
      stream.seekp(static_cast<std::streamoff>(at));
      stream.put(static_cast<char>(bytes[at] ^ 1));
    }
  }
  json check(const std::string& directory, int code) {
    const CommandOutput output = reprise("check --json " + directory);
    EXPECT_EQ(output.code, code) << output.said;
    return json::parse(output.said, nullptr, false);
  }
  // Opens the store, finishes what is open, and counts how the runs ended.
  std::map<std::string, int> finish(const std::string& directory) {
    std::map<std::string, int> ends;
    auto bench = rot::Workbench::open(directory, kKeepInJournal);
    EXPECT_TRUE(bench) << bench.error().text();
    if (!bench) return ends;
    (*bench)->start_worker();
    rot::finish_open_runs(**bench, ids_);
    EXPECT_TRUE((*bench)->start("quick", "a new one"));
    for (const std::string& id : ids_) {
      const std::string result = (*bench)->result(id);
      ++ends[result.empty() ? "none" : result.starts_with("RP") ? result.substr(0, 6) : "ended"];
    }
    return ends;
  }

  testing::TemporaryDirectory directory_;
  const std::string store_ = directory_ / "orders.db";
  const std::string new_ = directory_ / "new.db";
  std::vector<std::string> ids_;
};

TEST_F(ToolsTest, WhatIsNoStoreIsRefused) {
  write(directory_ / "file", "text");
  fs::create_directory(directory_ / "empty");
  fs::create_directory(directory_ / "other");
  write(directory_ / "other/notes.txt", "text");
  for (const char* name : {"nothing", "file", "empty", "other"}) {
    const std::string path = directory_ / name;
    const CommandOutput checked = reprise("check " + path);
    EXPECT_EQ(checked.code, 2) << checked.said;
    EXPECT_THAT(checked.said, HasSubstr(path));
    EXPECT_EQ(reprise("repair " + path + " " + new_).code, 2);
    EXPECT_FALSE(fs::exists(new_));
  }
  EXPECT_EQ(reprise("check").code, 2);
  EXPECT_EQ(reprise("repair one").code, 2);
  EXPECT_EQ(reprise("no-such-command").code, 2);
  EXPECT_EQ(reprise("--help").code, 0);
}

TEST_F(ToolsTest, WhatCannotBePrintedIsNoResult) {
  make();
  EXPECT_EQ(reprise("list " + store_ + " > /dev/full").code, 2);
  EXPECT_EQ(reprise("list " + store_ + " > /dev/null").code, 0);
  // The reader of its output is gone: it ends silently.
  const CommandOutput cut = reprise("list --limit 0 " + store_ + " 2>&1 | head -1");
  EXPECT_THAT(cut.said, ::testing::StartsWith("STATUS "));
  EXPECT_EQ(std::count(cut.said.begin(), cut.said.end(), '\n'), 1);
}

TEST_F(ToolsTest, ASoundStoreIsSound) {
  make();
  const CommandOutput output = reprise("check " + store_);
  EXPECT_EQ(output.code, 0) << output.said;
  EXPECT_THAT(output.said, HasSubstr("sound"));
  const json result = check(store_, 0);
  EXPECT_EQ(result["runs"], ids_.size());
  EXPECT_TRUE(result["damaged_runs"].empty());
}

TEST_F(ToolsTest, AStoreInUseCanBeCheckedAndNotRepaired) {
  make();
  const auto bench = rot::Workbench::open(store_, 10);
  ASSERT_TRUE(bench);
  EXPECT_EQ(reprise("check " + store_).code, 0);
  const CommandOutput repaired = reprise("repair " + store_ + " " + new_);
  EXPECT_EQ(repaired.code, 2);
  EXPECT_THAT(repaired.said, HasSubstr("RP1003"));
  EXPECT_FALSE(fs::exists(new_));
}

TEST_F(ToolsTest, ADamagedRunIsNamedWithoutItsPayload) {
  make();
  damage("/archive/data.mdb", "quick-8:p");
  const json result = check(store_, 1);
  ASSERT_EQ(result["damaged_runs"].size(), 1u) << result;
  EXPECT_EQ(result["damaged_runs"][0]["workflow_id"], "quick-8");
  const CommandOutput output = reprise("check " + store_);
  EXPECT_EQ(output.code, 1);
  EXPECT_THAT(output.said, HasSubstr("quick-8"));
  EXPECT_THAT(output.said, ::testing::Not(HasSubstr("ppppp")));
}

TEST_F(ToolsTest, LostFilesAreDamage) {
  make();
  fs::resize_file(store_ + "/journal/data.mdb", 20'000);
  EXPECT_FALSE(check(store_, 1)["problems"].empty());
  fs::remove(store_ + "/journal/data.mdb");
  EXPECT_FALSE(check(store_, 1)["problems"].empty());
}

TEST_F(ToolsTest, ARepairedSoundStoreIsTheSame) {
  make();
  const auto before = bytes_below(store_);
  const CommandOutput output = reprise("repair " + store_ + " " + new_);
  EXPECT_EQ(output.code, 0) << output.said;
  EXPECT_EQ(bytes_below(store_), before);
  EXPECT_EQ(check(new_, 0)["runs"], ids_.size());
  EXPECT_EQ(check(new_, 0)["records"], check(store_, 0)["records"]);
  const auto expected = finish(store_);
  EXPECT_EQ(expected.at("ended"), static_cast<int>(ids_.size()));
  EXPECT_EQ(finish(new_), expected);
  EXPECT_EQ(check(new_, 0)["runs"], ids_.size() + 1);
}

TEST_F(ToolsTest, RepairWantsAPlaceOfItsOwn) {
  make();
  for (const std::string& taken : {new_, new_ + ".unfinished"}) {
    fs::create_directory(taken);
    const CommandOutput output = reprise("repair " + store_ + " " + new_);
    EXPECT_EQ(output.code, 2);
    EXPECT_THAT(output.said, HasSubstr(taken + " exists"));
    EXPECT_TRUE(fs::is_empty(taken));
    fs::remove(taken);
  }
  EXPECT_EQ(reprise("repair " + store_ + " " + (directory_ / "no/such/place")).code, 2);
}

TEST_F(ToolsTest, ARunThatWasCutShortDoesNotGoOn) {
  make();
  damage("/archive/data.mdb", "sleeper-3:p");
  damage("/archive/data.mdb", "waiter-10:p");
  const auto before = bytes_below(store_);
  const CommandOutput output = reprise("repair --json " + store_ + " " + new_);
  EXPECT_EQ(output.code, 1) << output.said;
  EXPECT_EQ(bytes_below(store_), before);
  const json result = json::parse(output.said);
  EXPECT_EQ(result["whole_runs"], ids_.size() - 2);
  ASSERT_EQ(result["runs"].size(), 2u);
  // Its first record carries the input that is damaged, so that nothing of it is left.
  EXPECT_EQ(result["runs"][0]["fate"], "left out");
  EXPECT_EQ(result["runs"][0]["workflow_id"], "sleeper-3");
  auto ends = finish(new_);
  EXPECT_EQ(ends["ended"], static_cast<int>(ids_.size()) - 2);
}

// The journal's newest page is gone: it is unknown whose records it had.
TEST_F(ToolsTest, RunsThatMayLackRecordsAreReleasedOnDemand) {
  make();
  // An older meta page has undone the newest commit; the journal's witness shows it.
  std::fstream stream(store_ + "/journal/data.mdb",
                      std::ios::in | std::ios::out | std::ios::binary);
  std::string metas(8192, '\0');
  stream.read(metas.data(), 8192);
  std::uint64_t transactions[2];
  std::memcpy(&transactions[0], &metas[144], 8);
  std::memcpy(&transactions[1], &metas[4096 + 144], 8);
  const std::size_t newest = transactions[0] > transactions[1] ? 0 : 4096;
  const std::uint64_t stale = std::max(transactions[0], transactions[1]) - 2;
  std::memcpy(&metas[newest], &metas[newest == 0 ? 4096 : 0], 4096);
  metas[newest] = newest == 0 ? 0 : 1;
  std::memcpy(&metas[newest + 144], &stale, 8);
  stream.seekp(0);
  stream.write(metas.data(), 8192);
  stream.close();

  EXPECT_THAT(check(store_, 1)["problems"].dump(), HasSubstr("once had record"));
  const CommandOutput careful = reprise("repair --json " + store_ + " " + new_);
  EXPECT_EQ(careful.code, 1) << careful.said;
  const json suspects = json::parse(careful.said)["runs"];
  EXPECT_GT(suspects.size(), 10u);
  auto ends = finish(new_);
  EXPECT_EQ(ends["RP1005"], static_cast<int>(suspects.size()));

  const std::string released = directory_ / "released.db";
  EXPECT_EQ(reprise("repair --release-suspects " + store_ + " " + released).code, 0);
  ends = finish(released);
  EXPECT_EQ(ends["RP1005"], 0);
  EXPECT_GE(ends["ended"], static_cast<int>(ids_.size()) - 1);
}

}  // namespace
}  // namespace reprise::tools::tools_test
