// Histories written by earlier versions and by this one: read in every form, replayed by the code
// as it is now, and never changed.
#include <algorithm>
#include <reprise/testing/gtest.h>
#include <set>

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include "proto/history.pb.h"
#include "tests/golden/files.h"
#include "tests/golden/scenarios.h"

namespace golden {
namespace {

namespace fs = std::filesystem;
using reprise::History;
using reprise::JsonLayout;
using reprise::testing::replays_on;

class Golden : public testing::TestWithParam<GoldenFile> {};

TEST_P(Golden, IsTheSameInEveryForm) {
  const std::string binary = read_file(GetParam().binary);
  const std::string compact = read_file(GetParam().compact);
  const History history = History::parse(binary);
  EXPECT_EQ(history.to_bytes(), binary);
  EXPECT_EQ(History::parse(compact).to_bytes(), binary);
  EXPECT_EQ(History::parse(history.to_json(JsonLayout::kIndented)).to_bytes(), binary);
  EXPECT_EQ(History::parse(history.to_json(JsonLayout::kCompact)).to_bytes(), binary);
  if (!fs::exists(GetParam().indented)) return;
  EXPECT_EQ(History::read(GetParam().indented).to_bytes(), binary);
}

// Later versions may write a history differently, but not this one.
TEST_P(Golden, IsWrittenAsItWasByItsOwnVersion) {
  if (!GetParam().name.starts_with(current_version() + "/")) GTEST_SKIP() << "of another version";
  const History history = History::read(GetParam().binary);
  EXPECT_EQ(history.to_json(JsonLayout::kCompact), read_file(GetParam().compact));
  if (!fs::exists(GetParam().indented)) return;
  EXPECT_EQ(history.to_json(JsonLayout::kIndented), read_file(GetParam().indented));
}

TEST_P(Golden, IsReplayedByTheCodeAsItIsNow) {
  const History history = History::read(GetParam().binary);
  for (const bool strict : {false, true}) {
    for (const bool whole : {false, true}) {
      reprise::Replayer replayer({.strict = strict, .whole = whole});
      implement_all(replayer);
      EXPECT_THAT(history, replays_on(replayer)) << (strict ? "strict" : "");
    }
  }
}

TEST_P(Golden, IsNotReplayedByOtherCode) {
  const History history = History::read(GetParam().binary);
  reprise::Replayer replayer;  // that implements nothing
  EXPECT_FALSE(replayer.replay(history));
}

std::string test_name(const testing::TestParamInfo<GoldenFile>& golden) {
  std::string name = golden.param.name;
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(All, Golden, testing::ValuesIn(golden_files()), test_name);

// ---- as a set ---------------------------------------------------------------------------------

TEST(Goldens, AreThereForEveryScenario) {
  for (const Scenario& scenario : scenarios()) {
    const GoldenFile file = golden_file(current_version(), scenario.name);
    EXPECT_TRUE(fs::exists(file.compact) && fs::exists(file.binary))
        << file.name << " is missing: record_goldens adds it";
  }
}

TEST(Goldens, AreThereForEveryKindOfEvent) {
  std::set<int> seen;
  for (const GoldenFile& file : golden_files()) {
    const History history = History::read(file.binary);
    for (const auto& turn : history.data().turns()) {
      for (const auto& event : turn.inputs()) seen.insert(event.kind_case());
      for (const auto& event : turn.commands()) seen.insert(event.kind_case());
    }
  }
  const auto* kinds = reprise::proto::Event::descriptor()->oneof_decl(0);
  for (int i = 0; i < kinds->field_count(); ++i) {
    EXPECT_TRUE(seen.contains(kinds->field(i)->number()))
        << "no golden history has an event of kind " << kinds->field(i)->message_type()->name()
        << ": add a scenario";
  }
}

// Recording gives the same bytes each time.
TEST(Goldens, AreRecordedTheSameTwice) {
  for (const Scenario& scenario : scenarios()) {
    EXPECT_EQ(scenario.record().to_bytes(), scenario.record().to_bytes()) << scenario.name;
  }
}

// With the list, changing a file needs a change of two files, and one of them says "never".
TEST(Goldens, WereNeverEdited) {
  const Checksums listed = listed_checksums();
  std::set<std::string> there;
  for (const auto& entry : fs::recursive_directory_iterator(folder())) {
    const std::string path = fs::relative(entry.path(), folder()).string();
    if (!entry.is_regular_file() || path.find('/') == path.npos) continue;
    there.insert(path);
    const auto found = listed.find(path);
    if (found == listed.end()) {
      ADD_FAILURE() << path << " is not in CHECKSUMS: golden histories come from record_goldens";
    } else {
      EXPECT_EQ(checksum(read_file(entry.path())), found->second)
          << path << " was edited: golden histories never change, whatever the code does";
    }
  }
  EXPECT_FALSE(there.empty());
  for (const auto& [path, hash] : listed) {
    EXPECT_TRUE(there.contains(path)) << path << " was removed: golden histories are for ever";
  }
}

}  // namespace
}  // namespace golden
