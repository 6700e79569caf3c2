#include <atomic>
#include <thread>

#include <gmock/gmock.h>

#include "tests/conformance/implementations.h"

namespace reprise::store::archive_conformance_test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ArchiveConformance : public StoreConformance {
 protected:
  void commit(std::vector<Chunk> chunks, std::vector<SummaryUpdate> summaries) {
    ASSERT_TRUE(archive().commit({.through = ++through_,
                                  .next_run = 100,
                                  .chunks = std::move(chunks),
                                  .summaries = std::move(summaries)}));
  }
  void add_keys(const std::vector<std::pair<std::string, RunNumber>>& keys) {
    std::vector<SummaryUpdate> updates;
    updates.reserve(keys.size());
    for (const auto& [key, run] : keys) {
      updates.push_back(
          {.run = run, .workflow_id = {}, .summary = "s", .add_key = key, .remove_key = {}});
    }
    commit({}, std::move(updates));
  }

  std::optional<RunNumber> find(std::string_view id, std::string_view summary = "") {
    const auto found = archive().find(
        id, [&](RunNumber, std::string_view candidate) { return summary.empty() || candidate == summary; });
    EXPECT_TRUE(found);
    return *found;
  }
  std::vector<std::string> list(std::string_view prefix,
                                std::string_view after = {},
                                bool descending = false,
                                std::size_t limit = 100) {
    std::vector<std::string> seen;
    EXPECT_TRUE(archive().list(prefix, after, descending, [&](std::string_view key, RunNumber run) {
      seen.push_back(std::string(key) + "=" + std::to_string(run));
      return base::go_on_if(seen.size() < limit);
    }));
    return seen;
  }
  std::vector<std::string> history(RunNumber run, std::size_t limit = 100) {
    std::vector<std::string> seen;
    EXPECT_TRUE(archive().history(run, [&](std::string_view records) {
      seen.emplace_back(records);
      return base::go_on_if(seen.size() < limit);
    }));
    return seen;
  }

  Seq through_ = 0;
};

SummaryUpdate first_summary(RunNumber run, std::string id, std::string summary) {
  return {.run = run,
          .workflow_id = std::move(id),
          .summary = std::move(summary),
          .add_key = {},
          .remove_key = {}};
}

INSTANTIATE_TEST_SUITE_P(Stores, ArchiveConformance, all_implementations(), implementation_name);

TEST_P(ArchiveConformance, ANewArchiveIsEmpty) {
  EXPECT_EQ(*archive().through(), 0u);
  EXPECT_EQ(*archive().next_run(), 1u);
  EXPECT_EQ(*archive().summary(1), std::nullopt);
  EXPECT_EQ(find("order-7"), std::nullopt);
  EXPECT_THAT(list(""), IsEmpty());
  EXPECT_THAT(history(1), IsEmpty());
  EXPECT_TRUE(archive().bytes_on_disk());
}

TEST_P(ArchiveConformance, EverythingOfABatchIsThereAndStaysThere) {
  ASSERT_TRUE(append(journal(), numbered_batch(1, 17)));
  ASSERT_TRUE(archive().commit({.through = 17,
                                .next_run = 5,
                                .chunks = {{.run = 4, .last = 17, .records = "records"}},
                                .summaries = {{.run = 4,
                                               .workflow_id = "order-7",
                                               .summary = "summary",
                                               .add_key = "open",
                                               .remove_key = {}}}}));
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(*archive().through(), 17u);
    EXPECT_EQ(*archive().next_run(), 5u);
    EXPECT_EQ(*archive().summary(4), "summary");
    EXPECT_EQ(find("order-7"), 4u);
    EXPECT_THAT(list("open"), ElementsAre("open=4"));
    EXPECT_THAT(history(4), ElementsAre("records"));
    if (!reopen()) break;
  }
}

TEST_P(ArchiveConformance, ALaterSummaryReplacesTheEarlierOne) {
  commit({}, {first_summary(1, "a", "one"), first_summary(1, "", "two")});
  EXPECT_EQ(*archive().summary(1), "two");
  commit({}, {first_summary(1, "", "three")});
  EXPECT_EQ(*archive().summary(1), "three");
  EXPECT_EQ(find("a"), 1u);
}

TEST_P(ArchiveConformance, TheNewestRunOfAnIdIsFound) {
  commit({}, {first_summary(1, "order-7", "a"), first_summary(2, "order-8", "b")});
  EXPECT_EQ(find("order-7"), 1u);
  commit({}, {first_summary(300, "order-7", "c"), first_summary(5, "order-7", "d")});
  EXPECT_EQ(find("order-7"), 300u);
  EXPECT_EQ(find("order-8"), 2u);
  EXPECT_EQ(find("order-9"), std::nullopt);
}

TEST_P(ArchiveConformance, AnIdOfAnyLengthIsFound) {
  const std::string long_id(10'000, 'i');
  commit({}, {first_summary(1, long_id, "a")});
  EXPECT_EQ(find(long_id), 1u);
}

TEST_P(ArchiveConformance, AnIdMayHoldZeroBytes) {
  const std::string with_zero("a\0bcdefgh", 10);
  commit({}, {first_summary(1, with_zero, "a"), first_summary(2, std::string("a\0", 2), "b")});
  EXPECT_EQ(find("a"), std::nullopt);
  EXPECT_EQ(find(with_zero), 1u);
  commit({}, {first_summary(3, "a", "c")});
  EXPECT_EQ(find("a"), 3u);
  EXPECT_EQ(find(std::string("a\0", 2)), 2u);
}

// The caller decides about each candidate, so that two ids with the same hash are not confused.
TEST_P(ArchiveConformance, ACandidateThatIsNotItIsSkipped) {
  commit({}, {first_summary(1, "order-7", "mine"), first_summary(2, "order-7", "other")});
  EXPECT_EQ(find("order-7", "mine"), 1u);
  EXPECT_EQ(find("order-7", "nobody's"), std::nullopt);
}

TEST_P(ArchiveConformance, ListsAPrefixInBothOrders) {
  add_keys({{"open/b", 2}, {"closed/a", 1}, {"open/a", 9}, {"open/c", 3}, {"opened", 4}});
  EXPECT_THAT(list("open/"), ElementsAre("open/a=9", "open/b=2", "open/c=3"));
  EXPECT_THAT(list("open/", "", true), ElementsAre("open/c=3", "open/b=2", "open/a=9"));
  EXPECT_THAT(list(""), ElementsAre("closed/a=1", "open/a=9", "open/b=2", "open/c=3", "opened=4"));
  EXPECT_THAT(list("", "", true),
              ElementsAre("opened=4", "open/c=3", "open/b=2", "open/a=9", "closed/a=1"));
  EXPECT_THAT(list("none"), IsEmpty());
  EXPECT_THAT(list("none", "", true), IsEmpty());
}

TEST_P(ArchiveConformance, RunsOfOneKeyAreListedByNumber) {
  add_keys({{"open", 300}, {"open", 2}, {"open", 70'000}});
  EXPECT_THAT(list("open"), ElementsAre("open=2", "open=300", "open=70000"));
  EXPECT_THAT(list("open", "", true), ElementsAre("open=70000", "open=300", "open=2"));
}

TEST_P(ArchiveConformance, ListsFromBehindAKey) {
  add_keys({{"k/a", 1}, {"k/b", 2}, {"k/b", 3}, {"k/c", 4}, {"z", 5}});
  EXPECT_THAT(list("k/", "k/a"), ElementsAre("k/b=2", "k/b=3", "k/c=4"));
  EXPECT_THAT(list("k/", "k/b"), ElementsAre("k/c=4"));
  EXPECT_THAT(list("k/", "k/bb"), ElementsAre("k/c=4"));
  EXPECT_THAT(list("k/", "k/c"), IsEmpty());
  EXPECT_THAT(list("k/", "k/c", true), ElementsAre("k/b=3", "k/b=2", "k/a=1"));
  EXPECT_THAT(list("k/", "k/b", true), ElementsAre("k/a=1"));
  EXPECT_THAT(list("k/", "k/a", true), IsEmpty());
}

TEST_P(ArchiveConformance, AListEndsWhereTheVisitorSaysSo) {
  add_keys({{"k/a", 1}, {"k/b", 2}, {"k/c", 3}});
  EXPECT_THAT(list("k/", "", false, 2), ElementsAre("k/a=1", "k/b=2"));
  EXPECT_THAT(list("k/", "", true, 1), ElementsAre("k/c=3"));
}

TEST_P(ArchiveConformance, APrefixOfTheGreatestBytesIsListed) {
  add_keys({{"\xff\xff", 1}, {"\xff\xff x", 2}, {"a", 3}});
  EXPECT_THAT(list("\xff\xff").size(), 2u);
  EXPECT_THAT(list("\xff\xff", "", true).size(), 2u);
}

TEST_P(ArchiveConformance, IndexEntriesMove) {
  add_keys({{"open/a", 1}, {"open/b", 2}});
  commit(
      {},
      {{.run = 1, .workflow_id = {}, .summary = "s", .add_key = "closed/a", .remove_key = "open/a"},
       {.run = 3, .workflow_id = {}, .summary = "s", .add_key = {}, .remove_key = "open/c"}});
  EXPECT_THAT(list(""), ElementsAre("closed/a=1", "open/b=2"));
}

TEST_P(ArchiveConformance, ARunThatMovesTwiceInABatchIsWhereItWentLast) {
  commit(
      {},
      {{.run = 1, .workflow_id = {}, .summary = "s", .add_key = "open", .remove_key = {}},
       {.run = 1, .workflow_id = {}, .summary = "s", .add_key = "closed", .remove_key = "open"}});
  EXPECT_THAT(list(""), ElementsAre("closed=1"));
}

TEST_P(ArchiveConformance, AHistoryIsItsChunksInOrder) {
  commit({{.run = 2, .last = 9, .records = "b1"}, {.run = 1, .last = 8, .records = "a1"}}, {});
  commit({{.run = 1, .last = 300, .records = "a2"},
          {.run = 3, .last = 301, .records = std::string(100'000, 'c')}},
         {});
  EXPECT_THAT(history(1), ElementsAre("a1", "a2"));
  EXPECT_THAT(history(1, 1), ElementsAre("a1"));
  EXPECT_THAT(history(2), ElementsAre("b1"));
  EXPECT_THAT(history(3), ElementsAre(std::string(100'000, 'c')));
  EXPECT_THAT(history(4), IsEmpty());
}

TEST_P(ArchiveConformance, AHistoryBeginsWithTheChunkOfTheFirstWantedRecord) {
  commit({{.run = 1, .last = 8, .records = "a1"},
          {.run = 1, .last = 12, .records = "a2"},
          {.run = 1, .last = 300, .records = "a3"},
          {.run = 2, .last = 400, .records = "b1"}},
         {});
  const auto after = [this](Seq seq) {
    std::string all;
    EXPECT_TRUE(archive().history(1, seq, [&](std::string_view records) { all += records; }));
    return all;
  };
  EXPECT_EQ(after(0), "a1a2a3");
  EXPECT_EQ(after(7), "a1a2a3");
  EXPECT_EQ(after(8), "a2a3");
  EXPECT_EQ(after(11), "a2a3");
  EXPECT_EQ(after(299), "a3");
  EXPECT_EQ(after(300), "");
  EXPECT_EQ(after(350), "");
}

TEST_P(ArchiveConformance, AVisitorMayReadTheArchive) {
  add_keys({{"k/a", 1}, {"k/b", 2}});
  std::vector<std::string> summaries;
  EXPECT_TRUE(archive().list("k/", "", false, [&](std::string_view, RunNumber run) {
    summaries.push_back(**archive().summary(run));
  }));
  EXPECT_THAT(summaries, ElementsAre("s", "s"));
}

TEST_P(ArchiveConformance, ARunHasTwoIndexEntries) {
  commit({}, {{.run = 1,
               .workflow_id = {},
               .summary = "s",
               .add_key = "closed",
               .remove_key = "open",
               .add_second_key = "at/7"}});
  EXPECT_THAT(list(""), ElementsAre("at/7=1", "closed=1"));
}

// ---- rows of tables -----------------------------------------------------------------------------

using Seen = std::vector<std::string>;

Seen rows_from(Rows& rows, std::string_view from) {
  Seen seen;
  for (auto row = rows.seek(from); row && *row; row = rows.next()) {
    seen.push_back(std::string((*row)->key) + "=" + std::string((*row)->value));
  }
  return seen;
}

TEST_P(ArchiveConformance, RowsArePutReplacedAndErased) {
  const auto empty = archive().rows();
  ASSERT_TRUE(empty);
  EXPECT_TRUE(rows_from(**empty, "").empty());
  EXPECT_FALSE(*(*empty)->get("a"));
  EXPECT_EQ(*archive().rows_lost_at(), 0u);
  ASSERT_TRUE(archive().commit({.through = 1,
                                .next_run = 1,
                                .chunks = {},
                                .summaries = {},
                                .rows = {{"a", "1"}, {"b", ""}, {"c", std::string(5'000, 'x')}}}));
  ASSERT_TRUE(archive().commit(
      {.through = 2,
       .next_run = 1,
       .chunks = {},
       .summaries = {},
       .rows = {{"a", "2"}, {"b", std::nullopt}, {"d", std::nullopt}, {"e", "5"}}}));
  const auto rows = archive().rows();
  ASSERT_TRUE(rows);
  EXPECT_EQ((*rows)->through(), 2u);
  EXPECT_THAT(rows_from(**rows, ""), ElementsAre("a=2", "c=" + std::string(5'000, 'x'), "e=5"));
  EXPECT_THAT(rows_from(**rows, "d"), ElementsAre("e=5"));
  EXPECT_EQ(**(*rows)->get("a"), "2");
  EXPECT_FALSE(*(*rows)->get("b"));
  EXPECT_TRUE(rows_from(**empty, "").empty());  // its moment
  EXPECT_TRUE(archive().rows_verify());
}

TEST_P(ArchiveConformance, TheLongestKeysOfRowsWork) {
  const std::string longest(kLongestRowKey, '\xff');
  ASSERT_TRUE(archive().commit(
      {.through = 1, .next_run = 1, .chunks = {}, .summaries = {}, .rows = {{longest, "v"}}}));
  const auto rows = archive().rows();
  EXPECT_EQ(**(*rows)->get(longest), "v");
  EXPECT_TRUE(rows_from(**rows, longest + '\0').empty());
}

// Without rows there is no table that could say so; the run of the record is quarantined.
TEST_P(ArchiveConformance, TheFirstLossOfRowsIsKept) {
  ASSERT_TRUE(archive().commit(
      {.through = 4, .next_run = 1, .chunks = {}, .summaries = {}, .rows = {}, .rows_lost_at = 3}));
  EXPECT_EQ(*archive().rows_lost_at(), 0u);
  ASSERT_TRUE(archive().commit(
      {.through = 5, .next_run = 1, .chunks = {}, .summaries = {}, .rows = {{"b", "1"}}}));
  ASSERT_TRUE(archive().commit(
      {.through = 7, .next_run = 1, .chunks = {}, .summaries = {}, .rows = {}, .rows_lost_at = 5}));
  ASSERT_TRUE(archive().commit({.through = 9,
                                .next_run = 1,
                                .chunks = {},
                                .summaries = {},
                                .rows = {{"a", "1"}},
                                .rows_lost_at = 8}));
  EXPECT_EQ(*archive().rows_lost_at(), 5u);
  EXPECT_EQ(**(*archive().rows())->get("a"), "1");
}

// Chunks over several pages, ids that other runs have too, neighbours in every table.
class RemovalConformance : public ArchiveConformance {
 protected:
  static constexpr RunNumber kRuns = 9;

  void SetUp() override {
    std::vector<Chunk> chunks;
    std::vector<SummaryUpdate> summaries;
    for (RunNumber run = 1; run <= kRuns; ++run) {
      chunks.push_back({.run = run, .last = 10 * run, .records = "first"});
      summaries.push_back({.run = run,
                           .workflow_id = id_of(run),
                           .summary = "s" + std::to_string(run),
                           .add_key = "closed",
                           .remove_key = {},
                           .add_second_key = "at/" + std::to_string(run)});
    }
    commit(std::move(chunks), std::move(summaries));
    std::vector<Chunk> later;
    for (RunNumber run = 1; run <= kRuns; ++run) {
      for (Seq chunk = 1; chunk <= 5; ++chunk) {
        later.push_back({.run = run, .last = 10 * run + chunk, .records = std::string(9'000, 'r')});
      }
    }
    commit(std::move(later), {});
  }
  static std::string id_of(RunNumber run) { return run % 3 == 0 ? "shared" : std::to_string(run); }
  static RunRemoval removal(RunNumber run) {
    return {.run = run, .workflow_id = id_of(run), .keys = {"closed", "at/" + std::to_string(run)}};
  }
  void expect_there(RunNumber run, bool there) {
    SCOPED_TRACE(run);
    EXPECT_EQ(archive().summary(run)->has_value(), there);
    EXPECT_THAT(history(run), SizeIs(there ? 6 : 0));
    EXPECT_THAT(list("at/" + std::to_string(run)), SizeIs(there ? 1 : 0));
    EXPECT_EQ(find(id_of(run), "s" + std::to_string(run)).has_value(), there);
  }
};

INSTANTIATE_TEST_SUITE_P(Stores, RemovalConformance, all_implementations(), implementation_name);

TEST_P(RemovalConformance, NothingOfARunIsLeftAndNothingOfOthersIsGone) {
  ASSERT_TRUE(append(journal(), numbered_batch(1, 10)));
  ASSERT_TRUE(archive().remove({removal(1), removal(9), removal(5), removal(6)}));
  for (int i = 0; i < 2; ++i) {
    for (const RunNumber run : {1, 5, 6, 9}) expect_there(run, false);
    for (const RunNumber run : {2, 3, 4, 7, 8}) expect_there(run, true);
    EXPECT_THAT(list("closed"),
                ElementsAre("closed=2", "closed=3", "closed=4", "closed=7", "closed=8"));
    EXPECT_EQ(find("shared"), 3u) << "an older run of the same id";
    EXPECT_EQ(*archive().through(), 2u);
    EXPECT_EQ(*archive().next_run(), 100u) << "numbers are not used again";
    if (!reopen()) break;
  }
}

TEST_P(RemovalConformance, WhatIsNotThereIsPassedOver) {
  ASSERT_TRUE(archive().remove({}));
  ASSERT_TRUE(archive().remove({removal(4), removal(4), removal(50)}));
  expect_there(4, false);
  expect_there(5, true);
}

TEST_P(RemovalConformance, LiveBytesShrinkAndWhatWasTakenIsUsedAgain) {
  const auto before = *archive().live_bytes();
  for (RunNumber run = 1; run <= kRuns; ++run) ASSERT_TRUE(archive().remove({removal(run)}));
  EXPECT_LT(*archive().live_bytes(), before / 4);
  EXPECT_THAT(list(""), IsEmpty());
  const auto file = *archive().bytes_on_disk();
  for (int round = 0; round < 5; ++round) {
    SetUp();
    for (RunNumber run = 1; run <= kRuns; ++run) ASSERT_TRUE(archive().remove({removal(run)}));
  }
  EXPECT_LE(*archive().bytes_on_disk(), 2 * file);
}

TEST_P(RemovalConformance, ReadsGoOnWhileRunsAreRemoved) {
  std::atomic<bool> done = false;
  std::thread reader([&] {
    while (!done) {
      (void)find("shared");
      EXPECT_EQ(find("2"), 2u);
      EXPECT_THAT(history(2), SizeIs(6));
      EXPECT_FALSE(list("closed").empty());
    }
  });
  for (int round = 0; round < 50; ++round) {
    for (const RunNumber run : {1, 3, 6, 9}) EXPECT_TRUE(archive().remove({removal(run)}));
    commit({}, {first_summary(9, "shared", "s9"), first_summary(3, "shared", "s3")});
  }
  done = true;
  reader.join();
}

TEST_P(ArchiveConformance, ReadsGoOnWhileItIsWritten) {
  std::atomic<bool> done = false;
  std::thread reader([&] {
    while (!done) {
      const Seq before = *archive().through();
      std::size_t chunks = 0;
      EXPECT_TRUE(archive().history(1, [&](std::string_view) { ++chunks; }));
      EXPECT_GE(chunks, before) << "what was archived is there";
      if (before > 0) {
        EXPECT_EQ(find("order-7"), 1u);
      }
    }
  });
  for (Seq seq = 1; seq <= 200; ++seq) {
    SummaryUpdate update{.run = 1,
                         .workflow_id = seq == 1 ? "order-7" : "",
                         .summary = "s",
                         .add_key = "k" + std::to_string(seq % 10),
                         .remove_key = seq == 1 ? "" : "k" + std::to_string((seq - 1) % 10)};
    EXPECT_TRUE(archive().commit({.through = seq,
                                  .next_run = 2,
                                  .chunks = {{.run = 1, .last = seq, .records = "r"}},
                                  .summaries = {std::move(update)}}));
  }
  done = true;
  reader.join();
}

}  // namespace
}  // namespace reprise::store::archive_conformance_test
