#include "store/writer.h"

#include <condition_variable>
#include <new>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/memory_journal.h"
#include "tests/support/forwarding_store.h"
#include "tests/unit/store/builders.h"

namespace reprise::store::writer_test {
namespace {

using base::Error;
using base::ErrorCode;
using ::testing::ElementsAre;

// A journal in memory that counts its appends and fails the one it is told to.
class FaultyJournal final : public testing::ForwardingJournal {
 public:
  FaultyJournal() : ForwardingJournal(memory_) {}

  base::Status append(const std::vector<const RecordBatch*>& batches, Seq trim_through) override {
    const std::lock_guard lock(mutex_);
    ++appends_;
    if (appends_ >= fail_at_) return Error{ErrorCode::kStoreIo, "the disk is gone"};
    std::size_t records = 0;
    for (const RecordBatch* batch : batches) records += batch->count();
    if (records > room_) return Error{ErrorCode::kStoreFull, "no room"};
    if (appends_ == throw_at_) throw std::bad_alloc();
    sizes_.push_back(0);
    for (const RecordBatch* batch : batches) sizes_.back() += batch->count();
    return inner_.append(batches, trim_through);
  }
  void fail_from(int append) { fail_at_ = append; }
  // The largest number of records that an append may have.
  void set_room(std::size_t records) {
    const std::lock_guard lock(mutex_);
    room_ = records;
  }
  void throw_at(int append) { throw_at_ = append; }
  int appends() const { return appends_; }
  const std::vector<std::size_t>& sizes() const { return sizes_; }

 private:
  MemoryJournal memory_;
  std::mutex mutex_;
  int appends_ = 0;
  int fail_at_ = 1 << 30;
  std::size_t room_ = ~std::size_t{0};
  int throw_at_ = 0;
  std::vector<std::size_t> sizes_;
};

struct RunPosition {
  Seq previous = 0;
  std::uint64_t chain = 0;
};

Seq append_one(Writer& writer, RunNumber run, RunPosition& position, std::string_view body) {
  Draft draft{.run = run,
              .previous = &position.previous,
              .chain = &position.chain,
              .flags = static_cast<std::uint8_t>(position.previous == 0 ? kFirstOfRun : 0),
              .body = body};
  return writer.append({&draft, 1});
}

// Waits for the writer's thread to acknowledge.
class Acknowledged {
 public:
  Writer::Acknowledge callback() {
    return [this](const base::Result<Seq>& result) {
      const std::lock_guard lock(mutex_);
      if (result) {
        durable_ = *result;
      } else {
        errors_.push_back(result.error());
      }
      changed_.notify_all();
    };
  }
  void wait_for(Seq seq) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return durable_ >= seq; });
  }
  void wait_for_error() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !errors_.empty(); });
  }
  std::size_t error_count() {
    const std::lock_guard lock(mutex_);
    return errors_.size();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  Seq durable_ = 0;
  std::vector<Error> errors_;
};

TEST(WriterTest, NumbersAndChainsTheRecordsOfEachRun) {
  MemoryJournal journal;
  Writer writer(journal, 0, false);
  RunPosition one;
  RunPosition two;
  EXPECT_EQ(append_one(writer, 1, one, "a"), 1u);
  EXPECT_EQ(append_one(writer, 2, two, "b"), 2u);
  const std::uint64_t chain_before = one.chain;
  EXPECT_EQ(append_one(writer, 1, one, "c"), 3u);
  EXPECT_EQ(one.previous, 3u);
  EXPECT_EQ(two.previous, 2u);
  ASSERT_TRUE(writer.commit_pending());

  const std::string bytes = *journal.read(3);
  std::size_t size = 0;
  const auto record = decode_record(bytes, &size);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->run, 1u);
  EXPECT_EQ(record->previous, 1u);
  EXPECT_EQ(record->body, "c");
  EXPECT_EQ(record->chain, one.chain);
  EXPECT_TRUE(verify_record(*record, chain_before));
}

TEST(WriterTest, SeveralDraftsOfOneRunInOneCallFollowEachOther) {
  MemoryJournal journal;
  Writer writer(journal, 0, false);
  RunPosition run;
  Draft drafts[] = {
      {.run = 1, .previous = &run.previous, .chain = &run.chain, .flags = kFirstOfRun, .body = "a"},
      {.run = 1, .previous = &run.previous, .chain = &run.chain, .flags = kLastOfRun, .body = "b"}};
  EXPECT_EQ(writer.append(drafts), 2u);
  ASSERT_TRUE(writer.commit_pending());
  const std::string bytes = *journal.read(2);
  std::size_t size = 0;
  const auto record = decode_record(bytes, &size);
  EXPECT_EQ(record->previous, 1u);
  EXPECT_TRUE(record->last());
}

TEST(WriterTest, ADraftLearnsWhereTheRecordsOfItsRunEndedBefore) {
  MemoryJournal journal;
  Writer writer(journal, 0, false);
  RunPosition run;
  ChainEnd before{7, 7, 7};
  ChainEnd between;
  Draft drafts[] = {
      {.run = 1,
       .previous = &run.previous,
       .chain = &run.chain,
       .flags = kFirstOfRun,
       .body = "a",
       .before = &before},
      {.run = 1, .previous = &run.previous, .chain = &run.chain, .body = "b", .before = &between}};
  EXPECT_EQ(writer.append(drafts), 2u);
  ASSERT_TRUE(writer.commit_pending());
  EXPECT_EQ(before.seq, 0u);
  EXPECT_EQ(before.chain, 0u);
  std::size_t size = 0;
  const std::string first = *journal.read(1);
  EXPECT_EQ(between.run, 1u);
  EXPECT_EQ(between.seq, 1u);
  EXPECT_EQ(between.chain, decode_record(first, &size)->chain);
}

// However long the queue is, and if room is scarce and one batch is committed at a time.
TEST(WriterTest, RecordsThatBelongTogetherAreInOneTransaction) {
  for (const bool tight : {false, true}) {
    FaultyJournal journal;
    Writer writer(journal, 0, false);
    const std::string half(std::size_t{600} << 10, 'x');  // two of them fill a batch
    std::vector<RunPosition> runs(9);
    const auto draft = [&](std::size_t run, bool with_next) {
      return Draft{.run = run + 1,
                   .previous = &runs[run].previous,
                   .chain = &runs[run].chain,
                   .flags = kFirstOfRun,
                   .body = half,
                   .with_next = with_next};
    };
    if (tight) {
      journal.set_room(1);
      append_one(writer, 9, runs[8], "a");
      append_one(writer, 9, runs[8], "b");
      EXPECT_FALSE(writer.commit_pending() && writer.commit_pending());
      journal.set_room(100);
    }
    Draft drafts[] = {draft(0, false), draft(1, true),  draft(2, true), draft(3, false),
                      draft(4, false), draft(5, false), draft(6, true), draft(7, false)};
    EXPECT_EQ(writer.append(drafts), tight ? 10U : 8U);
    while (writer.commit_pending()) {
    }
    EXPECT_EQ(writer.durable(), tight ? 10U : 8U);
    if (tight) {
      EXPECT_THAT(journal.sizes(), ElementsAre(6, 2, 2)) << "2 to 4 together, and 7 with 8";
    }
    for (const RunPosition& run : runs) EXPECT_TRUE(tight || run.previous != 0 || &run == &runs[8]);
  }
}

TEST(WriterDeathTest, TheLastDraftHasNoneToBeWith) {
  MemoryJournal journal;
  Writer writer(journal, 0, false);
  RunPosition run;
  Draft draft{.run = 1,
              .previous = &run.previous,
              .chain = &run.chain,
              .flags = kFirstOfRun,
              .body = "a",
              .with_next = true};
  EXPECT_DEATH((void)writer.append({&draft, 1}), "the last draft has none after it");
}

TEST(WriterTest, GoesOnBehindWhatTheJournalHas) {
  MemoryJournal journal;
  ASSERT_TRUE(append(journal, numbered_batch(1, 5)));
  Writer writer(journal, 5, false);
  EXPECT_EQ(writer.durable(), 5u);
  RunPosition run;
  EXPECT_EQ(append_one(writer, 9, run, "x"), 6u);
}

TEST(WriterTest, NothingIsDurableBeforeItsCommit) {
  FaultyJournal journal;
  Writer writer(journal, 0, false);
  std::vector<Seq> acknowledged;
  writer.on_durable([&](const base::Result<Seq>& result) { acknowledged.push_back(*result); });
  EXPECT_FALSE(writer.commit_pending());
  RunPosition run;
  append_one(writer, 1, run, "a");
  append_one(writer, 1, run, "b");
  EXPECT_EQ(writer.durable(), 0u);
  EXPECT_TRUE(writer.commit_pending());
  EXPECT_EQ(writer.durable(), 2u);
  EXPECT_FALSE(writer.commit_pending());
  append_one(writer, 1, run, "c");
  EXPECT_TRUE(writer.commit_pending());
  EXPECT_THAT(acknowledged, ElementsAre(2, 3));
  EXPECT_THAT(journal.sizes(), ElementsAre(2, 1));
}

TEST(WriterTest, AFailureIsReportedOnceAndNothingIsAcknowledgedAfterIt) {
  for (int failing = 1; failing <= 5; ++failing) {
    FaultyJournal journal;
    journal.fail_from(failing);
    Writer writer(journal, 0, false);
    std::vector<Seq> acknowledged;
    std::vector<ErrorCode> errors;
    writer.on_durable([&](const base::Result<Seq>& result) {
      if (result) {
        acknowledged.push_back(*result);
      } else {
        errors.push_back(result.error().code);
      }
    });
    RunPosition run;
    for (int i = 0; i < 7; ++i) {
      append_one(writer, 1, run, "x");
      writer.commit_pending();
    }
    const auto before = static_cast<Seq>(failing - 1);
    EXPECT_EQ(run.previous, 7u) << "numbering goes on";
    EXPECT_EQ(acknowledged, numbers(1, before));
    EXPECT_THAT(errors, ElementsAre(ErrorCode::kStoreIo));
    EXPECT_EQ(writer.durable(), before);
    writer.trim(before);
    EXPECT_FALSE(writer.commit_pending());
    EXPECT_EQ(journal.appends(), failing) << "the journal is not tried again";
  }
}

TEST(WriterTest, AThreadReportsItsFailureOnce) {
  FaultyJournal journal;
  journal.fail_from(1);
  Acknowledged acknowledged;
  {
    Writer writer(journal, 0, true);
    writer.on_durable(acknowledged.callback());
    RunPosition run;
    append_one(writer, 1, run, "x");
    acknowledged.wait_for_error();
    for (int i = 0; i < 100; ++i) append_one(writer, 1, run, "x");
    writer.trim(1);
    EXPECT_EQ(run.previous, 101u);
  }
  EXPECT_EQ(acknowledged.error_count(), 1u);
  EXPECT_EQ(journal.appends(), 1);
}

// What a writer says, in order: "5", "full", "room", "failed".
void listen(Writer& writer, std::vector<std::string>& said) {
  writer.on_durable([&](const base::Result<Seq>& result) {
    said.push_back(result ? std::to_string(*result) : "failed");
  });
  writer.on_room([&](const base::Status& room) { said.push_back(room ? "room" : "full"); });
}

TEST(WriterTest, WithoutRoomTheQueueIsKeptAndCommittedLater) {
  FaultyJournal journal;
  Writer writer(journal, 0, false);
  std::vector<std::string> said;
  listen(writer, said);
  RunPosition run;
  append_one(writer, 1, run, "a");
  ASSERT_TRUE(writer.commit_pending());
  journal.set_room(0);
  append_one(writer, 1, run, "b");
  EXPECT_TRUE(writer.commit_pending()) << "tries with less at once";
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(writer.commit_pending());
  append_one(writer, 1, run, "c");
  EXPECT_FALSE(writer.commit_pending());
  EXPECT_EQ(writer.durable(), 1u);
  EXPECT_THAT(said, ElementsAre("1", "full"));
  journal.set_room(10);
  EXPECT_TRUE(writer.commit_pending());
  EXPECT_FALSE(writer.commit_pending());
  EXPECT_THAT(said, ElementsAre("1", "full", "room", "3"));
  EXPECT_EQ(scanned(journal, 1), numbers(1, 3));
}

TEST(WriterTest, WhatDoesNotFitAtOnceIsCommittedBatchByBatch) {
  FaultyJournal journal;
  journal.set_room(1);
  Writer writer(journal, 0, false);
  std::vector<std::string> said;
  listen(writer, said);
  RunPosition run;
  const std::string megabyte(1 << 20, 'x');
  for (int i = 0; i < 3; ++i) append_one(writer, 1, run, megabyte);
  while (writer.commit_pending()) {
  }
  EXPECT_THAT(said, ElementsAre("1", "2", "3")) << "it was never full";
  EXPECT_THAT(journal.sizes(), ElementsAre(1, 1, 1));
}

TEST(WriterTest, AFullJournalIsTrimmedBeforeItIsAppendedTo) {
  FaultyJournal journal;
  Writer writer(journal, 0, false);
  RunPosition run;
  for (int i = 0; i < 10; ++i) append_one(writer, 1, run, "x");
  writer.commit_pending();
  journal.set_room(0);
  append_one(writer, 1, run, "x");
  while (writer.commit_pending()) {
  }
  writer.trim(4);
  EXPECT_FALSE(writer.commit_pending());
  EXPECT_EQ(*journal.first(), 5u);
  EXPECT_EQ(writer.durable(), 10u);
}

TEST(WriterTest, AFailureWhileThereIsNoRoomIsFinal) {
  FaultyJournal journal;
  journal.set_room(0);
  Writer writer(journal, 0, false);
  std::vector<std::string> said;
  listen(writer, said);
  RunPosition run;
  append_one(writer, 1, run, "x");
  while (writer.commit_pending()) {
  }
  journal.fail_from(1);
  EXPECT_TRUE(writer.commit_pending());
  journal.set_room(10);
  EXPECT_FALSE(writer.commit_pending());
  EXPECT_THAT(said, ElementsAre("full", "failed"));
}

TEST(WriterTest, AThreadTriesAgainByItself) {
  FaultyJournal journal;
  journal.set_room(0);
  Acknowledged acknowledged;
  Writer writer(journal, 0, true);
  writer.on_durable(acknowledged.callback());
  writer.on_room([&](const base::Status& room) {
    if (!room) journal.set_room(10);
  });
  RunPosition run;
  append_one(writer, 1, run, "x");
  acknowledged.wait_for(1);
}

TEST(WriterTest, TheDestructorGivesUpWithoutRoom) {
  for (const bool threaded : {false, true}) {
    FaultyJournal journal;
    journal.set_room(0);
    {
      Writer writer(journal, 0, threaded);
      RunPosition run;
      append_one(writer, 1, run, "x");
    }
    EXPECT_EQ(*journal.last(), 0u);
  }
}

TEST(WriterTest, TheDestructorCommitsWhatIsQueued) {
  for (const bool threaded : {false, true}) {
    MemoryJournal journal;
    {
      Writer writer(journal, 0, threaded);
      RunPosition run;
      for (int i = 0; i < 100; ++i) append_one(writer, 1, run, "x");
    }
    EXPECT_EQ(*journal.last(), 100u);
  }
}

TEST(WriterTest, TheAcknowledgementMayAppend) {
  MemoryJournal journal;
  Acknowledged acknowledged;
  Writer writer(journal, 0, true);
  RunPosition run;
  writer.on_durable([&](const base::Result<Seq>& result) {
    if (*result == 1) append_one(writer, 1, run, "second");
    acknowledged.callback()(result);
  });
  append_one(writer, 1, run, "first");
  acknowledged.wait_for(2);
}

constexpr RunNumber kManyThreads = 4;
constexpr Seq kRecordsEach = 500;

TEST(WriterTest, ManyThreadsFillOneJournalWithoutGaps) {
  MemoryJournal journal;
  {
    Writer writer(journal, 0, true);
    std::vector<std::thread> threads;
    for (RunNumber run = 1; run <= kManyThreads; ++run) {
      threads.emplace_back([&writer, run] {
        RunPosition position;
        Seq last = 0;
        for (Seq i = 0; i < kRecordsEach; ++i) {
          const Seq seq = append_one(writer, run, position, "x");
          EXPECT_GT(seq, last);
          last = seq;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  EXPECT_EQ(scanned(journal, 1), numbers(1, kManyThreads * kRecordsEach));
}

TEST(WriterTest, ALongQueueBecomesSeveralCommits) {
  FaultyJournal journal;
  Writer writer(journal, 0, false);
  RunPosition run;
  const std::string megabyte(1 << 20, 'x');
  for (int i = 0; i < 70; ++i) append_one(writer, 1, run, megabyte);
  while (writer.commit_pending()) {
  }
  EXPECT_THAT(journal.sizes(), ElementsAre(64, 6));
  EXPECT_EQ(writer.durable(), 70u);
}

TEST(WriterTest, TrimsWithTheNextCommitAndAloneWhenIdle) {
  FaultyJournal journal;
  Writer writer(journal, 0, false);
  RunPosition run;
  for (int i = 0; i < 10; ++i) append_one(writer, 1, run, "x");
  writer.commit_pending();
  writer.trim(4);
  append_one(writer, 1, run, "x");
  EXPECT_TRUE(writer.commit_pending());
  EXPECT_EQ(*journal.first(), 5u);
  EXPECT_TRUE(writer.commit_pending()) << "finds that nothing is left to trim";
  EXPECT_FALSE(writer.commit_pending());
  writer.trim(8);
  EXPECT_TRUE(writer.commit_pending());
  EXPECT_EQ(*journal.first(), 9u);
  EXPECT_FALSE(writer.commit_pending());
  writer.trim(3);
  EXPECT_FALSE(writer.commit_pending()) << "it has gone further before";
}

TEST(WriterTest, TrimmingEverythingLeavesTheNewestRecord) {
  FaultyJournal journal;
  Writer writer(journal, 0, false);
  RunPosition run;
  for (int i = 0; i < 10; ++i) append_one(writer, 1, run, "x");
  writer.trim(10);
  while (writer.commit_pending()) {
  }
  EXPECT_EQ(*journal.first(), 10u);
  EXPECT_EQ(*journal.last(), 10u);
}

TEST(WriterDeathTest, AFirstRecordHasNoneBeforeIt) {
  MemoryJournal journal;
  Writer writer(journal, 0, false);
  Seq previous = 3;
  std::uint64_t chain = 0;
  Draft draft{.run = 1, .previous = &previous, .chain = &chain, .flags = kFirstOfRun, .body = ""};
  EXPECT_DEATH(writer.append({&draft, 1}), "first record");
}

// The batches taken from the queue are lost with the exception, so nothing may be written after
// them.
TEST(Writer, NothingIsAcknowledgedAfterACommitWithoutMemory) {
  FaultyJournal journal;
  journal.throw_at(2);
  std::vector<base::Result<Seq>> told;
  Writer writer(journal, 0, false);
  writer.on_durable([&](const base::Result<Seq>& result) { told.push_back(result); });
  RunPosition position;
  append_one(writer, 1, position, "a");
  EXPECT_TRUE(writer.commit_pending());
  append_one(writer, 1, position, "b");
  writer.commit_pending();
  append_one(writer, 1, position, "c");
  EXPECT_FALSE(writer.commit_pending());
  ASSERT_EQ(told.size(), 2u);
  EXPECT_EQ(*told[0], 1u);
  EXPECT_EQ(told[1].error().code, ErrorCode::kStoreIo);
  EXPECT_EQ(writer.durable(), 1u);
  EXPECT_EQ(*journal.last(), 1u);
}

// A record that knows its body when it is written.
class Late final : public Completion {
 public:
  explicit Late(std::vector<std::string>* log, std::string text)
      : log_(log), text_(std::move(text)) {}
  std::string body(Seq seq) override {
    log_->push_back(text_);
    return text_ + std::to_string(seq);
  }
  void sealed(std::uint64_t chain) override { chain_ = chain; }
  std::uint64_t chain() const { return chain_; }

 private:
  std::vector<std::string>* const log_;
  const std::string text_;
  std::uint64_t chain_ = 0;
};

std::vector<std::string> bodies_in(const Journal& journal, std::vector<RunPosition>* chains) {
  std::vector<std::string> bodies;
  EXPECT_TRUE(journal.scan(1, [&](Seq, std::string_view bytes) {
    std::size_t consumed = 0;
    const auto record = decode_record(bytes, &consumed);
    ASSERT_TRUE(record);
    bodies.emplace_back(record->body);
    RunPosition& position = (*chains)[record->run];
    EXPECT_EQ(record->previous, position.previous);
    EXPECT_TRUE(verify_record(*record, position.chain));
    position = {record->seq, record->chain};
  }));
  return bodies;
}

TEST(Writer, FinishesRecordsInTheirOrderWhenTheyAreWritten) {
  FaultyJournal journal;
  Writer writer(journal, 0, false);
  std::vector<std::string> log;
  std::vector<RunPosition> runs(4);
  const auto late = [&](RunNumber run, const std::string& text) {
    auto record = std::make_shared<Late>(&log, text);
    Draft draft{.run = run,
                .previous = &runs[run].previous,
                .chain = &runs[run].chain,
                .flags = static_cast<std::uint8_t>(runs[run].previous == 0 ? kFirstOfRun : 0),
                .completion = record};
    (void)writer.append({&draft, 1});
    return record;
  };
  append_one(writer, 1, runs[1], "a");
  append_one(writer, 2, runs[2], "b");
  const auto first = late(1, "first ");
  append_one(writer, 2, runs[2], "c");
  const auto second = late(3, "second ");
  const auto third = late(2, "third ");
  EXPECT_EQ(runs[1].previous, 3u);
  EXPECT_TRUE(log.empty());
  EXPECT_TRUE(writer.commit_pending());
  EXPECT_THAT(log, ElementsAre("first ", "second ", "third "));
  runs[1].chain = first->chain();
  append_one(writer, 1, runs[1], "d");
  EXPECT_TRUE(writer.commit_pending());
  std::vector<RunPosition> read(4);
  EXPECT_THAT(bodies_in(journal, &read),
              ElementsAre("a", "b", "first 3", "c", "second 5", "third 6", "d"));
  EXPECT_EQ(read[3].chain, second->chain());
  EXPECT_EQ(read[2].chain, third->chain());
}

// It has no body to write, and says so while it is asked for one.
class Stopping final : public Completion {
 public:
  explicit Stopping(Writer& writer) : writer_(writer) {}
  std::string body(Seq) override {
    writer_.stop({ErrorCode::kInvalidCodec, "it cannot be sealed"});
    return "open";
  }
  void sealed(std::uint64_t) override {}

 private:
  Writer& writer_;
};

TEST(Writer, WritesNothingOfABatchInWhichARecordCannotBeFinished) {
  FaultyJournal journal;
  Writer writer(journal, 0, false);
  std::vector<base::Result<Seq>> told;
  writer.on_durable([&](const base::Result<Seq>& durable) { told.push_back(durable); });
  std::vector<RunPosition> runs(3);
  append_one(writer, 1, runs[1], "a");
  EXPECT_TRUE(writer.commit_pending());
  append_one(writer, 1, runs[1], "b");
  Draft draft{.run = 2,
              .previous = &runs[2].previous,
              .chain = &runs[2].chain,
              .flags = kFirstOfRun,
              .completion = std::make_shared<Stopping>(writer)};
  (void)writer.append({&draft, 1});
  append_one(writer, 1, runs[1], "c");
  (void)writer.commit_pending();
  EXPECT_FALSE(writer.commit_pending());
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[1].error().code, ErrorCode::kInvalidCodec);
  EXPECT_EQ(*journal.last(), 1U);
  EXPECT_EQ(writer.durable(), 1U);
}

TEST(Writer, FinishesARecordOnceWhateverRoomThereIs) {
  FaultyJournal journal;
  Writer writer(journal, 0, false);
  std::vector<std::string> log;
  constexpr std::size_t kMany = 200;  // several batches
  std::vector<RunPosition> runs(kMany + 1);
  for (RunNumber run = 1; run <= kMany; ++run) {
    Draft draft{.run = run,
                .previous = &runs[run].previous,
                .chain = &runs[run].chain,
                .flags = kFirstOfRun,
                .completion = std::make_shared<Late>(&log, "x")};
    (void)writer.append({&draft, 1});
  }
  journal.set_room(70);
  while (*journal.last() < kMany) (void)writer.commit_pending();
  EXPECT_EQ(log.size(), kMany);
  std::vector<RunPosition> read(kMany + 1);
  EXPECT_EQ(bodies_in(journal, &read).size(), kMany);
}

}  // namespace
}  // namespace reprise::store::writer_test
