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

ParkedNote note_of(RunNumber run, ErrorCode code, std::string report) {
  return {{code, std::move(report)}, {.run = run, .seq = 10 * run, .chain = 100 * run}};
}

TEST_F(ParkedNotesTest, SayWhatIsParkedNow) {
  EXPECT_TRUE(read_parked_notes(path_).empty());
  const auto notes = ParkedNotes::open(path_);
  EXPECT_TRUE(read_parked_notes(path_).empty());
  notes->parked(note_of(7, ErrorCode::kWorkflowBug, "a bug\nin two lines"));
  notes->parked(note_of(8, ErrorCode::kRunLimit, ""));
  notes->parked(note_of(9, ErrorCode::kWorkflowBug, "first"));
  notes->parked(note_of(9, ErrorCode::kNondeterminism, "second"));
  notes->unparked(8);
  notes->unparked(1);
  const ParkedRuns parked = read_parked_notes(path_);
  ASSERT_EQ(parked.size(), 2U);
  EXPECT_EQ(parked.at(7).why.message, "a bug\nin two lines");
  EXPECT_EQ(parked.at(7).at.seq, 70U);
  EXPECT_EQ(parked.at(7).at.chain, 700U);
  EXPECT_EQ(parked.at(9).why.code, ErrorCode::kNondeterminism);
  EXPECT_EQ(parked.at(9).why.message, "second");
}

TEST_F(ParkedNotesTest, AreThereForTheNextEngineWhichKeepsWhatIsStillSo) {
  ParkedNotes::open(path_)->parked(note_of(7, ErrorCode::kWorkflowBug, "a bug"));
  const auto notes = ParkedNotes::open(path_);
  notes->parked(note_of(8, ErrorCode::kWorkflowBug, "another"));
  EXPECT_EQ(read_parked_notes(path_).size(), 2U);
  notes->keep([](const ParkedNote&) { return true; });
  EXPECT_EQ(read_parked_notes(path_).size(), 2U);
  notes->keep([](const ParkedNote& note) { return note.at.run == 8; });
  notes->parked(note_of(9, ErrorCode::kWorkflowBug, "after the file was replaced"));
  const ParkedRuns parked = read_parked_notes(path_);
  EXPECT_EQ(parked.size(), 2U);
  EXPECT_FALSE(parked.contains(7));
  EXPECT_FALSE(std::filesystem::exists(path_ + ".new"));
}

TEST_F(ParkedNotesTest, ReplaceAFileThatIsNotOne) {
  for (const std::string& other : {std::string("RPPARK01"), std::string("something else")}) {
    std::ofstream(path_) << other << std::string(100, '\0');
    ParkedNotes::open(path_)->parked(note_of(7, ErrorCode::kWorkflowBug, "a bug"));
    EXPECT_EQ(read_parked_notes(path_).size(), 1U);
    std::filesystem::remove(path_);
  }
}

// After a partial note, left by an engine that was killed.
TEST_F(ParkedNotesTest, GoOn) {
  EXPECT_EQ(ParkedNotes::go_on(path_), nullptr);
  EXPECT_FALSE(std::filesystem::exists(path_));
  {
    const auto notes = ParkedNotes::open(path_);
    notes->parked(note_of(7, ErrorCode::kWorkflowBug, "a bug"));
    notes->parked(note_of(8, ErrorCode::kPoisoned, "set aside"));
    notes->parked(note_of(9, ErrorCode::kWorkflowBug, "cut"));
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
  const auto notes = ParkedNotes::open(path_);
  notes->parked(note_of(7, ErrorCode::kWorkflowBug, std::string(1 << 20, 'x')));
  notes->parked(note_of(8, ErrorCode::kWorkflowBug, "a bug"));
  const ParkedRuns parked = read_parked_notes(path_);
  EXPECT_EQ(parked.size(), 2U);
  EXPECT_LT(parked.at(7).why.message.size(), std::size_t{10'000});
}

TEST_F(ParkedNotesTest, DoNotGrowForEver) {
  const auto notes = ParkedNotes::open(path_);
  notes->parked(note_of(1, ErrorCode::kRunLimit, "the first"));
  for (int i = 0; i < 2'000; ++i) {
    notes->parked(note_of(7, ErrorCode::kWorkflowBug, std::string(8'000, 'x')));
    notes->unparked(7);
  }
  EXPECT_LT(std::filesystem::file_size(path_), std::uintmax_t{2} << 20);
  const ParkedRuns parked = read_parked_notes(path_);
  ASSERT_EQ(parked.size(), 1U);
  EXPECT_EQ(parked.at(1).why.message, "the first");
}

TEST_F(ParkedNotesTest, EndWhereTheyDoNotVerify) {
  {
    const auto notes = ParkedNotes::open(path_);
    notes->parked(note_of(7, ErrorCode::kWorkflowBug, "a bug"));
    notes->parked(note_of(8, ErrorCode::kWorkflowBug, "another"));
  }
  const auto whole = std::filesystem::file_size(path_);
  for (auto size = whole; size > 0; --size) {
    std::filesystem::resize_file(path_, size - 1);
    EXPECT_LE(read_parked_notes(path_).size(), 1U);
  }
  std::ofstream(path_) << std::string(10'000, '\xff');
  EXPECT_TRUE(read_parked_notes(path_).empty());
  std::ofstream(path_) << "RPPARK02" << std::string(10'000, '\xff');
  EXPECT_TRUE(read_parked_notes(path_).empty());
}

// Nothing is written through a link, and a pipe stops nobody.
TEST_F(ParkedNotesTest, ArePlainFiles) {
  const std::string other = directory_ / "other";
  std::ofstream(other) << "precious";
  std::filesystem::create_symlink(other, path_);
  EXPECT_EQ(ParkedNotes::open(path_), nullptr);
  EXPECT_TRUE(read_parked_notes(path_).empty());
  EXPECT_EQ(std::filesystem::file_size(other), 8U);
  std::filesystem::remove(path_);
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_EQ(ParkedNotes::open(path_), nullptr);
  EXPECT_TRUE(read_parked_notes(path_).empty());
}

}  // namespace
}  // namespace reprise::store::parked_notes_test
