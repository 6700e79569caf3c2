// Reading a store beside the engine that writes it in another process, and stores that are damaged.
#include "runtime/engine/store_reader.h"

#include <algorithm>
#include <fstream>
#include <set>

#include <gmock/gmock.h>

#include "runtime/history/history.h"
#include "tests/rot/workload.h"
#include "tests/support/other_engine.h"
#include "tests/support/temporary_directory.h"

namespace reprise::runtime::store_reader_test {
namespace {

using reprise::testing::OtherEngine;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr int kWaiters = 5;

std::string waiter(int i) {
  return "waiter-" + std::to_string(i);
}

// What the other process does: 's' starts runs that wait, 'g' sends each a signal, 'e' ends the
// first two, 'l' writes for long.
OtherEngine::Serve serve(const std::string& directory, std::size_t archive_slice) {
  auto opened = rot::Workbench::open(directory, archive_slice);
  if (!opened) return nullptr;
  std::shared_ptr<rot::Workbench> bench = std::move(*opened);
  bench->start_worker();
  const auto signal_all = [](rot::Workbench& with) {
    bool taken = true;
    for (int i = 0; i < kWaiters; ++i) taken = with.signal(waiter(i), "some text") && taken;
    return taken;
  };
  return [=](char command) mutable {
    switch (command) {
      case 's': {
        bool started = bench->start("quick", "quick-0") && bench->start("sleeper", "sleeper-0");
        for (int i = 0; i < kWaiters; ++i) started = bench->start("waiter", waiter(i)) && started;
        return started;
      }
      case 'g':
        return signal_all(*bench);
      case 'e':
        return bench->signal(waiter(0), "end") && bench->signal(waiter(1), "end");
      case 'l': {
        bool taken = true;
        for (int round = 0; round < 300; ++round) taken = signal_all(*bench) && taken;
        return taken;
      }
      default:
        return false;
    }
  };
}

class StoreReaderTest : public ::testing::Test {
 protected:
  std::unique_ptr<StoreReader> open() {
    auto reader = StoreReader::open(store_);
    EXPECT_TRUE(reader) << reader.error().text();
    return reader ? std::move(*reader) : nullptr;
  }
  static std::vector<std::string> ids(StoreReader& reader, RunStatus status, bool newest_first) {
    std::vector<std::string> found;
    EXPECT_TRUE(reader.visit(status, newest_first, [&](const StoreReader::Run& run) {
      found.push_back(run->workflow_id);
    }));
    return found;
  }
  // How many events the store has of a run; the history is whole, and as long as the run says.
  static std::uint64_t events_of(const StoreReader& reader, const RunState& run) {
    const auto history = reader.history(run);
    EXPECT_TRUE(history) << history.error().text();
    if (!history) return 0;
    EXPECT_EQ(run_info(*history).workflow_id, run.workflow_id);
    EXPECT_EQ(count_events(*history), run.events);
    return count_events(*history);
  }
  // Where `text` lies in a file, each place gets one wrong bit. By a process of its own: closing
  // its file would take LMDB's locks away from this one.
  void damage(const std::string& file, const std::string& text) {
    const OtherEngine other([&]() -> OtherEngine::Serve {
      std::fstream stream(store_ + file, std::ios::in | std::ios::out | std::ios::binary);
      const std::string bytes((std::istreambuf_iterator<char>(stream)), {});
      if (bytes.find(text) == std::string::npos) return nullptr;
      for (auto at = bytes.find(text); at != std::string::npos; at = bytes.find(text, at + 1)) {
        stream.clear();
        stream.seekp(static_cast<std::streamoff>(at));
        stream.put(static_cast<char>(bytes[at] ^ 1));
      }
      return [](char) { return true; };
    });
  }

  testing::TemporaryDirectory directory_;
  const std::string store_ = directory_ / "orders.db";
};

TEST_F(StoreReaderTest, SeesWhatAnEngineInAnotherProcessWrites) {
  OtherEngine engine([&] { return serve(store_, 10); });
  const auto reader = open();
  ASSERT_TRUE(reader);
  EXPECT_THAT(reader->recent(), IsEmpty());

  ASSERT_TRUE(engine.run('s'));
  EXPECT_THAT(ids(*reader, RunStatus::kRunning, false), IsEmpty()) << "not before a refresh";
  ASSERT_TRUE(reader->refresh());
  EXPECT_THAT(ids(*reader, RunStatus::kRunning, false),
              ElementsAre("sleeper-0", "waiter-0", "waiter-1", "waiter-2", "waiter-3", "waiter-4"));
  EXPECT_THAT(ids(*reader, RunStatus::kCompleted, false), ElementsAre("quick-0"));

  ASSERT_TRUE(engine.run('e'));
  ASSERT_TRUE(reader->refresh());
  EXPECT_THAT(ids(*reader, RunStatus::kRunning, true),
              ElementsAre("waiter-4", "waiter-3", "waiter-2", "sleeper-0"));
  EXPECT_THAT(ids(*reader, RunStatus::kCompleted, true),
              ElementsAre("waiter-1", "waiter-0", "quick-0"));
  EXPECT_THAT(ids(*reader, RunStatus::kFailed, true), IsEmpty());
}

TEST_F(StoreReaderTest, FindsARunByEitherId) {
  OtherEngine engine([&] { return serve(store_, 10); });
  ASSERT_TRUE(engine.run('s') && engine.run('g') && engine.run('e'));
  const auto reader = open();
  ASSERT_TRUE(reader);
  for (const char* id : {"waiter-0", "waiter-4", "quick-0"}) {
    const auto run = reader->find(id);
    ASSERT_TRUE(run) << run.error().text();
    EXPECT_EQ((*run)->workflow_id, id);
    const auto same = reader->find((*run)->id.to_string());
    ASSERT_TRUE(same) << same.error().text();
    EXPECT_EQ((*same)->number, (*run)->number);
    EXPECT_EQ(reader->damage((*run)->number), nullptr);
  }
  for (const char* id : {"waiter-5", "", "00000000-0000-7000-8000-000000000000"}) {
    const auto none = reader->find(id);
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code, base::ErrorCode::kNotFound);
  }
  const auto none = reader->find(store::RunNumber{1'000});
  ASSERT_TRUE(none);
  EXPECT_EQ(*none, nullptr);
}

// The archiver takes every tenth record away from the journal while histories are read from both.
TEST_F(StoreReaderTest, HistoriesAreWholeWhileTheEngineWritesAndArchives) {
  OtherEngine engine([&] { return serve(store_, 10); });
  ASSERT_TRUE(engine.run('s'));
  const auto reader = open();
  ASSERT_TRUE(reader);
  const auto first = reader->find("waiter-2");
  ASSERT_TRUE(first);
  const std::uint64_t first_events = events_of(*reader, **first);

  engine.begin('l');
  std::uint64_t seen = 0;
  std::set<store::Seq> archived;
  while (!engine.has_finished()) {
    const base::Status refreshed = reader->refresh();
    ASSERT_TRUE(refreshed) << refreshed.error().text();
    for (int i = 0; i < kWaiters; ++i) {
      const auto run = reader->find(waiter(i));
      ASSERT_TRUE(run) << run.error().text();
      const std::uint64_t events = events_of(*reader, **run);
      if (i == 2) {
        EXPECT_GE(events, seen);
        seen = events;
      }
    }
    archived.insert(reader->store().archive().through().value());
  }
  EXPECT_TRUE(engine.finish());
  EXPECT_GT(archived.size(), 1u) << "nothing was archived while this read";
  // What was known of a run at first is still what its history begins with.
  EXPECT_EQ(events_of(*reader, **first), first_events);
  ASSERT_TRUE(reader->refresh());
  EXPECT_EQ(events_of(*reader, **reader->find("waiter-2")), first_events + 300 * 3);
}

TEST_F(StoreReaderTest, TurnsComeInTheOrderOfTheLog) {
  OtherEngine engine([&] { return serve(store_, 10); });
  ASSERT_TRUE(engine.run('s') && engine.run('g') && engine.run('g'));
  const auto reader = open();
  ASSERT_TRUE(reader);
  const auto run = reader->find("waiter-3");
  ASSERT_TRUE(run);
  proto::History turns;
  turns.set_format(kHistoryFormat);
  store::Seq last = 0;
  ASSERT_TRUE(reader->visit_turns(**run, [&](store::Seq seq, const proto::Turn& turn) {
    EXPECT_GT(seq, last);
    last = seq;
    *turns.add_turns() = turn;
  }));
  EXPECT_EQ(last, (*run)->last_seq);
  EXPECT_EQ(encode_history(turns), encode_history(*reader->history(**run)));
}

TEST_F(StoreReaderTest, VisitsInTheOrderOfTheStartsFromBothPartsOfTheStore) {
  const auto all = rot::make_store(store_, [] {});
  const auto reader = open();
  ASSERT_TRUE(reader);
  std::vector<std::string> seen;
  for (const RunStatus status : {RunStatus::kRunning, RunStatus::kCompleted}) {
    store::RunNumber last = 0;
    std::size_t archived = 0;
    ASSERT_TRUE(reader->visit(status, false, [&](const StoreReader::Run& run) {
      EXPECT_GT(run->number, last);
      EXPECT_EQ(run->status, status);
      last = run->number;
      archived += reader->recent().contains(run->number) ? 0 : 1;
      seen.push_back(run->workflow_id);
    }));
    auto backwards = ids(*reader, status, true);
    std::reverse(backwards.begin(), backwards.end());
    EXPECT_EQ(backwards, ids(*reader, status, false));
    if (status == RunStatus::kCompleted) {
      EXPECT_GT(archived, 0u);
    }
  }
  EXPECT_THAT(reader->recent(), SizeIs(::testing::Gt(0u)));
  EXPECT_THAT(seen, ::testing::UnorderedElementsAreArray(all));
}

TEST_F(StoreReaderTest, AVisitCanStop) {
  (void)rot::make_store(store_, [] {});
  const auto reader = open();
  ASSERT_TRUE(reader);
  for (const bool newest_first : {true, false}) {
    std::size_t seen = 0;
    ASSERT_TRUE(reader->visit(RunStatus::kCompleted, newest_first,
                              [&](const StoreReader::Run&) { return base::go_on_if(++seen < 3); }));
    EXPECT_EQ(seen, 3u);
  }
}

TEST_F(StoreReaderTest, ADamagedRunIsQuarantinedAndTheOthersAreRead) {
  const auto all = rot::make_store(store_, [] {});
  damage("/archive/data.mdb", "waiter-10:p");
  const auto reader = open();
  ASSERT_TRUE(reader);
  const auto damaged = reader->find("waiter-10");
  ASSERT_TRUE(damaged) << damaged.error().text();
  const std::string* const why = reader->damage((*damaged)->number);
  ASSERT_NE(why, nullptr);
  EXPECT_THAT(*why, HasSubstr("does not verify"));
  const auto history = reader->history(**damaged);
  ASSERT_FALSE(history);
  EXPECT_EQ(history.error().code, base::ErrorCode::kStoreDamaged);
  for (const std::string& id : all) {
    if (id == "waiter-10") continue;
    const auto run = reader->find(id);
    ASSERT_TRUE(run) << id;
    EXPECT_EQ(reader->damage((*run)->number), nullptr) << id;
    events_of(*reader, **run);
  }
}

// Damage that an archive too large to be read whole when it is opened may have.
TEST_F(StoreReaderTest, ARunWithoutAReadableSummaryIsListedAsSuch) {
  const auto all = rot::make_store(store_, [] {});
  const auto reader = open();
  ASSERT_TRUE(reader);
  const auto quick = reader->find("quick-8");
  ASSERT_TRUE(quick);
  ASSERT_FALSE(reader->recent().contains((*quick)->number)) << "it should be archived";
  damage("/archive/data.mdb", "quick-8");
  std::size_t unreadable = 0;
  std::size_t seen = 0;
  ASSERT_TRUE(reader->visit(RunStatus::kCompleted, true, [&](const StoreReader::Run& run) {
    ++seen;
    if (run->number != (*quick)->number) return;
    ++unreadable;
    EXPECT_EQ(*run->workflow, "(unreadable)");
    EXPECT_NE(reader->damage(run->number), nullptr);
  }));
  EXPECT_EQ(unreadable, 1u);
  EXPECT_EQ(seen, ids(*reader, RunStatus::kCompleted, false).size());
}

TEST_F(StoreReaderTest, WhatIsNoStoreIsRefused) {
  const auto reader = StoreReader::open(directory_ / "nothing");
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().code, base::ErrorCode::kStoreMissing);
}

}  // namespace
}  // namespace reprise::runtime::store_reader_test
