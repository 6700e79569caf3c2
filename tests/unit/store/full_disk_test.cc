// A limit on the size of files simulates a full disk: LMDB's writes fail with EFBIG.
#include <csignal>
#include <sys/resource.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/store.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/store/builders.h"

namespace reprise::store::full_disk_test {
namespace {

namespace fs = std::filesystem;
using base::ErrorCode;
using ::testing::HasSubstr;

class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    handler_ = std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{.rlim_cur = bytes, .rlim_max = before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
  void (*handler_)(int) = nullptr;
};

RecordBatch large_batch(Seq first) {
  return batch_of(first, {std::string(1 << 20, 'x')});
}

class FullDiskTest : public ::testing::Test {
 protected:
  std::unique_ptr<Store> open(StoreOptions options = {}) {
    auto store = open_store(path_, options);
    EXPECT_TRUE(store);
    return store ? std::move(*store) : nullptr;
  }
  void expect_full(const base::Status& status, const std::string& file) {
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::kStoreFull) << status.error().text();
    EXPECT_THAT(status.error().message, HasSubstr(path_ + file));
  }

  testing::TemporaryDirectory directory_;
  const std::string path_ = directory_ / "store";
};

TEST_F(FullDiskTest, TheJournalGoesOnWhenThereIsRoomAgain) {
  {
    const auto store = open();
    ASSERT_TRUE(append(store->journal(), numbered_batch(1, 3)));
    {
      const FileSizeLimit limit(fs::file_size(path_ + "/journal/data.mdb"));
      expect_full(append(store->journal(), large_batch(4)), "/journal/data.mdb");
    }
    EXPECT_EQ(scanned(store->journal(), 1), numbers(1, 3));
    ASSERT_TRUE(append(store->journal(), large_batch(4)));
    ASSERT_TRUE(append(store->journal(), numbered_batch(5, 1)));
  }
  const auto store = open();
  EXPECT_EQ(scanned(store->journal(), 1), numbers(1, 5));
  EXPECT_TRUE(append(store->journal(), numbered_batch(6, 1)));
}

TEST_F(FullDiskTest, TheArchiveGoesOnWhenThereIsRoomAgain) {
  const auto store = open();
  const ArchiveBatch batch{.through = 1,
                           .next_run = 2,
                           .chunks = {{.run = 1, .last = 1, .records = std::string(1 << 20, 'x')}},
                           .summaries = {}};
  {
    const FileSizeLimit limit(fs::file_size(path_ + "/archive/data.mdb"));
    expect_full(store->archive().commit(batch), "/archive/data.mdb");
  }
  EXPECT_EQ(*store->archive().through(), 0u);
  ASSERT_TRUE(store->archive().commit(batch));
  EXPECT_EQ(*store->archive().through(), 1u);
}

TEST_F(FullDiskTest, AFullMapSaysSo) {
  const auto store = open({.journal_map_bytes = 256 << 10, .archive_map_bytes = 256 << 10});
  const auto full = append(store->journal(), large_batch(1));
  expect_full(full, "/journal/data.mdb");
  EXPECT_THAT(full.error().message, HasSubstr("map size"));
}

// Appends in a full journal are refused while trimming it is still possible, whatever the records
// look like; and when it has been trimmed about as many fit as before.
TEST_F(FullDiskTest, AFullJournalCanBeTrimmed) {
  for (const std::size_t size : {100, 700, 2'019, 2'100, 9'000}) {
    SCOPED_TRACE(size);
    fs::remove_all(path_);
    const auto store = open({.journal_map_bytes = 1 << 20});
    Journal& journal = store->journal();
    const auto fill = [&] {
      Seq last = *journal.last();
      const Seq before = last;
      base::Status appended;
      while (appended = append(journal, batch_of(last + 1, {std::string(size, 'x')})), appended) {
        ++last;
      }
      expect_full(appended, "/journal/data.mdb");
      return last - before;
    };
    const Seq at_first = fill();
    EXPECT_GT(at_first * size, std::size_t{250} << 10);
    for (int round = 0; round < 5; ++round) {
      const Seq last = *journal.last();
      for (Seq first = *journal.first(); first != last; first = *journal.first()) {
        ASSERT_TRUE(journal.append({}, last));
        ASSERT_GT(*journal.first(), first);
      }
      EXPECT_GT(fill() * 4, at_first * 3) << "large records need pages in a row";
    }
    EXPECT_EQ(scanned(journal, 1), numbers(*journal.first(), *journal.last()));
  }
}

TEST_F(FullDiskTest, AStoreThatCouldNotBeCreatedCanBeCreatedLater) {
  {
    const FileSizeLimit limit(6000);
    const auto store = open_store(path_);
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().code, ErrorCode::kStoreFull) << store.error().text();
    EXPECT_THAT(store.error().message, HasSubstr(path_));
  }
  EXPECT_EQ(*open()->journal().last(), 0u);
}

}  // namespace
}  // namespace reprise::store::full_disk_test
