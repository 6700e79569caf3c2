#include "store/parked_notes.h"

#include <filesystem>
#include <fstream>
#include <sys/stat.h>

#include <gtest/gtest.h>

#include "tests/support/temporary_directory.h"

namespace reprise::store::parked_notes_test {
namespace {

using base::ErrorCode;

class ParkedNotesTest : public ::testing::Test {
 protected:
  testing::TemporaryDirectory directory_;
  const std::string path_ = directory_ / "parked";
};

TEST_F(ParkedNotesTest, SayWhatIsParkedNow) {
  EXPECT_TRUE(read_parked_notes(path_).empty());
  const auto notes = ParkedNotes::begin(path_);
  EXPECT_TRUE(read_parked_notes(path_).empty());
  notes->parked(7, {ErrorCode::kWorkflowBug, "a bug\nin two lines"});
  notes->parked(8, {ErrorCode::kRunLimit, ""});
  notes->parked(9, {ErrorCode::kWorkflowBug, "first"});
  notes->parked(9, {ErrorCode::kNondeterminism, "second"});
  notes->unparked(8);
  notes->unparked(1);
  const ParkedRuns parked = read_parked_notes(path_);
  ASSERT_EQ(parked.size(), 2U);
  EXPECT_EQ(parked.at(7).message, "a bug\nin two lines");
  EXPECT_EQ(parked.at(9).code, ErrorCode::kNondeterminism);
  EXPECT_EQ(parked.at(9).message, "second");
}

TEST_F(ParkedNotesTest, BeginAnew) {
  ParkedNotes::begin(path_)->parked(7, {ErrorCode::kWorkflowBug, "a bug"});
  EXPECT_EQ(read_parked_notes(path_).size(), 1U) << "after the engine is gone, too";
  const auto notes = ParkedNotes::begin(path_);
  EXPECT_TRUE(read_parked_notes(path_).empty());
}

// After a partial note, left by an engine that was killed.
TEST_F(ParkedNotesTest, GoOn) {
  EXPECT_EQ(ParkedNotes::go_on(path_), nullptr);
  EXPECT_FALSE(std::filesystem::exists(path_));
  {
    const auto notes = ParkedNotes::begin(path_);
    notes->parked(7, {ErrorCode::kWorkflowBug, "a bug"});
    notes->parked(8, {ErrorCode::kPoisoned, "set aside"});
    notes->parked(9, {ErrorCode::kWorkflowBug, "cut"});
  }
  std::filesystem::resize_file(path_, std::filesystem::file_size(path_) - 1);
  ParkedNotes::go_on(path_)->unparked(8);
  const ParkedRuns parked = read_parked_notes(path_);
  ASSERT_EQ(parked.size(), 1U);
  EXPECT_EQ(parked.begin()->first, 7U);
  std::ofstream(path_) << "something else";
  EXPECT_EQ(ParkedNotes::go_on(path_), nullptr);
  EXPECT_EQ(std::filesystem::file_size(path_), 14U);
}

TEST_F(ParkedNotesTest, CutLongReports) {
  const auto notes = ParkedNotes::begin(path_);
  notes->parked(7, {ErrorCode::kWorkflowBug, std::string(1 << 20, 'x')});
  notes->parked(8, {ErrorCode::kWorkflowBug, "a bug"});
  const ParkedRuns parked = read_parked_notes(path_);
  EXPECT_EQ(parked.size(), 2U);
  EXPECT_LT(parked.at(7).message.size(), std::size_t{10'000});
}

TEST_F(ParkedNotesTest, EndWhereTheyDoNotVerify) {
  {
    const auto notes = ParkedNotes::begin(path_);
    notes->parked(7, {ErrorCode::kWorkflowBug, "a bug"});
    notes->parked(8, {ErrorCode::kWorkflowBug, "another"});
  }
  const auto whole = std::filesystem::file_size(path_);
  for (auto size = whole; size > 0; --size) {
    std::filesystem::resize_file(path_, size - 1);
    EXPECT_LE(read_parked_notes(path_).size(), 1U);
  }
  std::ofstream(path_) << std::string(10'000, '\xff');
  EXPECT_TRUE(read_parked_notes(path_).empty());
  std::ofstream(path_) << "RPPARK01" << std::string(10'000, '\xff');
  EXPECT_TRUE(read_parked_notes(path_).empty());
}

// Nothing is written through a link, and a pipe stops nobody.
TEST_F(ParkedNotesTest, ArePlainFiles) {
  const std::string other = directory_ / "other";
  std::ofstream(other) << "precious";
  std::filesystem::create_symlink(other, path_);
  EXPECT_EQ(ParkedNotes::begin(path_), nullptr);
  EXPECT_TRUE(read_parked_notes(path_).empty());
  EXPECT_EQ(std::filesystem::file_size(other), 8U);
  std::filesystem::remove(path_);
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_EQ(ParkedNotes::begin(path_), nullptr);
  EXPECT_TRUE(read_parked_notes(path_).empty());
}

}  // namespace
}  // namespace reprise::store::parked_notes_test
