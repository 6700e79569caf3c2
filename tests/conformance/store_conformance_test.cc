// The store as a whole: a writer fills the journal, an archiver moves records into the archive and
// has them trimmed, and a reader always gets the whole history.
#include <atomic>
#include <map>
#include <thread>

#include <gmock/gmock.h>

#include "store/writer.h"
#include "tests/conformance/implementations.h"

namespace reprise::store::store_conformance_test {
namespace {

using WholeStoreConformance = StoreConformance;
INSTANTIATE_TEST_SUITE_P(Stores, WholeStoreConformance, all_implementations(), implementation_name);

// A run as an engine would know it.
struct RunPosition {
  RunNumber number = 0;
  Seq last = 0;
  std::uint64_t chain = 0;
  std::vector<Seq> records{};
};

void add_record(Writer& writer, RunPosition& run) {
  const std::string body =
      "run " + std::to_string(run.number) + " record " + std::to_string(run.records.size() + 1);
  Draft draft{.run = run.number,
              .previous = &run.last,
              .chain = &run.chain,
              .flags = static_cast<std::uint8_t>(run.last == 0 ? kFirstOfRun : 0),
              .body = body};
  run.records.push_back(writer.append({&draft, 1}));
}

// One chunk per run of everything durable.
Seq archive_some(const Journal& journal, Archive& archive, Seq limit) {
  std::map<RunNumber, Chunk> chunks;
  const Seq before = *archive.through();
  Seq through = before;
  EXPECT_TRUE(journal.scan(before + 1, [&](Seq seq, std::string_view bytes) {
    std::size_t size = 0;
    Chunk& chunk = chunks[decode_record(bytes, &size)->run];
    chunk.run = decode_record(bytes, &size)->run;
    chunk.last = seq;
    chunk.records += bytes;
    through = seq;
    return base::go_on_if(seq < before + limit);
  }));
  ArchiveBatch batch{.through = through, .next_run = 1, .chunks = {}, .summaries = {}};
  for (auto& [run, chunk] : chunks) batch.chunks.push_back(std::move(chunk));
  if (through > before) {
    EXPECT_TRUE(archive.commit(batch));
  }
  return through;
}

std::vector<Seq> history(const Store& store, RunNumber run, Seq last) {
  std::vector<Seq> seen;
  const auto read =
      read_history(store.journal(), store.archive(), run, last, [&](const Record& record) {
        EXPECT_EQ(record.run, run);
        seen.push_back(record.seq);
      });
  EXPECT_TRUE(read) << read.error().text();
  return seen;
}

TEST_P(WholeStoreConformance, HistoriesAreWholeAtEveryMomentOfTheirWayIntoTheArchive) {
  Writer writer(journal(), *journal().last(), false);
  std::vector<RunPosition> runs;
  for (RunNumber number = 1; number <= 5; ++number) runs.push_back({.number = number});
  for (int round = 0; round < 40; ++round) {
    for (RunPosition& run : runs) {
      if (round % static_cast<int>(run.number) == 0) add_record(writer, run);
    }
    writer.commit_pending();
    if (round % 7 == 0) writer.trim(archive_some(journal(), archive(), 13));
    for (const RunPosition& run : runs) {
      EXPECT_EQ(history(*store_, run.number, run.last), run.records);
      EXPECT_EQ(history(*store_, run.number, 0), run.records);
    }
  }
  while (writer.commit_pending()) {
  }
  EXPECT_GT(*journal().first(), 1u);
  EXPECT_LE(*journal().first(), *archive().through() + 1);
}

TEST_P(WholeStoreConformance, EverythingIsThereAfterReopening) {
  std::vector<RunPosition> runs{{.number = 1}, {.number = 2}};
  {
    Writer writer(journal(), 0, true);
    for (int i = 0; i < 100; ++i) add_record(writer, runs[static_cast<std::size_t>(i % 2)]);
  }
  {
    Writer writer(journal(), 100, false);
    writer.trim(archive_some(journal(), archive(), 60));
    while (writer.commit_pending()) {
    }
  }
  if (!reopen()) return;
  EXPECT_EQ(*journal().first(), 61u);
  for (RunPosition& run : runs) EXPECT_EQ(history(*store_, run.number, 0), run.records);
  {
    Writer writer(journal(), *journal().last(), true);
    for (RunPosition& run : runs) add_record(writer, run);
  }
  for (const RunPosition& run : runs)
    EXPECT_EQ(history(*store_, run.number, run.last), run.records);
}

constexpr Seq kRecords = 3000;

TEST_P(WholeStoreConformance, HistoriesAreReadWhileAllIsBeingWrittenArchivedAndTrimmed) {
  std::atomic<Seq> durable = 0;
  std::atomic<bool> done = false;
  Writer writer(journal(), 0, true);
  writer.on_durable([&](const base::Result<Seq>& seq) { durable = *seq; });
  std::thread archiver([&] {
    while (!done) writer.trim(archive_some(journal(), archive(), 200));
  });
  std::thread reader([&] {
    std::size_t before = 0;
    while (!done) {
      if (durable == 0) continue;
      const std::size_t now = history(*store_, 1, 0).size();
      EXPECT_GE(now, before);
      before = now;
    }
  });
  RunPosition one{.number = 1};
  RunPosition two{.number = 2};
  for (Seq i = 0; i < kRecords; ++i) {
    add_record(writer, i % 3 == 0 ? one : two);
    if (i % 50 == 49) {
      while (durable < i + 1) std::this_thread::yield();
      EXPECT_EQ(history(*store_, 1, one.last), one.records);
    }
  }
  done = true;
  archiver.join();
  reader.join();
  EXPECT_EQ(history(*store_, 2, 0), two.records);
}

TEST_P(WholeStoreConformance, AttemptSlotsAreTakenAndReleased) {
  AttemptSlots& slots = store_->attempt_slots();
  EXPECT_TRUE(slots.left_over().empty());
  const auto first = slots.take({.run = 1, .operation = 2, .attempt = 3});
  const auto second = slots.take({.run = 2, .operation = 2, .attempt = 3});
  EXPECT_NE(first, second);
  slots.release(first);
  EXPECT_EQ(slots.take({.run = 4, .operation = 1, .attempt = 1}), first);
}

}  // namespace
}  // namespace reprise::store::store_conformance_test
