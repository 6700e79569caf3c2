#include <atomic>
#include <thread>

#include <gmock/gmock.h>

#include "tests/conformance/implementations.h"

namespace reprise::store::journal_conformance_test {
namespace {

using base::ErrorCode;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class JournalConformance : public StoreConformance {
 protected:
  // Only what is in the archive may leave the journal.
  void archive_and_trim(Seq through) {
    ASSERT_TRUE(
        archive().commit({.through = through, .next_run = 1, .chunks = {}, .summaries = {}}));
    ASSERT_TRUE(journal().append({}, through));
  }
};
INSTANTIATE_TEST_SUITE_P(Stores, JournalConformance, all_implementations(), implementation_name);

std::size_t stored(const Journal& journal) {
  return scanned(journal, 0).size();
}

TEST_P(JournalConformance, ANewJournalIsEmpty) {
  EXPECT_EQ(*journal().first(), 0u);
  EXPECT_EQ(*journal().last(), 0u);
  EXPECT_THAT(scanned(journal(), 1), IsEmpty());
  EXPECT_TRUE(journal().append({}, 10));
  EXPECT_EQ(*journal().last(), 0u);
}

TEST_P(JournalConformance, WhatIsAppendedIsReadAndScannedInOrder) {
  ASSERT_TRUE(append(journal(), numbered_batch(1, 3)));
  const RecordBatch second = numbered_batch(4, 2);
  const RecordBatch third = numbered_batch(6, 1);
  ASSERT_TRUE(journal().append({&second, &third}, 0));
  EXPECT_EQ(*journal().first(), 1u);
  EXPECT_EQ(*journal().last(), 6u);
  EXPECT_EQ(scanned(journal(), 1), numbers(1, 6));
  EXPECT_EQ(scanned(journal(), 5), numbers(5, 6));
  EXPECT_THAT(scanned(journal(), 7), IsEmpty());
  for (Seq seq = 1; seq <= 6; ++seq) {
    EXPECT_EQ(*journal().read(seq), "record " + std::to_string(seq));
  }
}

TEST_P(JournalConformance, AScanEndsWhereTheVisitorSaysSo) {
  ASSERT_TRUE(append(journal(), numbered_batch(1, 5)));
  std::vector<std::string> seen;
  ASSERT_TRUE(journal().scan(2, [&](Seq, std::string_view bytes) {
    seen.emplace_back(bytes);
    return base::go_on_if(seen.size() < 2);
  }));
  EXPECT_THAT(seen, ElementsAre("record 2", "record 3"));
}

TEST_P(JournalConformance, RecordsOfAllSizesComeBack) {
  std::vector<std::string> records;
  for (const std::size_t size : {0, 1, 100, 2013, 2014, 2015, 4096, 70'000, 3'000'000}) {
    records.emplace_back(size, static_cast<char>('a' + records.size()));
  }
  ASSERT_TRUE(append(journal(), batch_of(1, records)));
  for (Seq seq = 1; seq <= records.size(); ++seq) {
    EXPECT_TRUE(*journal().read(seq) == records[seq - 1]) << seq;
  }
}

TEST_P(JournalConformance, ARecordThatIsNotThereIsNotFound) {
  ASSERT_TRUE(append(journal(), numbered_batch(1, 4)));
  ASSERT_TRUE(journal().append({}, 2));
  for (const Seq seq : {0, 1, 2, 5}) {
    const auto record = journal().read(seq);
    ASSERT_FALSE(record) << seq;
    EXPECT_EQ(record.error().code, ErrorCode::kNotFound);
  }
}

TEST_P(JournalConformance, TrimmingRemovesTheHead) {
  ASSERT_TRUE(append(journal(), numbered_batch(1, 10)));
  ASSERT_TRUE(append(journal(), numbered_batch(11, 1), 6));
  EXPECT_EQ(*journal().first(), 7u);
  EXPECT_EQ(*journal().last(), 11u);
  EXPECT_EQ(scanned(journal(), 1), numbers(7, 11));
  ASSERT_TRUE(journal().append({}, 3)) << "further back than before";
  EXPECT_EQ(*journal().first(), 7u);
}

TEST_P(JournalConformance, AfterTrimmingEverythingTheLastNumberIsKnown) {
  ASSERT_TRUE(append(journal(), numbered_batch(1, 10)));
  archive_and_trim(10);
  EXPECT_EQ(*journal().last(), 10u);
  if (reopen()) {
    EXPECT_EQ(*journal().last(), 10u);
  }
  ASSERT_TRUE(append(journal(), numbered_batch(11, 2), 10));
  EXPECT_EQ(scanned(journal(), 1), numbers(11, 12));
}

TEST_P(JournalConformance, TrimmingALotTakesSeveralCommitsAndEnds) {
  ASSERT_TRUE(append(journal(), numbered_batch(1, 10'000)));
  int commits = 0;
  while (*journal().first() <= 9'000) {
    ASSERT_TRUE(journal().append({}, 9'000));
    ASSERT_LT(++commits, 100);
  }
  EXPECT_EQ(scanned(journal(), 1), numbers(9'001, 10'000));
}

TEST_P(JournalConformance, UnderLoadItShrinksToWhatIsNotArchived) {
  Seq last = 0;
  for (int i = 0; i < 60; ++i) {
    ASSERT_TRUE(append(journal(), numbered_batch(last + 1, 200), last > 1000 ? last - 1000 : 0));
    last += 200;
  }
  EXPECT_EQ(stored(journal()), 1200u);
}

TEST_P(JournalConformance, EverythingIsThereAfterReopening) {
  ASSERT_TRUE(append(journal(), numbered_batch(1, 100)));
  archive_and_trim(40);
  if (!reopen()) return;
  EXPECT_EQ(scanned(journal(), 1), numbers(41, 100));
  EXPECT_EQ(*journal().read(77), "record 77");
  ASSERT_TRUE(append(journal(), numbered_batch(101, 1)));
}

TEST_P(JournalConformance, AVisitorMayReadTheJournal) {
  ASSERT_TRUE(append(journal(), numbered_batch(1, 3)));
  ASSERT_TRUE(journal().scan(1, [&](Seq seq, std::string_view bytes) {
    EXPECT_EQ(*journal().read(seq), bytes);
    EXPECT_EQ(*journal().last(), 3u);
  }));
}

constexpr Seq kRecords = 20'000;

// Readers see a gapless piece of the journal at any time, and no number goes down.
TEST_P(JournalConformance, ReadsGoOnWhileItIsWrittenAndTrimmed) {
  std::atomic<bool> done = false;
  std::thread reader([&] {
    Seq newest = 0;
    while (!done) {
      const Seq last = *journal().last();
      EXPECT_GE(last, newest);
      newest = last;
      Seq previous = 0;
      EXPECT_TRUE(journal().scan(1, [&](Seq seq, std::string_view bytes) {
        EXPECT_EQ(bytes, "record " + std::to_string(seq));
        EXPECT_GT(seq, previous);
        previous = seq;
      }));
      EXPECT_GE(previous, last);
    }
  });
  for (Seq next = 1; next <= kRecords; next += 100) {
    EXPECT_TRUE(append(journal(), numbered_batch(next, 100), next > 500 ? next - 500 : 0));
  }
  done = true;
  reader.join();
}

using JournalConformanceDeathTest = StoreConformance;
INSTANTIATE_TEST_SUITE_P(Stores,
                         JournalConformanceDeathTest,
                         all_implementations(),
                         implementation_name);

TEST_P(JournalConformanceDeathTest, AGapBreaksAnInvariant) {
  ASSERT_TRUE(append(journal(), numbered_batch(1, 3)));
  EXPECT_DEATH((void)append(journal(), numbered_batch(5, 1)), "no gaps");
  EXPECT_DEATH((void)append(journal(), numbered_batch(3, 1)), "no gaps");
}

}  // namespace
}  // namespace reprise::store::journal_conformance_test
