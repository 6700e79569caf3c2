// Symbolic links, pipes, devices and other people's files where a store has its own: nothing of
// them is touched, and nothing waits.
#include <csignal>
#include <sys/stat.h>
#include <unistd.h>

#include "store/inspect.h"
#include "tests/unit/store/store_directory_fixture.h"

namespace reprise::store::odd_files_test {
namespace {

namespace fs = std::filesystem;
using base::ErrorCode;
using ::testing::AnyOf;
using ::testing::HasSubstr;

class OddFilesTest : public StoreDirectoryTest {
 protected:
  // A hanging test is killed.
  void SetUp() override { ::alarm(60); }
  void TearDown() override { ::alarm(0); }

  // A file that somebody else needs, and a link to it in the place of one of the store's.
  void link_to_precious(const std::string& name) {
    write(precious_, "data");
    fs::remove_all(name);
    fs::create_symlink(precious_, name);
  }
  void expect_precious_is_untouched() {
    std::ifstream file(precious_, std::ios::binary);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), "data");
  }
  static void replace_by_pipe(const std::string& name) {
    fs::remove_all(name);
    ASSERT_EQ(::mkfifo(name.c_str(), 0600), 0);
  }

  const std::string precious_ = directory_ / "precious";
};

TEST_F(OddFilesTest, NothingIsWrittenThroughALink) {
  for (const char* name : {"LOCK", "attempts", "journal/lock.mdb", "archive/lock.mdb"}) {
    SCOPED_TRACE(name);
    fs::remove_all(path_);
    create(3);
    link_to_precious(path_ + "/" + name);
    const auto store = open_store(path_);
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().code, ErrorCode::kStoreDamaged) << store.error().text();
    EXPECT_THAT(store.error().message, HasSubstr(path_ + "/" + name + " is a symbolic link"));
    expect_precious_is_untouched();
  }
}

TEST_F(OddFilesTest, ALockFileWithOtherContentIsLeftAlone) {
  create();
  const std::string content = "#!/bin/sh\necho somebody else needs this\n";
  write(path_ + "/LOCK", content);
  expect_error(ErrorCode::kStoreUnwritable, "no lock of ours");
  EXPECT_EQ(fs::file_size(path_ + "/LOCK"), content.size());
}

class NoVisitor final : public StoreVisitor {
 public:
  void reading(const std::string&) override {}
  void damaged(const std::string&, const std::string&) override { ++damage; }
  void archive_entry(std::string_view, std::string_view, std::string_view) override {}
  void journal_record(Seq, std::string_view) override {}
  int damage = 0;
};

TEST_F(OddFilesTest, NobodyWaitsForAPipeOrReadsADevice) {
  for (const char* name : {"FORMAT", "LOCK", "attempts", "journal/data.mdb", "archive/data.mdb",
                           "journal/lock.mdb", "archive/lock.mdb"}) {
    for (const bool pipe : {true, false}) {
      SCOPED_TRACE(std::string(name) + (pipe ? " as a pipe" : " as a link to /dev/zero"));
      fs::remove_all(path_);
      create(3);
      const std::string odd = path_ + "/" + name;
      if (pipe) {
        replace_by_pipe(odd);
      } else {
        fs::remove(odd);
        fs::create_symlink("/dev/zero", odd);
      }
      const auto store = open_store(path_);
      ASSERT_FALSE(store);
      EXPECT_THAT(store.error().code, AnyOf(ErrorCode::kStoreDamaged, ErrorCode::kStoreMissing))
          << store.error().text();
      (void)open_store_read_only(path_);
      for (const InspectMode mode : {InspectMode::kBesideEngine, InspectMode::kAlone}) {
        NoVisitor visitor;
        (void)inspect_store(path_, mode, visitor);
      }
    }
  }
}

// The commands that look for damage report damage, not a failing disk.
TEST_F(OddFilesTest, ADirectoryInPlaceOfADataFileIsDamage) {
  for (const char* name : {"journal/data.mdb", "archive/data.mdb"}) {
    for (const InspectMode mode : {InspectMode::kBesideEngine, InspectMode::kAlone}) {
      SCOPED_TRACE(name);
      fs::remove_all(path_);
      create(3);
      fs::remove(path_ + "/" + name);
      fs::create_directory(path_ + "/" + name);
      NoVisitor visitor;
      const auto inspected = inspect_store(path_, mode, visitor);
      EXPECT_TRUE(inspected) << inspected.error().text();
      EXPECT_GT(visitor.damage, 0);
    }
  }
}

// A directory that has what an unfinished store has, by name, and is somebody else's.
TEST_F(OddFilesTest, OnlyWhatWeMadeIsRemovedBeforeAStoreIsCreated) {
  fs::create_directories(path_ + "/creating");
  fs::create_directories(path_ + "/journal/2026");
  write(path_ + "/journal/2026/november", "Dear diary");
  expect_error(ErrorCode::kStoreUnwritable, "never finished");
  EXPECT_TRUE(fs::exists(path_ + "/journal/2026/november"));

  fs::remove_all(path_ + "/journal");
  fs::create_directories(directory_ / "elsewhere");
  write(directory_ / "elsewhere/data.mdb", "data");
  fs::create_directory_symlink(directory_ / "elsewhere", path_ + "/archive");
  expect_error(ErrorCode::kStoreUnwritable, "never finished");
  EXPECT_TRUE(fs::exists(directory_ / "elsewhere/data.mdb"));

  fs::remove(path_ + "/archive");
  write(path_ + "/creating/novel", "Chapter 1");
  expect_error(ErrorCode::kStoreUnwritable, "");
  EXPECT_TRUE(fs::exists(path_ + "/creating/novel"));
}

TEST_F(OddFilesTest, ACopyReplacesNothingThroughALink) {
  create(3);
  const auto store = open_store(path_);
  ASSERT_TRUE(store);
  const std::string other = directory_ / "other.db";
  {
    const auto made = open_store(other);
    ASSERT_TRUE(made);
  }
  fs::remove(other + "/attempts");  // as a copy has none
  const std::string copy = directory_ / "copy";
  fs::create_directory_symlink(other, copy + ".unfinished");
  const auto through_link = (*store)->copy_to(copy);
  ASSERT_FALSE(through_link);
  EXPECT_EQ(through_link.error().code, ErrorCode::kStoreUnwritable);
  EXPECT_TRUE(fs::exists(other + "/FORMAT"));
  EXPECT_TRUE(fs::exists(other + "/journal/data.mdb"));

  // A whole copy, that somebody gave such a name.
  fs::remove(copy + ".unfinished");
  fs::rename(other, copy + ".unfinished");
  const auto over_a_copy = (*store)->copy_to(copy);
  ASSERT_FALSE(over_a_copy);
  EXPECT_EQ(over_a_copy.error().code, ErrorCode::kStoreUnwritable);
  EXPECT_TRUE(fs::exists(copy + ".unfinished/FORMAT"));

  fs::create_directories(directory_ / "empty");
  fs::create_directory_symlink(directory_ / "empty", directory_ / "link");
  EXPECT_EQ((*store)->copy_to(directory_ / "link").error().code, ErrorCode::kStoreUnwritable);
  EXPECT_TRUE(fs::is_empty(directory_ / "empty"));
}

TEST_F(OddFilesTest, ACopyDoesNotGoIntoTheStoreItself) {
  create(3);
  const auto store = open_store(path_);
  ASSERT_TRUE(store);
  fs::create_directory_symlink(path_, directory_ / "link");
  for (const std::string& into : {path_ + "/copy", path_ + "/journal/copy",
                                  path_ + "/../orders.db/copy", directory_ / "link/copy"}) {
    SCOPED_TRACE(into);
    const auto bytes = (*store)->copy_to(into);
    ASSERT_FALSE(bytes);
    EXPECT_EQ(bytes.error().code, ErrorCode::kStoreUnwritable) << bytes.error().text();
    EXPECT_THAT(bytes.error().message, HasSubstr("lies in the store"));
  }
  EXPECT_FALSE(fs::exists(path_ + "/copy"));
  EXPECT_EQ((*store)->copy_to("").error().code, ErrorCode::kStoreMissing);
  EXPECT_EQ((*store)->copy_to(std::string("a\0b", 3)).error().code, ErrorCode::kStoreMissing);
}

TEST_F(OddFilesTest, ANameWithAZeroByteIsNoName) {
  const auto store = open_store(path_ + std::string("\0x", 2));
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, ErrorCode::kStoreMissing);
  EXPECT_FALSE(fs::exists(path_));
}

// A store's directory may have other files: sockets, notes. They are ignored and not copied.
TEST_F(OddFilesTest, FilesOfOtherNamesAreLeftAlone) {
  create(3);
  write(path_ + "/README", "do not touch");
  replace_by_pipe(path_ + "/control");
  expect_last(3);
  const auto store = open_store(path_);
  ASSERT_TRUE(store);
  ASSERT_TRUE((*store)->copy_to(directory_ / "copy"));
  EXPECT_FALSE(fs::exists(directory_ / "copy/README"));
  EXPECT_FALSE(fs::exists(directory_ / "copy/control"));
  EXPECT_TRUE(fs::exists(path_ + "/README"));
}

}  // namespace
}  // namespace reprise::store::odd_files_test
