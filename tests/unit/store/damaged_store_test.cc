#include "tests/unit/store/store_directory_fixture.h"

namespace reprise::store::damaged_store_test {
namespace {

namespace fs = std::filesystem;
using base::ErrorCode;
using ::testing::HasSubstr;
class DamagedStoreTest : public StoreDirectoryTest {
 protected:
  void expect_rolled_back() {
    const auto store = open_store(path_);
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().code, ErrorCode::kStoreDamaged);
    EXPECT_THAT(store.error().message, HasSubstr("once had record 4"));
  }
};

TEST_F(DamagedStoreTest, ANewerFormatIsLeftAlone) {
  create();
  write(path_ + "/FORMAT", "reprise store, format 1\nuuid x\n");
  expect_error(ErrorCode::kStoreOtherFormat, "no release");
  write(path_ + "/FORMAT", "reprise store, format 4\nsomething new\n");
  expect_error(ErrorCode::kStoreOtherFormat, "format 3");
  expect_read_only_error(ErrorCode::kStoreOtherFormat, "format 3");
}

TEST_F(DamagedStoreTest, AnUnreadableFormatIsDamage) {
  create();
  for (const char* content : {"reprise store, format x\n", "reprise store, format 0\n"}) {
    write(path_ + "/FORMAT", content);
    expect_error(ErrorCode::kStoreDamaged, "FORMAT");
  }
}

TEST_F(DamagedStoreTest, AStoreThatLostItsFormatIsNotOverwritten) {
  create(3);
  const auto size = fs::file_size(path_ + "/journal/data.mdb");
  fs::remove(path_ + "/FORMAT");
  expect_error(ErrorCode::kStoreDamaged, "FORMAT");
  expect_read_only_error(ErrorCode::kStoreDamaged, "FORMAT");
  EXPECT_EQ(fs::file_size(path_ + "/journal/data.mdb"), size);
}

TEST_F(DamagedStoreTest, AMissingOrEmptyDataFileIsDamageAndNotANewStore) {
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

TEST_F(DamagedStoreTest, GarbageInPlaceOfADataFileIsDamage) {
  create(3);
  write(path_ + "/journal/data.mdb", std::string(100000, '\x5a'));
  expect_error(ErrorCode::kStoreDamaged, "journal/data.mdb");
  expect_read_only_error(ErrorCode::kStoreDamaged, "journal/data.mdb");
}

TEST_F(DamagedStoreTest, AFileCutOffAnywhereIsDamage) {
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

TEST_F(DamagedStoreTest, ABitFlipOnTheDiskIsFoundByWhoeverReadsTheHistory) {
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

TEST_F(DamagedStoreTest, PartsOfDifferentStoresAreNotMixed) {
  create(3);
  const std::string other = directory_ / "other";
  ASSERT_TRUE(open_store(other));
  fs::copy_file(other + "/archive/data.mdb", path_ + "/archive/data.mdb",
                fs::copy_options::overwrite_existing);
  expect_error(ErrorCode::kStoreDamaged, "its archive is that of another store");
}

TEST_F(DamagedStoreTest, PartsOfDifferentAgesAreNotMixed) {
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
  restore("/attempts");
  go_on();
  restore("/archive/data.mdb");
  expect_error(ErrorCode::kStoreDamaged, "its archive is older than its journal");
}

// It looks like a journal that never had the last commit; but the attempts' file shows the loss.
TEST_F(DamagedStoreTest, AJournalThatLostItsNewestCommitIsFound) {
  create(3);
  const std::string saved = directory_ / "saved";
  fs::copy_file(path_ + "/journal/data.mdb", saved);
  {
    const auto store = open_store(path_);
    ASSERT_TRUE(append((*store)->journal(), numbered_batch(4, 1)));
  }
  fs::copy_file(saved, path_ + "/journal/data.mdb", fs::copy_options::overwrite_existing);
  for (int i = 0; i < 2; ++i) expect_rolled_back();
}

// Not visible in the structure: the value of an entry of the archive.
TEST_F(DamagedStoreTest, AnArchiveThatDoesNotHoldWhatWasWrittenSaysSo) {
  create(3);
  {
    const auto store = open_store(path_);
    ASSERT_TRUE((*store)->archive().commit({.through = 3,
                                            .next_run = 2,
                                            .chunks = {},
                                            .summaries = {{.run = 1,
                                                           .workflow_id = "id",
                                                           .summary = "a summary",
                                                           .add_key = "k",
                                                           .remove_key = {}}}}));
    EXPECT_TRUE((*store)->archive().content_verifies());
  }
  const std::string file = path_ + "/archive/data.mdb";
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  const std::string content(std::istreambuf_iterator<char>(stream), {});
  stream.seekp(static_cast<std::streamoff>(content.rfind("a summary")));
  stream.put('A');
  stream.close();
  const auto store = open_store(path_);
  ASSERT_TRUE(store);
  EXPECT_FALSE((*store)->archive().content_verifies());
  EXPECT_EQ((*store)->archive().summary(1).error().code, ErrorCode::kStoreDamaged);
}

}  // namespace
}  // namespace reprise::store::damaged_store_test
