// Fails the first, second, third... operation on files in the life of a store, one at a time, and
// each time checks the two promises: an error is reported, and what was acknowledged is there.
#include <algorithm>
#include <cerrno>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/store.h"
#include "store/writer.h"
#include "tests/support/io_failures.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/store/builders.h"

namespace reprise::store::io_failure_test {
namespace {

using base::ErrorCode;
using ::testing::AnyOf;
using ::testing::HasSubstr;

constexpr int kMoreThanThereAre = 500;

struct Life {
  bool opened = false;
  Seq durable = 0;
  Seq archived = 0;
  std::vector<base::Error> errors{};
};

bool is_final(const base::Error& error) {
  return error.code != ErrorCode::kStoreFull;
}

// Creates a store, and appends, archives and trims a few times, whatever fails on the way. Only the
// lack of room may be followed by an acknowledgement.
Life live(const std::string& path) {
  Life life;
  auto store = open_store(path);
  if (!store) {
    life.errors.push_back(store.error());
    return life;
  }
  life.opened = true;
  Journal& journal = (*store)->journal();
  for (Seq round = 0; round < 4; ++round) {
    const bool failed_before = std::any_of(life.errors.begin(), life.errors.end(), is_final);
    const auto appended = append(journal, numbered_batch(life.durable + 1, 30), life.archived);
    if (appended) {
      EXPECT_FALSE(failed_before) << "acknowledged after a failure";
      life.durable += 30;
    } else {
      life.errors.push_back(appended.error());
    }
    const Seq through = life.durable - std::min<Seq>(life.durable, 10);
    const auto archived = (*store)->archive().commit(
        {.through = through,
         .next_run = 2,
         .chunks = {{.run = 1, .last = through, .records = std::string(5000, 'x')}},
         .summaries = {}});
    if (archived) life.archived = through;
  }
  return life;
}

void expect_what_was_acknowledged(const std::string& path, const Life& life) {
  const auto store = open_store(path);
  ASSERT_TRUE(store) << store.error().text();
  const Seq last = *(*store)->journal().last();
  EXPECT_GE(last, life.durable);
  EXPECT_GE(*(*store)->archive().through(), life.archived);
  const Seq first = *(*store)->journal().first();
  EXPECT_EQ(scanned((*store)->journal(), 1), last == 0 ? std::vector<Seq>() : numbers(first, last));
  EXPECT_TRUE(append((*store)->journal(), numbered_batch(last + 1, 1)));
}

class IoFailureTest : public ::testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Errors, IoFailureTest, ::testing::Values(EIO, ENOSPC));

TEST_P(IoFailureTest, WhicheverOperationFailsNothingAcknowledgedIsLost) {
  bool happened = true;
  int operation = 0;
  while (happened) {
    ASSERT_LT(++operation, kMoreThanThereAre);
    SCOPED_TRACE("operation " + std::to_string(operation));
    const testing::TemporaryDirectory directory;
    Life life;
    {
      const IoFailure failure(operation, GetParam());
      life = live(directory / "store");
      happened = failure.happened();
    }
    for (const base::Error& error : life.errors) {
      EXPECT_THAT(error.message, HasSubstr(directory.path()));
      EXPECT_THAT(error.code, AnyOf(ErrorCode::kStoreIo, ErrorCode::kStoreFull));
    }
    EXPECT_TRUE(life.opened || happened);
    expect_what_was_acknowledged(directory / "store", life);
  }
  EXPECT_GT(operation, 30) << "creating and writing a store takes that many";
}

// LMDB goes on after a failed fdatasync as if nothing had happened; the journal does not.
TEST(SyncFailureTest, AJournalWhoseSyncFailedRefusesEverythingAfterIt) {
  const testing::TemporaryDirectory directory;
  const auto store = open_store(directory / "store");
  ASSERT_TRUE(store);
  Journal& journal = (*store)->journal();
  ASSERT_TRUE(append(journal, numbered_batch(1, 5)));
  std::optional<base::Error> first;
  for (int operation = 1; !first; ++operation) {
    const IoFailure failure(operation, EIO);
    const auto appended = append(journal, numbered_batch(6, 1));
    if (!appended) first = appended.error();
    ASSERT_TRUE(failure.happened());
  }
  EXPECT_EQ(first->code, ErrorCode::kStoreIo);
  for (int i = 0; i < 3; ++i) {
    const auto again = append(journal, numbered_batch(6, 1));
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().text(), first->text());
  }
}

TEST(SyncFailureTest, AWriterPassesItOnOnce) {
  const testing::TemporaryDirectory directory;
  const auto store = open_store(directory / "store");
  ASSERT_TRUE(store);
  std::vector<Seq> durable;
  std::vector<ErrorCode> errors;
  Writer writer((*store)->journal(), 0, false);
  writer.on_durable([&](const base::Result<Seq>& seq) {
    if (seq) {
      durable.push_back(*seq);
    } else {
      errors.push_back(seq.error().code);
    }
  });
  Seq previous = 0;
  std::uint64_t chain = 0;
  const auto append_one = [&] {
    const auto flags = static_cast<std::uint8_t>(previous == 0 ? kFirstOfRun : 0);
    Draft draft{.run = 1, .previous = &previous, .chain = &chain, .flags = flags, .body = "x"};
    writer.append({&draft, 1});
    writer.commit_pending();
  };
  append_one();
  {
    const IoFailure failure(1, EIO);
    append_one();
  }
  append_one();
  EXPECT_THAT(durable, ::testing::ElementsAre(1));
  EXPECT_THAT(errors, ::testing::ElementsAre(ErrorCode::kStoreIo));
}

}  // namespace
}  // namespace reprise::store::io_failure_test
