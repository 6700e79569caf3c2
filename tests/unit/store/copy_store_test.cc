// A copy of a store is the same store at one moment, or does not exist.
#include <atomic>
#include <cerrno>
#include <filesystem>
#include <thread>

#include "tests/support/io_failures.h"
#include "tests/unit/store/store_directory_fixture.h"

namespace reprise::store::copy_store_test {
namespace {

namespace fs = std::filesystem;
using base::ErrorCode;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class CopyStoreTest : public StoreDirectoryTest {
 protected:
  // Two runs: the first one's records are archived up to `through`.
  static void fill(Store& store, Seq records, Seq through) {
    std::vector<std::string> encoded;
    std::string archived;
    RecordMaker maker;
    for (Seq seq = 1; seq <= records; ++seq) {
      encoded.push_back(maker.make(1, "body " + std::to_string(seq)));
      if (seq <= through) archived += encoded.back();
    }
    ASSERT_TRUE(append(store.journal(), batch_of(1, encoded)));
    if (through == 0) return;
    ASSERT_TRUE(store.archive().commit(
        {.through = through,
         .next_run = 7,
         .chunks = {{.run = 1, .last = through, .records = archived}},
         .summaries = {
             {.run = 1, .workflow_id = "a", .summary = "s", .add_key = "k", .remove_key = {}}}}));
  }
  static std::vector<Seq> history(const Store& store, RunNumber run) {
    std::vector<Seq> seen;
    const auto read = read_history(store.journal(), store.archive(), run, 0,
                                   [&](const Record& record) { seen.push_back(record.seq); });
    EXPECT_TRUE(read) << read.error().text();
    return seen;
  }
  void expect_copy_is_whole(const std::string& path, Seq records, Seq through) {
    const auto copy = open_store(path);
    ASSERT_TRUE(copy) << copy.error().text();
    EXPECT_EQ(history(**copy, 1), numbers(1, records));
    EXPECT_EQ(*(*copy)->journal().last(), records);
    EXPECT_EQ(*(*copy)->archive().through(), through);
    ASSERT_TRUE(append((*copy)->journal(), numbered_batch(records + 1, 1))) << "it takes new work";
  }
  // No data of an attempt to copy is left. (Where its LOCK could not be written the directory is.)
  void expect_nothing_at(const std::string& path) {
    EXPECT_FALSE(fs::exists(path));
    EXPECT_FALSE(fs::exists(path + ".unfinished/journal"));
  }

  const std::string copy_ = directory_ / "backup";
};

TEST_F(CopyStoreTest, IsTheWholeStoreUnderAUuidOfItsOwn) {
  for (const Seq through : {0, 20, 30}) {
    SCOPED_TRACE(through);
    fs::remove_all(path_);
    fs::remove_all(copy_);
    auto store = std::move(*open_store(path_));
    fill(*store, 30, through);
    const auto bytes = store->copy_to(copy_);
    ASSERT_TRUE(bytes) << bytes.error().text();
    EXPECT_EQ(*bytes, fs::file_size(copy_ + "/journal/data.mdb") +
                          fs::file_size(copy_ + "/archive/data.mdb"));
    expect_copy_is_whole(copy_, 30, through);
    if (through > 0) {
      const auto copy = open_store_read_only(copy_);
      EXPECT_EQ(*(*copy)->archive().next_run(), 7u);
      EXPECT_EQ(*(*copy)->archive().find("a", [](store::RunNumber, std::string_view) { return true; }), 1u);
    }
    ASSERT_TRUE(append(store->journal(), numbered_batch(31, 1))) << "the store goes on";
  }
}

TEST_F(CopyStoreTest, OfAnEmptyStoreIsAnEmptyStore) {
  auto store = std::move(*open_store(path_));
  ASSERT_TRUE(store->copy_to(copy_));
  EXPECT_EQ(*(*open_store(copy_))->journal().last(), 0u);
}

TEST_F(CopyStoreTest, NobodyElseMayReadIt) {
  auto store = std::move(*open_store(path_));
  ASSERT_TRUE(store->copy_to(copy_));
  for (const char* file : {"/FORMAT", "/LOCK", "/journal/data.mdb", "/archive/data.mdb"}) {
    EXPECT_EQ(mode(copy_ + file), 0600u) << file;
  }
  for (const char* directory : {"", "/journal", "/archive"}) {
    EXPECT_EQ(mode(copy_ + directory), 0700u) << directory;
  }
}

// A store put together from two others cannot be recognized as such, so its parts must carry an
// identity.
TEST_F(CopyStoreTest, PartsOfStoreAndCopyDoNotFitTogether) {
  {
    auto store = std::move(*open_store(path_));
    fill(*store, 30, 20);
    ASSERT_TRUE(store->copy_to(copy_));
  }
  fs::remove_all(path_ + "/archive");
  fs::copy(copy_ + "/archive", path_ + "/archive");
  expect_error(ErrorCode::kStoreDamaged, "its archive is that of another store");
}

TEST_F(CopyStoreTest, OfAStoreThatAnotherProcessMayHaveOpen) {
  {
    auto store = std::move(*open_store(path_));
    fill(*store, 30, 20);
  }
  const auto store = open_store_read_only(path_);
  ASSERT_TRUE(store);
  const auto bytes = (*store)->copy_to(copy_);
  ASSERT_TRUE(bytes) << bytes.error().text();
  expect_copy_is_whole(copy_, 30, 20);
}

TEST_F(CopyStoreTest, ReplacesNothing) {
  auto store = std::move(*open_store(path_));
  fs::create_directory(copy_);
  ASSERT_TRUE(store->copy_to(copy_ + "/")) << "an empty directory counts as none";
  const auto again = store->copy_to(copy_);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::kStoreUnwritable);
  EXPECT_THAT(again.error().message, StartsWith(copy_));
  EXPECT_EQ(store->copy_to(path_).error().code, ErrorCode::kStoreUnwritable) << "not itself";
  write(directory_ / "file", "text");
  EXPECT_EQ(store->copy_to(directory_ / "file").error().code, ErrorCode::kStoreUnwritable);
  EXPECT_EQ(store->copy_to(directory_ / "no/where").error().code, ErrorCode::kStoreMissing);
}

TEST_F(CopyStoreTest, ReplacesWhatACopyThatWasKilledLeftAndNothingElse) {
  auto store = std::move(*open_store(path_));
  fill(*store, 30, 20);
  fs::create_directories(copy_ + ".unfinished/journal");
  write(copy_ + ".unfinished/journal/data.mdb", "half a file");
  write(copy_ + ".unfinished/LOCK", "4711");
  ASSERT_TRUE(store->copy_to(copy_));
  expect_copy_is_whole(copy_, 30, 20);

  const std::string other = directory_ / "other";
  fs::create_directories(other + ".unfinished");
  write(other + ".unfinished/novel", "Chapter 1");
  EXPECT_EQ(store->copy_to(other).error().code, ErrorCode::kStoreUnwritable);
  EXPECT_TRUE(fs::exists(other + ".unfinished/novel"));
}

TEST_F(CopyStoreTest, IsNotMadeTwiceAtOnce) {
  auto store = std::move(*open_store(path_));
  { auto held = std::move(*open_store(copy_ + ".unfinished")); }
  const auto held = open_store(copy_ + ".unfinished");
  const auto bytes = store->copy_to(copy_);
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().code, ErrorCode::kStoreLocked);
}

TEST_F(CopyStoreTest, AStoreInMemoryHasNone) {
  EXPECT_EQ(memory_store()->copy_to(copy_).error().code, ErrorCode::kStoreUnwritable);
}

// The first, second, third... operation on files fails: there is an error and nothing else, and the
// store goes on; or there is a whole copy.
TEST_F(CopyStoreTest, IsWholeOrNotThereWhateverFails) {
  auto store = std::move(*open_store(path_));
  fill(*store, 200, 100);
  int failures = 0;
  for (int operation = 1;; ++operation) {
    SCOPED_TRACE(operation);
    ASSERT_LT(operation, 500);
    bool happened = false;
    base::Result<std::uint64_t> bytes = std::uint64_t{0};
    {
      const IoFailure failure(operation, ENOSPC);
      bytes = store->copy_to(copy_);
      happened = failure.happened();
    }
    if (!happened) break;
    ++failures;
    if (bytes) {
      ADD_FAILURE() << "the failure was not noticed";
    } else if (fs::exists(copy_)) {
      // The last sync failed: whole, but perhaps not after a loss of power.
      expect_copy_is_whole(copy_, 200, 100);
    } else {
      expect_nothing_at(copy_);
    }
    fs::remove_all(copy_);
  }
  EXPECT_GT(failures, 10);
  expect_copy_is_whole(copy_, 200, 100);
  ASSERT_TRUE(append(store->journal(), numbered_batch(201, 1)));
}

// Records move from the journal to the archive and are trimmed all the time.
TEST_F(CopyStoreTest, FitsTogetherWhileTheStoreIsWritten) {
  auto store = std::move(*open_store(path_));
  std::atomic<bool> done = false;
  std::thread writer([&] {
    RecordMaker maker;
    Seq archived = 0;
    while (!done) {
      const Seq first = maker.next();
      std::vector<std::string> records;
      for (int i = 0; i < 20; ++i) records.push_back(maker.make(1, std::string(300, 'x')));
      std::string chunk;
      for (const auto& record : records) chunk += record;
      EXPECT_TRUE(append(store->journal(), batch_of(first, records), archived));
      archived = maker.next() - 1;
      EXPECT_TRUE(
          store->archive().commit({.through = archived,
                                   .next_run = 2,
                                   .chunks = {{.run = 1, .last = archived, .records = chunk}},
                                   .summaries = {}}));
    }
  });
  for (int copies = 0; copies < 20; ++copies) {
    const auto bytes = store->copy_to(copy_);
    ASSERT_TRUE(bytes) << bytes.error().text();
    const auto copy = open_store(copy_);
    ASSERT_TRUE(copy) << copy.error().text();
    const Seq last = *(*copy)->journal().last();
    if (last > 0) {
      EXPECT_EQ(history(**copy, 1), numbers(1, last));
    }
    fs::remove_all(copy_);
  }
  done = true;
  writer.join();
}

}  // namespace
}  // namespace reprise::store::copy_store_test
