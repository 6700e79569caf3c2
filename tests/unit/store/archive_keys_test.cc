#include "store/archive_keys.h"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "store/sort_by_key.h"

namespace reprise::store::archive_keys_test {
namespace {

TEST(ArchiveKeysTest, KeysSortAsTheirNumbers) {
  EXPECT_LT(run_key(255), run_key(256));
  EXPECT_LT(chunk_key(1, 300), chunk_key(2, 1));
  EXPECT_LT(chunk_key(1, 255), chunk_key(1, 256));
}

TEST(ArchiveKeysTest, OfOneWorkflowIdTheNewestRunSortsFirst) {
  EXPECT_LT(id_key("order-7", 12), id_key("order-7", 3));
  EXPECT_TRUE(id_key("order-7", 12).starts_with(id_prefix("order-7")));
  EXPECT_EQ(id_prefix("order-7"), std::string_view("order-7\0", 8));
  EXPECT_NE(id_prefix("order-7"), id_prefix("order-8"));
  EXPECT_EQ(run_of_id_key(id_key("order-7", 12)), 12u);
}

// What makes a table of ids grow at its end.
TEST(ArchiveKeysTest, IdsSortAsTheyAre) {
  EXPECT_LT(id_key("order-1", 9), id_key("order-10", 2));
  EXPECT_LT(id_key("order-10", 2), id_key("order-2", 1));
}

TEST(ArchiveKeysTest, LongIdsKeepTheirBeginning) {
  const std::string long_id(100, 'x');
  EXPECT_EQ(id_prefix(std::string(64, 'x')).size(), 65u);
  EXPECT_EQ(id_prefix(long_id).size(), 65u);
  EXPECT_TRUE(id_prefix(long_id).starts_with(long_id.substr(0, 48)));
  EXPECT_NE(id_prefix(long_id), id_prefix(long_id + "y"));
  EXPECT_NE(id_prefix(long_id), id_prefix(std::string(64, 'x')));
}

TEST(ArchiveKeysTest, AnIndexKeyGivesBackWhatItIsMadeOf) {
  const std::string key = index_key("open/2024", 77);
  EXPECT_EQ(callers_key(key), "open/2024");
  EXPECT_EQ(run_of_index_key(key), 77u);
}

TEST(ArchiveKeysTest, BehindAPrefixLiesTheNextGreaterOne) {
  EXPECT_EQ(behind_prefix("ab"), "ac");
  EXPECT_EQ(behind_prefix("a\xff"), "b");
  EXPECT_EQ(behind_prefix("\xff\xff"), "");
  EXPECT_EQ(behind_prefix(""), "");
}

SummaryUpdate update(RunNumber run, std::string add, std::string remove) {
  return {.run = run,
          .workflow_id = {},
          .summary = {},
          .add_key = std::move(add),
          .remove_key = std::move(remove)};
}

TEST(ArchiveKeysTest, OfSeveralChangesToOneKeyTheLastCounts) {
  ArchiveBatch batch;
  batch.summaries = {update(1, "b", ""), update(2, "a", ""), update(1, "c", "b")};
  KeyPool pool;
  const auto changes = index_changes(batch, &pool);
  ASSERT_EQ(changes.size(), 3u);
  EXPECT_EQ(changes[0].key, index_key("a", 2));
  EXPECT_TRUE(changes[0].add);
  EXPECT_EQ(changes[1].key, index_key("b", 1));
  EXPECT_FALSE(changes[1].add);
  EXPECT_EQ(changes[2].key, index_key("c", 1));
  EXPECT_TRUE(changes[2].add);
}

TEST(ArchiveKeysTest, AKeyThatIsRemovedAndAddedInOneUpdateStays) {
  ArchiveBatch batch;
  batch.summaries = {update(1, "same", "same")};
  KeyPool pool;
  const auto changes = index_changes(batch, &pool);
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_TRUE(changes[0].add);
}

TEST(ArchiveKeysTest, KeysAreSortedAsTheirBytesWhereverTheyDiffer) {
  struct Item {
    std::string key;
    int number;
  };
  const std::string same(30, 'k');
  std::vector<Item> items = {{same + "b", 0}, {"\xff", 1},      {same, 2},          {"a\x7f", 3},
                             {same + "a", 4}, {"", 5},          {{"a\0", 2}, 6},    {"a", 7},
                             {same, 8},       {"kkkkkkkkz", 9}, {same + "\xff", 10}};
  std::vector<Item> expected = items;
  std::stable_sort(expected.begin(), expected.end(),
                   [](const Item& a, const Item& b) { return a.key < b.key; });
  sort_by_key(&items);
  ASSERT_EQ(items.size(), expected.size());
  for (std::size_t i = 0; i < items.size(); ++i) EXPECT_EQ(items[i].number, expected[i].number);
}

TEST(ArchiveKeysTest, KeysOfAnyShapeAreSortedStably) {
  struct Item {
    std::string key;
    int number;
  };
  std::mt19937 random(7);
  const auto below = [&](unsigned end) { return random() % end; };
  for (int round = 0; round < 2'000; ++round) {
    std::vector<Item> items(below(12));
    const std::string common(below(20), 'c');
    for (std::size_t i = 0; i < items.size(); ++i) {
      std::string key = below(4) == 0 ? "" : common;
      for (std::size_t length = below(3); length > 0; --length) key += "\x00\x01\xff"[below(3)];
      if (below(2) == 0) key.insert(0, 1, "SW\xff"[below(3)]);
      items[i] = {std::move(key), static_cast<int>(i)};
    }
    std::vector<Item> expected = items;
    std::stable_sort(expected.begin(), expected.end(),
                     [](const Item& a, const Item& b) { return a.key < b.key; });
    sort_by_key(&items);
    for (std::size_t i = 0; i < items.size(); ++i) {
      ASSERT_EQ(items[i].number, expected[i].number) << "round " << round;
      ASSERT_EQ(items[i].key, expected[i].key);
    }
  }
}

TEST(ArchiveKeysDeathTest, AnIndexKeyThatIsTooLongBreaksAnInvariant) {
  EXPECT_DEATH(index_key(std::string(201, 'k'), 1), "200 bytes");
}

}  // namespace
}  // namespace reprise::store::archive_keys_test
