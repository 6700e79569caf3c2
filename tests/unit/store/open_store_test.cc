#include <fstream>
#include <optional>
#include <sys/stat.h>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/store.h"
#include "tests/unit/store/builders.h"
#include "tests/unit/store/processes.h"
#include "tests/unit/store/temporary_directory.h"

namespace reprise::store {
namespace {

namespace fs = std::filesystem;
using base::ErrorCode;
using testing::HasSubstr;

class OpenStoreTest : public testing::Test {
 protected:
  // Creates a store with `count` records in it.
  void create(std::size_t count = 0) {
    auto store = open_store(path_);
    ASSERT_TRUE(store) << store.error().text();
    if (count > 0) {
      ASSERT_TRUE(append((*store)->journal(), numbered_batch(1, count)));
    }
  }

  void expect_error(ErrorCode code, const std::string& text) { expect_error(path_, code, text); }
  void expect_error(const std::string& path, ErrorCode code, const std::string& text) {
    const auto store = open_store(path);
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().code, code) << store.error().text();
    EXPECT_THAT(store.error().message, HasSubstr(path));
    EXPECT_THAT(store.error().message, HasSubstr(text));
  }
  void expect_read_only_error(ErrorCode code, const std::string& text) {
    const auto store = open_store_read_only(path_);
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().code, code) << store.error().text();
    EXPECT_THAT(store.error().message, HasSubstr(path_));
    EXPECT_THAT(store.error().message, HasSubstr(text));
  }
  void expect_last(Seq last) {
    const auto store = open_store(path_);
    ASSERT_TRUE(store) << store.error().text();
    EXPECT_EQ(*(*store)->journal().last(), last);
  }

  static void write(const std::string& path, const std::string& content) {
    std::ofstream(path, std::ios::binary) << content;
  }
  static mode_t mode(const std::string& path) {
    struct stat info {};
    EXPECT_EQ(::stat(path.c_str(), &info), 0) << path;
    return info.st_mode & 0777;
  }

  TemporaryDirectory directory_;
  const std::string path_ = directory_ / "orders.db";
};

TEST_F(OpenStoreTest, CreatesAStoreThatOthersCannotRead) {
  create();
  EXPECT_EQ(mode(path_), 0700u);
  for (const char* name : {"journal", "archive"}) EXPECT_EQ(mode(path_ + "/" + name), 0700u);
  for (const char* name : {"LOCK", "FORMAT", "attempts", "journal/data.mdb", "archive/data.mdb"}) {
    EXPECT_EQ(mode(path_ + "/" + name), 0600u) << name;
  }
  EXPECT_FALSE(fs::exists(path_ + "/creating"));
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

TEST_F(OpenStoreTest, ANewerFormatIsLeftAlone) {
  create();
  write(path_ + "/FORMAT", "reprise store, format 2\nsomething new\n");
  expect_error(ErrorCode::kStoreNewerFormat, "format 2");
  expect_read_only_error(ErrorCode::kStoreNewerFormat, "format 2");
}

TEST_F(OpenStoreTest, AnUnreadableFormatIsDamage) {
  create();
  for (const char* content : {"reprise store, format x\n", "reprise store, format 0\n"}) {
    write(path_ + "/FORMAT", content);
    expect_error(ErrorCode::kStoreDamaged, "FORMAT");
  }
}

TEST_F(OpenStoreTest, AStoreThatLostItsFormatIsNotOverwritten) {
  create(3);
  const auto size = fs::file_size(path_ + "/journal/data.mdb");
  fs::remove(path_ + "/FORMAT");
  expect_error(ErrorCode::kStoreDamaged, "FORMAT");
  expect_read_only_error(ErrorCode::kStoreDamaged, "FORMAT");
  EXPECT_EQ(fs::file_size(path_ + "/journal/data.mdb"), size);
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
        write(creating + "/FORMAT", "reprise store, format 1\n");
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

TEST_F(OpenStoreTest, AMissingOrEmptyDataFileIsDamageAndNotANewStore) {
  for (const char* part : {"/journal/data.mdb", "/archive/data.mdb"}) {
    fs::remove_all(path_);
    create(3);
    write(path_ + part, "");
    expect_error(ErrorCode::kStoreDamaged, "it is empty");
    expect_read_only_error(ErrorCode::kStoreDamaged, "it is empty");
    fs::remove(path_ + part);
    expect_error(ErrorCode::kStoreDamaged, "it is missing");
    expect_read_only_error(ErrorCode::kStoreDamaged, "it is missing");
  }
}

TEST_F(OpenStoreTest, GarbageInPlaceOfADataFileIsDamage) {
  create(3);
  write(path_ + "/journal/data.mdb", std::string(100000, '\x5a'));
  expect_error(ErrorCode::kStoreDamaged, "journal/data.mdb");
  expect_read_only_error(ErrorCode::kStoreDamaged, "journal/data.mdb");
}

TEST_F(OpenStoreTest, AFileCutOffAnywhereIsDamage) {
  create(500);
  const std::string file = path_ + "/journal/data.mdb";
  const std::string saved = directory_ / "saved";
  fs::copy_file(file, saved);
  for (std::uintmax_t length = 1; length < fs::file_size(saved); length += 1777) {
    fs::resize_file(file, length);
    expect_error(ErrorCode::kStoreDamaged, "journal/data.mdb");
    fs::copy_file(saved, file, fs::copy_options::overwrite_existing);
  }
  expect_last(500);
}

// LMDB has no checksums; the records have.
TEST_F(OpenStoreTest, ABitFlipOnTheDiskIsFoundByWhoeverReadsTheHistory) {
  RecordMaker maker;
  {
    const auto store = open_store(path_);
    ASSERT_TRUE(store);
    ASSERT_TRUE(append((*store)->journal(),
                       batch_of(1, {maker.make(1, "the first"), maker.make(2, "another run"),
                                    maker.make(1, "the second")})));
  }
  const std::string file = path_ + "/journal/data.mdb";
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  const std::string content(std::istreambuf_iterator<char>(stream), {});
  const auto body = content.rfind("the second");
  ASSERT_NE(body, std::string::npos);
  stream.seekp(static_cast<std::streamoff>(body));
  stream.put('T');
  stream.close();

  const auto store = open_store(path_);
  ASSERT_TRUE(store);
  const auto read = [&](RunNumber run) {
    return read_history((*store)->journal(), (*store)->archive(), run, 0, [](const Record&) {});
  };
  ASSERT_FALSE(read(1));
  EXPECT_EQ(read(1).error().code, ErrorCode::kStoreDamaged);
  EXPECT_THAT(read(1).error().message, HasSubstr("run 1, record 3"));
  EXPECT_TRUE(read(2)) << "the others go on";
}

TEST_F(OpenStoreTest, PartsOfDifferentStoresAreNotMixed) {
  create(3);
  const std::string other = directory_ / "other";
  ASSERT_TRUE(open_store(other));
  fs::copy_file(other + "/archive/data.mdb", path_ + "/archive/data.mdb",
                fs::copy_options::overwrite_existing);
  expect_error(ErrorCode::kStoreDamaged, "its archive is that of another store");
}

TEST_F(OpenStoreTest, PartsOfDifferentAgesAreNotMixed) {
  create(3);
  const std::string saved = directory_ / "saved";
  fs::copy(path_, saved, fs::copy_options::recursive);
  const auto restore = [&](const std::string& part) {
    fs::copy_file(saved + part, path_ + part, fs::copy_options::overwrite_existing);
  };
  const auto go_on = [&] {
    const auto store = open_store(path_);
    ASSERT_TRUE(append((*store)->journal(), numbered_batch(4, 3)));
    ASSERT_TRUE(
        (*store)->archive().commit({.through = 5, .next_run = 2, .chunks = {}, .summaries = {}}));
    ASSERT_TRUE((*store)->journal().append({}, 5));
  };
  go_on();
  restore("/journal/data.mdb");
  expect_error(ErrorCode::kStoreDamaged, "its journal is older than its archive");
  restore("/archive/data.mdb");
  go_on();
  restore("/archive/data.mdb");
  expect_error(ErrorCode::kStoreDamaged, "its archive is older than its journal");
}

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
  const OtherProcess reader([this] {
    const auto* kept = new auto(open_store_read_only(path_));
    return kept->has_value();
  });
  expect_last(1);
}

}  // namespace
}  // namespace reprise::store
