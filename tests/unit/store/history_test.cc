#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/memory_archive.h"
#include "store/memory_journal.h"
#include "store/store.h"
#include "tests/support/forwarding_store.h"
#include "tests/unit/store/builders.h"

namespace reprise::store::history_test {
namespace {

using base::ErrorCode;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A journal whose reads can be changed, and during whose reads other things can happen.
class StagedJournal final : public testing::ForwardingJournal {
 public:
  StagedJournal() : ForwardingJournal(memory_) {}

  base::Status scan(Seq from, base::Visitor<Seq, std::string_view> visit) const override {
    return memory_.scan(from, [&](Seq seq, std::string_view bytes) {
      base::Visited seen = visit(seq, tampered(seq, std::string(bytes)));
      if (behind_read) behind_read(seq);
      return seen;
    });
  }
  base::Result<std::string> read(Seq seq) const override {
    auto bytes = memory_.read(seq);
    if (!bytes) return bytes;
    if (behind_read) behind_read(seq);
    return tampered(seq, *bytes);
  }

  std::function<void(Seq)> behind_read;
  std::function<void(Seq, std::string*)> tamper;

 private:
  std::string tampered(Seq seq, std::string bytes) const {
    if (tamper) tamper(seq, &bytes);
    return bytes;
  }
  MemoryJournal memory_;
};

class HistoryTest : public ::testing::Test {
 protected:
  // Records 1..6: run 1 has 1, 3, 5, 6 and run 2 has 2, 4.
  void SetUp() override {
    for (const RunNumber run : {1, 2, 1, 2, 1, 1}) {
      records_.push_back(maker_.make(run, "body " + std::to_string(maker_.next())));
    }
    ASSERT_TRUE(append(journal_, batch_of(1, records_)));
  }

  // What an archiver does: chunks of everything up to `through`.
  void archive(Seq through) {
    ArchiveBatch batch{.through = through, .next_run = 3, .chunks = {}, .summaries = {}};
    for (Seq seq = *archive_.through() + 1; seq <= through; ++seq) {
      std::size_t size = 0;
      const RunNumber run = decode_record(records_[seq - 1], &size)->run;
      batch.chunks.push_back({.run = run, .last = seq, .records = records_[seq - 1]});
    }
    ASSERT_TRUE(archive_.commit(batch));
  }
  void trim(Seq through) { ASSERT_TRUE(journal_.append({}, through)); }

  std::vector<Seq> history(RunNumber run, Seq last) {
    std::vector<Seq> seen;
    status_ = read_history(journal_, archive_, run, last, [&](const Record& record) {
      EXPECT_EQ(record.body, "body " + std::to_string(record.seq));
      seen.push_back(record.seq);
    });
    return seen;
  }

  void expect_damage(std::string_view what) {
    ASSERT_FALSE(status_);
    EXPECT_EQ(status_.error().code, ErrorCode::kStoreDamaged);
    EXPECT_THAT(status_.error().message, HasSubstr(std::string(what)));
  }

  RecordMaker maker_;
  std::vector<std::string> records_;
  StagedJournal journal_;
  MemoryArchive archive_;
  base::Status status_;
};

TEST_F(HistoryTest, JoinsArchiveAndJournalWhereverTheyMeet) {
  for (Seq through = 0; through <= 6; ++through) {
    archive(through);
    for (const Seq trimmed : {through / 2, through}) {
      trim(trimmed);
      for (const Seq last : {0, 6}) {
        EXPECT_THAT(history(1, last), ElementsAre(1, 3, 5, 6)) << through << " " << last;
        EXPECT_TRUE(status_);
      }
      EXPECT_THAT(history(2, 4), ElementsAre(2, 4));
      EXPECT_TRUE(status_);
    }
  }
}

TEST_F(HistoryTest, EndsWithTheRecordThatTheCallerKnows) {
  archive(6);
  EXPECT_THAT(history(1, 5), ElementsAre(1, 3, 5));
  EXPECT_TRUE(status_);
}

TEST_F(HistoryTest, APartBeginsAfterAnyOfItsRecordsWhereverThatIs) {
  const auto after = [this](Seq seq) {
    std::size_t size = 0;
    const ChainEnd end{1, seq, decode_record(records_[seq - 1], &size)->chain};
    std::vector<Seq> seen;
    status_ = read_history_after(journal_, archive_, end, 6,
                                 [&](const Record& record) { seen.push_back(record.seq); });
    return seen;
  };
  for (Seq through = 0; through <= 6; ++through) {
    archive(through);
    for (const Seq trimmed : {through / 2, through}) {
      trim(trimmed);
      EXPECT_THAT(after(1), ElementsAre(3, 5, 6)) << through;
      EXPECT_TRUE(status_);
      EXPECT_THAT(after(5), ElementsAre(6));
      EXPECT_TRUE(status_);
      EXPECT_THAT(after(6), IsEmpty());
      EXPECT_TRUE(status_);
    }
  }
  const ChainEnd other{1, 3, 77};
  status_ = read_history_after(journal_, archive_, other, 6, [](const Record&) {});
  expect_damage("its checksum is wrong");
}

TEST_F(HistoryTest, APartDoesNotReadTheRecordsBefore) {
  std::size_t size = 0;
  const ChainEnd end{1, 3, decode_record(records_[2], &size)->chain};
  std::vector<Seq> read;
  journal_.behind_read = [&](Seq seq) { read.push_back(seq); };
  journal_.tamper = [](Seq seq, std::string* bytes) {
    if (seq <= 3) bytes->back() ^= 1;
  };
  std::vector<Seq> seen;
  EXPECT_TRUE(read_history_after(journal_, archive_, end, 6,
                                 [&](const Record& record) { seen.push_back(record.seq); }));
  EXPECT_THAT(seen, ElementsAre(5, 6));
  EXPECT_THAT(read, ElementsAre(6, 5));
}

TEST_F(HistoryTest, ARunWithoutRecordsIsNotFound) {
  EXPECT_THAT(history(3, 0), IsEmpty());
  ASSERT_FALSE(status_);
  EXPECT_EQ(status_.error().code, ErrorCode::kNotFound);
}

TEST_F(HistoryTest, RecordsThatMoveToTheArchiveMeanwhileAreFoundThere) {
  for (const Seq last : {0, 6}) {
    journal_.behind_read = [&](Seq) {
      if (*archive_.through() < 5) archive(5);
      trim(5);
    };
    EXPECT_THAT(history(1, last), ElementsAre(1, 3, 5, 6));
    EXPECT_TRUE(status_);
  }
}

TEST_F(HistoryTest, ABitFlipInTheJournalIsDamageOfThatRunAlone) {
  for (const Seq last : {0, 6}) {
    journal_.tamper = [](Seq seq, std::string* bytes) {
      if (seq == 3) bytes->back() = static_cast<char>(bytes->back() ^ 1);
    };
    EXPECT_THAT(history(1, last), ElementsAre(1));
    expect_damage("run 1, record 3");
    EXPECT_THAT(history(2, 0), ElementsAre(2, 4));
    EXPECT_TRUE(status_);
  }
}

TEST_F(HistoryTest, EveryBitFlipInARecordIsFound) {
  for (const Seq last : {0, 6}) {
    for (std::size_t bit = 0; bit < 8 * records_[2].size(); ++bit) {
      journal_.tamper = [bit](Seq seq, std::string* bytes) {
        if (seq == 3) bytes->at(bit / 8) = static_cast<char>(bytes->at(bit / 8) ^ (1 << bit % 8));
      };
      history(1, last);
      expect_damage("run 1");
    }
  }
}

TEST_F(HistoryTest, ABitFlipInTheArchiveIsDamage) {
  archive(4);
  trim(4);
  std::string bad = records_[2];
  bad.back() = static_cast<char>(bad.back() ^ 1);
  ASSERT_TRUE(archive_.commit({.through = 4,
                               .next_run = 3,
                               .chunks = {{.run = 1, .last = 3, .records = bad}},
                               .summaries = {}}));
  EXPECT_THAT(history(1, 6), ElementsAre(1));
  expect_damage("run 1, record 3: its checksum is wrong");
  ASSERT_TRUE(archive_.commit({.through = 4,
                               .next_run = 3,
                               .chunks = {{.run = 1, .last = 3, .records = "no record"}},
                               .summaries = {}}));
  EXPECT_THAT(history(1, 6), ElementsAre(1));
  expect_damage("run 1");
}

TEST_F(HistoryTest, AMissingRecordIsDamage) {
  trim(1);  // without having been archived
  EXPECT_THAT(history(1, 6), IsEmpty());
  expect_damage("run 1, record 3: the record before it is missing");
  archive(2);
  trim(3);
  EXPECT_THAT(history(1, 0), ElementsAre(1));
  expect_damage("run 1, record 5: the record before it is missing");
}

TEST_F(HistoryTest, TheNewestRecordMissingIsDamageWhereItIsKnown) {
  archive(3);
  const Seq not_there = 9;
  EXPECT_THAT(history(1, not_there), ElementsAre(1, 3));
  expect_damage("run 1, record 9: it is missing");
}

TEST_F(HistoryTest, ARecordInAnothersPlaceIsDamage) {
  journal_.tamper = [this](Seq seq, std::string* bytes) {
    if (seq == 5) *bytes = records_[2];
  };
  history(1, 6);
  expect_damage("run 1, record 5: another record lies in its place");
  history(1, 0);
  expect_damage("run 1, record 5: another record lies in its place");
  journal_.tamper = [this](Seq seq, std::string* bytes) {
    if (seq == 5) *bytes = records_[3];
  };
  history(1, 6);
  expect_damage("run 1, record 5: another record lies in its place");
  history(1, 0);
  expect_damage("run 1, record 6: the record before it is missing");
}

TEST_F(HistoryTest, AChunkOfAnotherRunIsDamage) {
  ASSERT_TRUE(archive_.commit({.through = 2,
                               .next_run = 3,
                               .chunks = {{.run = 1, .last = 2, .records = records_[1]}},
                               .summaries = {}}));
  history(1, 6);
  expect_damage("run 1, record 2: it belongs to another run");
}

}  // namespace
}  // namespace reprise::store::history_test
