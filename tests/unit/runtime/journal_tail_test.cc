// Which run does a damaged record belong to? Only that run is quarantined.
#include "runtime/engine/journal_tail.h"

#include <algorithm>
#include <cstring>

#include <gmock/gmock.h>

#include "tests/unit/store/builders.h"

namespace reprise::runtime::journal_tail_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string start_of(const std::string& workflow_id) {
  proto::Turn turn;
  auto* started = turn.add_inputs()->mutable_run_started();
  started->set_run_id(std::string(16, 'r'));
  started->set_workflow_id(workflow_id);
  started->set_workflow("w");
  return turn.SerializeAsString();
}
std::string signal_of(const std::string& text) {
  proto::Turn turn;
  turn.add_inputs()->mutable_signal_received()->set_name(text);
  return turn.SerializeAsString();
}

constexpr std::size_t kRunField = 24;
constexpr std::size_t kPreviousField = 32;
constexpr std::size_t kFormatField = 13;
constexpr std::size_t kBody = 40;

// Runs 1, 2 and 3 start with the records 1, 2 and 3, and get a signal with 4, 5 and 6.
class JournalTailTest : public ::testing::Test {
 protected:
  JournalTailTest() {
    for (store::RunNumber run = 1; run <= 3; ++run) {
      records_.push_back(maker_.make(run, start_of("id-" + std::to_string(run))));
    }
    for (store::RunNumber run = 1; run <= 3; ++run) {
      records_.push_back(maker_.make(run, signal_of("go")));
    }
  }
  void set(store::Seq seq, std::size_t field, std::uint64_t value) {
    std::memcpy(&records_[seq - 1][field], &value, 8);
  }
  void flip(store::Seq seq, std::size_t at) {
    char& byte = records_[seq - 1][at];
    byte = static_cast<char>(byte ^ 0x40);
  }
  // The result of taking all records except those left out.
  std::string take(store::Seq without = 0) {
    std::string errors;
    for (store::Seq seq = 1; seq <= records_.size(); ++seq) {
      if (seq == without) continue;
      if (const auto taken = tail_.take(seq, records_[seq - 1]); !taken) {
        errors += taken.error().message;
      }
    }
    return errors;
  }
  std::vector<store::RunNumber> damaged() const {
    std::vector<store::RunNumber> damaged;
    for (const auto& [number, run] : runs_) {
      if (run.damaged) damaged.push_back(number);
    }
    std::sort(damaged.begin(), damaged.end());
    return damaged;
  }

  store::RecordMaker maker_;
  std::vector<std::string> records_;
  Names names_;
  RecoveredRuns runs_;
  JournalTail tail_{runs_, names_, 0, 1};
};

TEST_F(JournalTailTest, SoundRecordsAreFolded) {
  EXPECT_EQ(take(), "");
  EXPECT_THAT(damaged(), IsEmpty());
  EXPECT_EQ(tail_.next_run(), 4u);
  EXPECT_EQ(tail_.records(), 6u);
}

TEST_F(JournalTailTest, ADamagedBodyIsThatOfTheNamedRun) {
  flip(5, kBody + 3);
  EXPECT_EQ(take(), "");
  EXPECT_THAT(damaged(), ElementsAre(2));
  EXPECT_THAT(tail_.damaged().at(5), ElementsAre(2));
}

TEST_F(JournalTailTest, AHeaderThatDoesNotDecodeStillNamesItsRun) {
  flip(5, kFormatField);
  EXPECT_EQ(take(), "");
  EXPECT_THAT(damaged(), ElementsAre(2));
}

TEST_F(JournalTailTest, AWrongRunNumberDoesNotTouchTheRunThatItNames) {
  set(5, kRunField, 3);
  EXPECT_EQ(take(), "");
  EXPECT_THAT(damaged(), ElementsAre(2));
}

TEST_F(JournalTailTest, AnUnknownRunNumberIsThatOfTheRunThatItFollows) {
  set(5, kRunField, 77);
  EXPECT_EQ(take(), "");
  EXPECT_THAT(damaged(), ElementsAre(2));
  EXPECT_EQ(tail_.next_run(), 4u) << "a damaged number uses up no run numbers";
}

TEST_F(JournalTailTest, AWrongPredecessorTouchesBothThatItMayMean) {
  set(5, kPreviousField, 3);
  EXPECT_EQ(take(), "");
  EXPECT_THAT(damaged(), ElementsAre(2, 3));
}

TEST_F(JournalTailTest, MissingRecordsAreNobodys) {
  EXPECT_THAT(take(4), HasSubstr("records 4 to 4 are missing"));
}

TEST_F(JournalTailTest, ARecordWithoutAHeaderIsNobodys) {
  records_[4].resize(20);
  EXPECT_THAT(take(), HasSubstr("record 5 is cut off"));
}

TEST_F(JournalTailTest, ADamagedStartKeepsItsNameUnlessThatIsAnothersOwn) {
  records_[2][records_[2].find("\x12\x04id-3") + 2 + 4 + 2] = 'x';  // the workflow's name
  EXPECT_EQ(take(), "");
  EXPECT_EQ(runs_.at(3).state.workflow_id, "id-3");

  RecoveredRuns others;
  JournalTail again(others, names_, 0, 1);
  records_[2][records_[2].find("id-3") + 3] = '1';
  for (store::Seq seq = 1; seq <= 6; ++seq) ASSERT_TRUE(again.take(seq, records_[seq - 1]));
  EXPECT_EQ(others.at(3).state.workflow_id, "");
  EXPECT_TRUE(others.at(3).damaged);
  EXPECT_FALSE(others.at(1).damaged);
}

}  // namespace
}  // namespace reprise::runtime::journal_tail_test
