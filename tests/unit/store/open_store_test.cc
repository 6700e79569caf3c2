#include <functional>
#include <sys/stat.h>
#include <thread>

#include "tests/unit/store/processes.h"
#include "tests/unit/store/store_directory_fixture.h"

namespace reprise::store::open_store_test {
namespace {

namespace fs = std::filesystem;
using base::ErrorCode;
using OpenStoreTest = StoreDirectoryTest;

TEST_F(OpenStoreTest, CreatesAStoreThatOthersCannotRead) {
  create();
  EXPECT_EQ(mode(path_), 0700u);
  for (const char* name : {"journal", "archive"}) EXPECT_EQ(mode(path_ + "/" + name), 0700u);
  for (const char* name : {"LOCK", "FORMAT", "attempts", "turns", "journal/data.mdb",
                           "journal/lock.mdb", "archive/data.mdb", "archive/lock.mdb"}) {
    EXPECT_EQ(mode(path_ + "/" + name), 0600u) << name;
  }
  EXPECT_FALSE(fs::exists(path_ + "/creating"));
}

TEST_F(OpenStoreTest, NoFileIsForOthersWhateverTheUmask) {
  const mode_t before = ::umask(0);
  create(5);
  ::umask(before);
  std::size_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(path_)) {
    ++files;
    EXPECT_EQ(mode(entry.path()), entry.is_directory() ? 0700u : 0600u) << entry.path();
  }
  EXPECT_EQ(files, 11u);
}

// A full disk must not kill a process that writes to a mapped page.
TEST_F(OpenStoreTest, TheLockTablesOfLmdbHaveTheirBlocks) {
  create();
  for (const char* name : {"journal/lock.mdb", "archive/lock.mdb"}) {
    struct stat info {};
    ASSERT_EQ(::stat((path_ + "/" + name).c_str(), &info), 0);
    EXPECT_GE(info.st_blocks * 512, info.st_size) << name;
  }
}

TEST_F(OpenStoreTest, WhatWasWrittenIsThereAfterReopening) {
  create(5);
  expect_last(5);
}

TEST_F(OpenStoreTest, TheNameMayEndWithASlash) {
  ASSERT_TRUE(open_store(path_ + "/"));
  expect_last(0);
}

TEST_F(OpenStoreTest, AnEmptyDirectoryBecomesAStore) {
  fs::create_directory(path_);
  create(1);
  expect_last(1);
}

TEST_F(OpenStoreTest, ParentDirectoriesAreNotCreated) {
  expect_error(directory_ / "a/b", ErrorCode::kStoreMissing, "No such file or directory");
}

TEST_F(OpenStoreTest, AnEmptyNameIsRefused) {
  expect_error("", ErrorCode::kStoreMissing, "empty");
}

TEST_F(OpenStoreTest, AFileIsNoStore) {
  write(path_, "orders");
  expect_error(ErrorCode::kStoreMissing, "is a file, not a directory");
  expect_read_only_error(ErrorCode::kStoreMissing, "is a file, not a directory");
}

TEST_F(OpenStoreTest, ADirectoryWithOtherThingsIsLeftAlone) {
  fs::create_directory(path_);
  write(path_ + "/precious.txt", "data");
  expect_error(ErrorCode::kStoreMissing, "precious.txt");
  expect_read_only_error(ErrorCode::kStoreMissing, "precious.txt");
  EXPECT_EQ(std::distance(fs::directory_iterator(path_), fs::directory_iterator()), 1);
}

TEST_F(OpenStoreTest, SomebodyElsesFormatFileIsLeftAlone) {
  fs::create_directory(path_);
  write(path_ + "/FORMAT", "TIFF\n");
  expect_error(ErrorCode::kStoreMissing, "holds no Reprise store");
  EXPECT_EQ(std::distance(fs::directory_iterator(path_), fs::directory_iterator()), 1);
}

TEST_F(OpenStoreTest, AnUnwritableParentIsNamed) {
  fs::permissions(directory_.path(), fs::perms(0555));
  const AsOrdinaryUser user;
  expect_error(ErrorCode::kStoreUnwritable, "Permission denied");
}

TEST_F(OpenStoreTest, AnEmptyDirectoryWithoutWritePermissionIsNamed) {
  fs::create_directory(path_);
  fs::permissions(directory_.path(), fs::perms(0755));
  fs::permissions(path_, fs::perms(0555));
  const AsOrdinaryUser user;
  expect_error(ErrorCode::kStoreUnwritable, "LOCK");
}

TEST_F(OpenStoreTest, AStoreOfAnotherUserIsUnwritable) {
  create();
  fs::permissions(directory_.path(), fs::perms(0755));
  if (::geteuid() != 0) fs::permissions(path_, fs::perms(0));
  const AsOrdinaryUser user;
  expect_error(ErrorCode::kStoreUnwritable, "Permission denied");
  expect_read_only_error(ErrorCode::kStoreUnwritable, "Permission denied");
}

TEST_F(OpenStoreTest, ADataFileWithoutWritePermissionIsNamed) {
  create();
  fs::permissions(directory_.path(), fs::perms(0755));
  fs::permissions(path_, fs::perms(0777));
  fs::permissions(path_ + "/LOCK", fs::perms(0666));
  fs::permissions(path_ + "/FORMAT", fs::perms(0444));
  fs::permissions(path_ + "/journal", fs::perms(0777));
  fs::permissions(path_ + "/journal/lock.mdb", fs::perms(0666));
  fs::permissions(path_ + "/journal/data.mdb", fs::perms(0444));
  const AsOrdinaryUser user;
  expect_error(ErrorCode::kStoreUnwritable, path_ + "/journal: Permission denied");
}

TEST_F(OpenStoreTest, AnotherProcessIsNamed) {
  OtherProcess other([this, store = std::make_shared<std::unique_ptr<Store>>()] {
    auto opened = open_store(path_);
    if (opened) *store = std::move(*opened);
    return opened.has_value();
  });
  expect_error(ErrorCode::kStoreLocked,
               "is open in process " + std::to_string(other.id()) + "; stop it");
}

TEST_F(OpenStoreTest, TheLockEndsWithTheProcess) {
  {
    OtherProcess other([this] { return (*open_store(path_)).release() != nullptr; });
  }
  expect_last(0);
}

TEST_F(OpenStoreTest, OneProcessOpensAStoreOnce) {
  const auto store = open_store(path_);
  ASSERT_TRUE(store);
  expect_error(ErrorCode::kStoreLocked, "already open in this process");
  expect_read_only_error(ErrorCode::kStoreLocked, "already open in this process");
  const std::string other_name = directory_ / "link";
  fs::create_directory_symlink(path_, other_name);
  expect_error(other_name, ErrorCode::kStoreLocked, "already open in this process");
}

// What a crash leaves behind, step by step: create_store() builds in creating/ and moves the parts.

TEST_F(OpenStoreTest, ACreationThatWasCutShortIsDoneAgain) {
  const std::string creating = path_ + "/creating";
  const std::function<void()> steps[] = {
      [&] { fs::remove_all(path_), fs::create_directories(creating); },
      [&] { fs::create_directories(creating + "/journal"); },
      [&] { write(creating + "/journal/data.mdb", "torn"); },
      [&] {
        fs::remove_all(creating + "/journal");
        fs::create_directories(creating + "/archive");
        fs::create_directories(path_ + "/journal");
        write(path_ + "/journal/data.mdb", "moved");
        write(creating + "/FORMAT", "reprise store, format 2\n");
      },
      [&] { fs::rename(creating + "/archive", path_ + "/archive"); },
  };
  for (std::size_t count = 1; count <= std::size(steps); ++count) {
    for (std::size_t i = 0; i < count; ++i) steps[i]();
    create(2);
    expect_last(2);
    EXPECT_FALSE(fs::exists(creating)) << count;
  }
}

TEST_F(OpenStoreTest, ACreationCutShortAtItsVeryEndKeepsTheStore) {
  create(2);
  fs::create_directory(path_ + "/creating");
  expect_last(2);
  EXPECT_FALSE(fs::exists(path_ + "/creating"));
}

// LMDB has no checksums; the records have.

TEST_F(OpenStoreTest, ReadingOnlyNeedsAStore) {
  expect_read_only_error(ErrorCode::kStoreMissing, "no Reprise store");
  EXPECT_FALSE(fs::exists(path_));
  fs::create_directory(path_);
  expect_read_only_error(ErrorCode::kStoreMissing, "no Reprise store");
  EXPECT_TRUE(fs::is_empty(path_));
}

TEST_F(OpenStoreTest, ReadingOnlyWorksBesideAWriter) {
  OtherProcess writer([this, kept = std::make_shared<std::unique_ptr<Store>>()] {
    auto store = open_store(path_);
    if (!store || !append((*store)->journal(), numbered_batch(1, 7))) return false;
    *kept = std::move(*store);
    return true;
  });
  const auto store = open_store_read_only(path_);
  ASSERT_TRUE(store) << store.error().text();
  EXPECT_EQ(scanned((*store)->journal(), 1), numbers(1, 7));
  EXPECT_EQ(*(*store)->archive().through(), 0u);
}

// The writer appends, archives and trims all the time, in a process of its own.

TEST_F(OpenStoreTest, AReaderSeesWholeHistoriesWhileTheWriterGoesOn) {
  const OtherProcess writer([this] {
    auto opened = open_store(path_);
    if (!opened) return false;
    std::thread([store = opened->release()] {
      RecordMaker maker;
      for (Seq seq = 1;; ++seq) {
        const std::string record = maker.make(1, std::to_string(seq));
        const bool well =
            append(store->journal(), batch_of(seq, {record}), seq > 20 ? seq - 20 : 0) &&
            store->archive().commit({.through = seq,
                                     .next_run = 2,
                                     .chunks = {{.run = 1, .last = seq, .records = record}},
                                     .summaries = {}});
        if (!well) ::abort();
      }
    }).detach();
    return true;
  });
  Seq seen = 0;
  while (seen < 200) {
    const auto store = open_store_read_only(path_);
    ASSERT_TRUE(store) << store.error().text();
    for (int i = 0; i < 20; ++i) {
      Seq count = 0;
      const auto read = read_history((*store)->journal(), (*store)->archive(), 1, 0,
                                     [&](const Record& record) { count = record.seq; });
      const bool nothing_yet = !read && read.error().code == ErrorCode::kNotFound;
      ASSERT_TRUE(read || nothing_yet) << read.error().text();
      EXPECT_GE(count, seen);
      seen = count;
    }
  }
}

TEST_F(OpenStoreTest, AReaderDoesNotKeepAWriterOut) {
  create(1);
  const OtherProcess reader([this] { return (*open_store_read_only(path_)).release() != nullptr; });
  expect_last(1);
}

}  // namespace
}  // namespace reprise::store::open_store_test
