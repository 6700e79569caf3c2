// A store that is renamed, removed or replaced while it is open: nothing more is acknowledged. And
// whether one can be opened when its lock file is gone.
#include <filesystem>
#include <functional>
#include <sys/resource.h>
#include <unistd.h>

#include "store/store_watch.h"
#include "tests/support/opening_race.h"
#include "tests/unit/store/processes.h"
#include "tests/unit/store/store_directory_fixture.h"

namespace reprise::store::moved_store_test {
namespace {

namespace fs = std::filesystem;
using base::ErrorCode;
using ::testing::HasSubstr;

class MovedStoreTest : public StoreDirectoryTest {
 protected:
  // The code of the first commit that fails, of some; 0: none did.
  int first_failure(Store& store) {
    for (int i = 0; i < 200; ++i) {
      const auto done = append(store.journal(), numbered_batch(acknowledged_ + 1, 1));
      if (!done) return static_cast<int>(done.error().code);
      ++acknowledged_;
    }
    return 0;
  }
  void expect_noticed(const std::function<void()>& change) {
    fs::remove_all(path_);
    acknowledged_ = 0;
    auto store = open_store(path_);
    ASSERT_TRUE(store) << store.error().text();
    EXPECT_EQ(first_failure(**store), 0);
    change();
    EXPECT_EQ(first_failure(**store), static_cast<int>(ErrorCode::kStoreMoved));
    EXPECT_EQ((*store)->in_place().error().code, ErrorCode::kStoreMoved);
    // And for good.
    EXPECT_EQ(first_failure(**store), static_cast<int>(ErrorCode::kStoreMoved));
    EXPECT_EQ((*store)
                  ->archive()
                  .commit({.through = 1, .next_run = 2, .chunks = {}, .summaries = {}})
                  .error()
                  .code,
              ErrorCode::kStoreMoved);
  }
  Seq acknowledged_ = 0;
  const std::string moved_ = directory_ / "moved.db";
};

TEST_F(MovedStoreTest, ARenamedDirectoryIsNoticed) {
  expect_noticed([this] { fs::rename(path_, moved_); });
}

TEST_F(MovedStoreTest, ARemovedDirectoryIsNoticed) {
  expect_noticed([this] { fs::remove_all(path_); });
}

TEST_F(MovedStoreTest, ARenamedParentIsNoticed) {
  const std::string parent = directory_ / "parent";
  fs::create_directory(parent);
  auto store = open_store(parent + "/orders.db");
  ASSERT_TRUE(store);
  EXPECT_EQ(first_failure(**store), 0);
  fs::rename(parent, directory_ / "renamed");
  EXPECT_EQ(first_failure(**store), static_cast<int>(ErrorCode::kStoreMoved));
}

TEST_F(MovedStoreTest, AReplacedDirectoryIsNoticed) {
  expect_noticed([this] {
    fs::remove_all(moved_);
    fs::rename(path_, moved_);
    fs::copy(moved_, path_, fs::copy_options::recursive);
  });
}

TEST_F(MovedStoreTest, EachReplacedOrRemovedFileIsNoticed) {
  for (const char* name : {"LOCK", "FORMAT", "journal/data.mdb", "journal/lock.mdb",
                           "archive/data.mdb", "archive/lock.mdb", "journal", "archive"}) {
    SCOPED_TRACE(name);
    const std::string file = path_ + "/" + name;
    expect_noticed([&] { fs::remove_all(file); });
    expect_noticed([&] {
      fs::remove_all(moved_);
      fs::rename(file, moved_);
      fs::copy(moved_, file, fs::copy_options::recursive);
    });
  }
}

TEST_F(MovedStoreTest, ALinkThatLeadsElsewhereNowIsNoticed) {
  const std::string link = directory_ / "link.db";
  create();
  { ASSERT_TRUE(open_store(moved_)); }
  fs::create_directory_symlink(path_, link);
  auto store = open_store(link);
  ASSERT_TRUE(store);
  EXPECT_EQ(first_failure(**store), 0);
  fs::remove(link);
  fs::create_directory_symlink(moved_, link);
  EXPECT_EQ(first_failure(**store), static_cast<int>(ErrorCode::kStoreMoved));
}

TEST_F(MovedStoreTest, AReaderNoticesToo) {
  create(3);
  const auto store = open_store_read_only(path_);
  ASSERT_TRUE(store);
  EXPECT_TRUE((*store)->in_place());
  fs::rename(path_, moved_);
  EXPECT_EQ((*store)->in_place().error().code, ErrorCode::kStoreMoved);
}

// A relative name keeps meaning the directory that was opened.
TEST_F(MovedStoreTest, AProcessMayGoElsewhere) {
  const fs::path before = fs::current_path();
  fs::current_path(directory_.path());
  auto store = open_store("orders.db");
  ASSERT_TRUE(store);
  fs::create_directory("below");
  fs::current_path("below");
  EXPECT_EQ(first_failure(**store), 0);
  EXPECT_TRUE((*store)->in_place());
  fs::rename(path_, moved_);
  EXPECT_EQ(first_failure(**store), static_cast<int>(ErrorCode::kStoreMoved));
  fs::current_path(before);
}

// Files that are not the store's own do not matter.
TEST_F(MovedStoreTest, OtherFilesMayComeAndGo) {
  auto store = open_store(path_);
  ASSERT_TRUE(store);
  write(path_ + "/note", "text");
  EXPECT_EQ(first_failure(**store), 0);
  fs::remove(path_ + "/note");
  EXPECT_EQ(first_failure(**store), 0);
}

TEST_F(MovedStoreTest, WithoutItsLockFileAStoreIsLockedAllTheSame) {
  for (const bool replaced : {false, true}) {
    SCOPED_TRACE(replaced);
    fs::remove_all(path_);
    std::unique_ptr<Store> held;
    const OtherProcess other([&] {
      auto store = open_store(path_);
      if (store) held = std::move(*store);
      return held != nullptr;
    });
    fs::remove(path_ + "/LOCK");
    if (replaced) write(path_ + "/LOCK", "4711");
    expect_error(ErrorCode::kStoreLocked, "is open in");
  }
}

TEST_F(MovedStoreTest, OfTwoThatCreateAStoreOneIsToldThatItIsLocked) {
  for (int i = 0; i < 40; ++i) {
    fs::remove_all(path_);
    for (const int code : testing::race_to_open(path_, 3)) {
      EXPECT_TRUE(code == 0 || code == static_cast<int>(ErrorCode::kStoreLocked)) << code;
    }
  }
}

// ---- what has run out -------------------------------------------------------------------------

TEST_F(MovedStoreTest, WantOfFileDescriptorsIsCalledThat) {
  create(3);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  int refused = 0;
  for (rlim_t most = 3;; ++most) {
    rlimit few{most, before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
    const auto store = open_store(path_);
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    if (store) break;
    ++refused;
    ASSERT_EQ(store.error().code, ErrorCode::kNoResources) << store.error().text();
    EXPECT_THAT(store.error().message, HasSubstr("ulimit -n"));
    ASSERT_LT(most, 100u);
  }
  EXPECT_GT(refused, 5);
}

// ---- fork() -----------------------------------------------------------------------------------

// 0: it could be opened; else the code.
int code_of_opening(const std::string& path) {
  const auto store = open_store(path);
  return store ? 0 : static_cast<int>(store.error().code);
}

TEST_F(MovedStoreTest, AChildHasNoneOfItsParentsStoresAndDoesNotHoldTheirLocks) {
  auto store = open_store(path_);
  ASSERT_TRUE(store);
  int told[2];
  int tells[2];
  ASSERT_EQ(::pipe(told), 0);
  ASSERT_EQ(::pipe(tells), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const bool locked = code_of_opening(path_) == static_cast<int>(ErrorCode::kStoreLocked);
    char none = 0;
    (void)!::write(tells[1], locked ? "y" : "n", 1);
    (void)!::read(told[0], &none, 1);
    ::_exit(code_of_opening(path_) == 0 ? 0 : 1);
  }
  char locked = 0;
  ASSERT_EQ(::read(tells[0], &locked, 1), 1);
  EXPECT_EQ(locked, 'y');
  store->reset();
  EXPECT_EQ(code_of_opening(path_), 0) << "the child keeps the lock";
  ASSERT_EQ(::write(told[1], "x", 1), 1);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  for (const int end : {told[0], told[1], tells[0], tells[1]}) ::close(end);
}

}  // namespace
}  // namespace reprise::store::moved_store_test
