#include "runtime/engine/run_table.h"

#include <map>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace reprise::runtime::run_table_test {
namespace {

RunState state(store::RunNumber number, const std::string& workflow_id, store::Seq last = 1) {
  RunState state;
  state.number = number;
  state.id = base::RunId::make(base::Time{}, number, number);
  state.workflow_id = workflow_id;
  state.last_seq = last;
  return state;
}

TEST(RunTable, FindsByNumberAndById) {
  RunTable table;
  for (store::RunNumber number = 1; number <= 5'000; ++number) {
    table.add(state(number, "order-" + std::to_string(number)));
  }
  EXPECT_EQ(table.size(), 5'000u);
  for (store::RunNumber number = 1; number <= 5'000; ++number) {
    KnownRun* record = table.find(number);
    ASSERT_NE(record, nullptr);
    EXPECT_EQ(record->state.number, number);
    EXPECT_EQ(table.find("order-" + std::to_string(number)), record);
  }
  EXPECT_EQ(table.find(5'001), nullptr);
  EXPECT_EQ(table.find("order-5001"), nullptr);
  std::size_t visited = 0;
  table.for_each([&](KnownRun&) { ++visited; });
  EXPECT_EQ(visited, 5'000u);
}

// Its last record is not with the writer: the number of the one before it says nothing.
TEST(RunTable, ARunThatHasJustEndedIsFoundWhileOthersOfItsIdAreForgotten) {
  RunTable table;
  for (store::RunNumber number = 1; number <= 3; ++number) {
    table.add(state(number, "order", number));
  }
  KnownRun& oldest = *table.find(store::RunNumber{1});
  KnownRun& ending = *table.find(store::RunNumber{2});
  oldest.state.status = RunStatus::kCompleted;
  ending.state.status = RunStatus::kCompleted;
  ending.appending = true;
  table.closed(oldest);
  table.forget_archived(10);
  EXPECT_EQ(table.find(store::RunNumber{1}), nullptr);
  EXPECT_EQ(table.find("order", ending.state.id), &ending);
}

TEST(RunTable, GuessesByTheHashAlone) {
  RunTable table;
  EXPECT_EQ(table.guess(1), nullptr);
  for (store::RunNumber number = 1; number <= 5'000; ++number) {
    table.add(state(number, "order-" + std::to_string(number)));
  }
  std::size_t right = 0;
  for (store::RunNumber number = 1; number <= 5'000; ++number) {
    table.prefetch(number);
    const KnownRun* const guessed = table.guess(number);
    ASSERT_NE(guessed, nullptr);
    if (guessed == table.find(number)) ++right;
  }
  EXPECT_GT(right, 4'900u);
}

TEST(RunTable, TheNewestRunHasTheIdAndTheOldersAreFoundByTheirOwn) {
  RunTable table;
  for (store::RunNumber number = 1; number <= 3; ++number)
    table.add(state(number, "order", number));
  EXPECT_EQ(table.find("order")->state.number, 3u);
  for (store::RunNumber number = 1; number <= 3; ++number) {
    const base::RunId id = base::RunId::make(base::Time{}, number, number);
    EXPECT_EQ(table.find("order", id)->state.number, number);
  }
  // The one in the middle goes first.
  table.closed(*table.find(store::RunNumber{2}));
  table.forget_archived(10);
  EXPECT_EQ(table.find(store::RunNumber{2}), nullptr);
  EXPECT_EQ(table.find("order")->state.number, 3u);
  EXPECT_EQ(table.find("order")->older->state.number, 1u);
  // The newest stays for as long as an older one would answer to its id.
  table.closed(*table.find("order"));
  table.forget_archived(10);
  EXPECT_EQ(table.find("order")->state.number, 3u);
  table.closed(*table.find(store::RunNumber{1}));
  table.forget_archived(10);
  table.forget_archived(10);
  EXPECT_EQ(table.find("order"), nullptr);
  EXPECT_EQ(table.size(), 0u);
}

// A step of the older run is still under way, which keeps that one in memory.
TEST(RunTable, AnOlderRunInMemoryDoesNotAnswerForTheNewest) {
  RunTable table;
  table.add(state(1, "order", 1)).place = reinterpret_cast<Host::Place>(8);  // never looked into
  table.add(state(2, "order", 2));
  table.closed(*table.find(store::RunNumber{1}));
  table.closed(*table.find(store::RunNumber{2}));
  table.forget_archived(5);
  EXPECT_EQ(table.find("order")->state.number, 2u);
  table.find(store::RunNumber{1})->place = nullptr;
  table.forget_archived(5);
  table.forget_archived(5);
  EXPECT_EQ(table.size(), 0u);
}

TEST(RunTable, ForgetsOnlyWhatIsArchived) {
  RunTable table;
  table.add(state(1, "a", 5));
  table.add(state(2, "b", 9));
  table.closed(*table.find("a"));
  table.closed(*table.find("b"));
  table.forget_archived(4);
  EXPECT_EQ(table.size(), 2u);
  table.forget_archived(5);
  EXPECT_EQ(table.find("a"), nullptr);
  EXPECT_NE(table.find("b"), nullptr);
  table.forget_archived(9);
  EXPECT_EQ(table.size(), 0u);
}

TEST(RunTable, KeepsRunsThatAreInMemory) {
  RunTable table;
  table.add(state(1, "a", 1)).place = reinterpret_cast<Host::Place>(8);  // never looked into
  table.add(state(2, "b", 2));
  table.closed(*table.find("a"));
  table.closed(*table.find("b"));
  table.forget_archived(5);
  ASSERT_NE(table.find("a"), nullptr);
  EXPECT_EQ(table.find("b"), nullptr);
  table.find("a")->place = nullptr;
  table.forget_archived(5);
  EXPECT_EQ(table.find("a"), nullptr);
}

// Hashes of our own choice: all alike, and such that probing goes round the end of the table.
TEST(RunIndex, FindsWhatSharesAHash) {
  for (const std::uint32_t hash : {0u, 62u, 63u, 0xffffffffu}) {
    std::vector<KnownRun> records(40);
    RunIndex index;
    for (std::size_t i = 0; i < records.size(); ++i) {
      records[i].state.number = i;
      index.add(hash + static_cast<std::uint32_t>(i % 3), &records[i]);
    }
    const auto found = [&](std::size_t i) {
      return index.find(hash + static_cast<std::uint32_t>(i % 3),
                        [&](const KnownRun& record) { return record.state.number == i; });
    };
    // Every third goes first, then the others from the front: holes in all places.
    for (std::size_t i = 0; i < records.size(); i += 3) {
      index.remove(hash + static_cast<std::uint32_t>(i % 3), &records[i]);
    }
    for (std::size_t i = 0; i < records.size(); ++i) {
      EXPECT_EQ(found(i), i % 3 == 0 ? nullptr : &records[i]) << i;
    }
    for (std::size_t i = 0; i < records.size(); ++i) {
      if (i % 3 == 0) continue;
      index.remove(hash + static_cast<std::uint32_t>(i % 3), &records[i]);
      EXPECT_EQ(found(i), nullptr);
    }
    EXPECT_EQ(index.size(), 0u);
  }
}

proto::Turn closing_turn() {
  proto::Turn turn;
  turn.add_commands()->mutable_run_continued_as_new();
  return turn;
}

// A long chain is forgotten in one walk, not in one for each of its runs.
TEST(RunTable, AChainIsForgottenWithoutWalkingItForEachRun) {
  constexpr store::RunNumber kRuns = 100'000;
  Names names;
  RunTable table;
  for (store::RunNumber number = 1; number <= kRuns; ++number) {
    KnownRun& run = table.add(state(number, "order", number));
    if (number == kRuns) break;
    run.state.apply(closing_turn(), names);
    table.closed(run);
  }
  table.forget_archived(kRuns / 2);
  EXPECT_EQ(table.size(), kRuns / 2);
  std::size_t linked = 0;
  for (const KnownRun* run = table.find("order"); run != nullptr; run = run->older) ++linked;
  EXPECT_EQ(linked, kRuns / 2);
  EXPECT_EQ(table.find(kRuns / 2), nullptr);
  EXPECT_NE(table.find(kRuns / 2 + 1), nullptr);
  table.forget_archived(kRuns);
  EXPECT_EQ(table.size(), 1U);
  EXPECT_EQ(table.find("order")->older, nullptr);
}

// One that is quarantined stays, and is found.
TEST(RunTable, AQuarantinedRunOfAChainStaysInItsPlace) {
  Names names;
  RunTable table;
  std::vector<KnownRun*> runs;
  for (store::RunNumber number = 1; number <= 9; ++number) {
    runs.push_back(&table.add(state(number, "order", number)));
    if (number == 9) break;
    runs.back()->state.apply(closing_turn(), names);
    runs.back()->overtaken = number == 4;
    table.closed(*runs.back());
  }
  table.forget_archived(7);
  EXPECT_EQ(table.size(), 3U);
  EXPECT_EQ(table.find("order", runs[3]->state.id), runs[3]);
  EXPECT_EQ(table.find("order")->older, runs[7]);
  EXPECT_EQ(runs[7]->older, runs[3]);
  EXPECT_EQ(runs[3]->older, nullptr);
}

// Against a model, so that a removal that leaves a hole in somebody's way is found.
TEST(RunTable, BehavesLikeAMapUnderAnyOrderOfAddingAndForgetting) {
  std::mt19937 random(7);
  RunTable table;
  std::map<store::RunNumber, std::string> model;
  store::RunNumber next = 1;
  for (int i = 0; i < 20'000; ++i) {
    if (model.empty() || random() % 100 < (i % 4'000 < 2'000 ? 70u : 30u)) {
      const std::string id = "id-" + std::to_string(random());
      table.add(state(next, id));
      model[next++] = id;
    } else {
      auto victim = model.lower_bound(random() % next);
      if (victim == model.end()) victim = model.begin();
      table.closed(*table.find(victim->first));
      table.forget_archived(1);
      model.erase(victim);
    }
    ASSERT_EQ(table.size(), model.size());
    if (i % 500 != 0) continue;
    for (const auto& [number, id] : model) {
      ASSERT_NE(table.find(number), nullptr);
      ASSERT_EQ(table.find(id), table.find(number));
    }
  }
}

}  // namespace
}  // namespace reprise::runtime::run_table_test
