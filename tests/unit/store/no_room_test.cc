// Lack of room, of memory and of address space: different errors.
#include <cerrno>
#include <dlfcn.h>
#include <filesystem>
#include <functional>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>

#include "base/sanitizers.h"
#include "tests/support/io_failures.h"
#include "tests/unit/store/store_directory_fixture.h"

namespace {

bool says_full = false;

}  // namespace

extern "C" int fstatvfs(int file, struct statvfs* disk) noexcept {
  using Function = int(int, struct statvfs*);
  static auto* const function = reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, "fstatvfs"));
  const int code = function(file, disk);
  if (code == 0 && says_full) disk->f_bavail = 0;
  return code;
}

namespace reprise::store::no_room_test {
namespace {

namespace fs = std::filesystem;
using base::ErrorCode;
using ::testing::HasSubstr;

class NoRoomTest : public StoreDirectoryTest {};

class ElsewhereFor {
 public:
  explicit ElsewhereFor(const std::string& directory) : before_(fs::current_path()) {
    fs::current_path(directory);
  }
  ~ElsewhereFor() {
    std::error_code ignored;
    fs::current_path(before_, ignored);
  }
  ElsewhereFor(const ElsewhereFor&) = delete;
  ElsewhereFor& operator=(const ElsewhereFor&) = delete;

 private:
  const fs::path before_;
};

// LMDB calls a write that the disk had no room to finish EIO. Whether it is full is asked of the
// file that is open: its name may lead elsewhere by now, or nowhere.
TEST_F(NoRoomTest, AFullDiskIsFoundFromAnyWorkingDirectory) {
  const ElsewhereFor here(directory_.path());
  auto store = open_store("orders.db");
  ASSERT_TRUE(store) << store.error().text();
  fs::create_directory(directory_ / "elsewhere");
  const ElsewhereFor there(directory_ / "elsewhere");
  says_full = true;
  base::Status written;
  {
    const IoFailure failure(1, EIO);
    written = append((*store)->journal(), numbered_batch(1, 1));
    EXPECT_TRUE(failure.happened());
  }
  says_full = false;
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::kStoreFull) << written.error().text();
  EXPECT_TRUE(append((*store)->journal(), numbered_batch(1, 1))) << "there is room again";
}

TEST_F(NoRoomTest, AnErrorOfADiskWithRoomIsFinal) {
  auto store = open_store(path_);
  ASSERT_TRUE(store);
  const IoFailure failure(1, EIO);
  const auto written = append((*store)->journal(), numbered_batch(1, 1));
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::kStoreIo) << written.error().text();
}

// The error of opening in a process with little address space, or with options that need much of
// it.
std::string opening_in_child(const std::function<base::Result<std::unique_ptr<Store>>()>& open) {
  int ends[2];
  if (::pipe(ends) != 0) std::abort();
  const pid_t child = ::fork();
  if (child == 0) {
    const auto store = open();
    const std::string text = store ? "opened" : store.error().text();
    ::_exit(::write(ends[1], text.data(), text.size()) < 0 ? 1 : 0);
  }
  ::close(ends[1]);
  std::string said(4'096, '\0');
  const ssize_t got = ::read(ends[0], said.data(), said.size());
  said.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  ::close(ends[0]);
  ::waitpid(child, nullptr, 0);
  return said;
}

void leave_address_space(rlim_t bytes) {
  const rlimit limit{bytes, bytes};
  if (::setrlimit(RLIMIT_AS, &limit) != 0) std::abort();
}

TEST_F(NoRoomTest, WantOfAddressSpaceIsCalledThat) {
  if (base::kSanitized) GTEST_SKIP() << "sanitizers need terabytes themselves";
  create(3);
  const std::string said = opening_in_child([this] {
    leave_address_space(rlim_t{8} << 30);
    return open_store(path_);
  });
  EXPECT_THAT(said, HasSubstr("RP1011"));
  EXPECT_THAT(said, HasSubstr("journal_map_bytes"));
  expect_last(3);
}

TEST_F(NoRoomTest, MapsThatNoProcessCanHaveAreCalledThat) {
  if (base::kSanitized) GTEST_SKIP() << "sanitizers need terabytes themselves";
  const std::uint64_t largest = std::uint64_t{64} << 40;
  const auto open_large = [&] {
    return open_store(path_, {.journal_map_bytes = largest, .archive_map_bytes = largest});
  };
  for (const bool there : {false, true}) {
    if (there) create(3);
    const std::string said = opening_in_child(open_large);
    EXPECT_THAT(said, HasSubstr("RP1011")) << there;
    EXPECT_THAT(said, HasSubstr("67108864 MiB")) << there;
    EXPECT_THAT(said, HasSubstr("archive_map_bytes")) << there;
  }
  expect_last(3);
}

}  // namespace
}  // namespace reprise::store::no_room_test
