// The files that the store reads besides LMDB's: FORMAT, LOCK and attempts, with any content.
#include <fcntl.h>
#include <filesystem>
#include <unistd.h>

#include "store/directory.h"
#include "store/file_attempt_slots.h"
#include "store/store_lock.h"
#include "tests/fuzz/targets.h"
#include "tests/support/temporary_directory.h"

namespace reprise::fuzz {
namespace {

// One for the whole process.
const store::StoreDirectory& directory() {
  static const testing::TemporaryDirectory scratch;
  static const store::StoreDirectory directory{scratch.path()};
  return directory;
}

// Not synced, unlike the store's own way of writing files.
void write(const std::string& path, std::string_view content) {
  const auto file = store::open_file(path, O_WRONLY | O_CREAT | O_TRUNC);
  if (!file || ::write(file->get(), content.data(), content.size()) < 0) {
    throw Defect("a scratch file cannot be written");
  }
}

void read_format(std::string_view content) {
  write(directory().format(), content);
  const auto identity = store::read_identity(directory());
  const std::string first_line = "reprise store, format " + std::to_string(store::kStoreFormat);
  if (identity && !content.starts_with(first_line + "\n")) {
    throw Defect("a FORMAT of another kind was taken for a store's");
  }
  (void)store::look_into(directory());
}

void read_lock(std::string_view content) {
  write(directory().lock(), content);
  const auto held = store::lock_store(directory());
  if (!held) {  // a file that may be somebody else's is left alone
    if (held.error().code == base::ErrorCode::kStoreUnwritable) return;
    throw Defect("nobody holds the lock: " + held.error().text());
  }
  const auto second = store::lock_store(directory());
  if (second) throw Defect("the lock was given twice");
  write(directory().lock(), content);  // the holder's name, as the next one reads it
  (void)store::lock_store(directory());
}

void read_attempts(Bytes in) {
  // The header of this boot, unless the input says otherwise, so that marks are read at all.
  const bool own_header = in.byte() % 2 == 0;
  const unsigned chunks = in.byte() % 4;
  if (own_header) {
    ::unlink(directory().attempts().c_str());
    if (!store::FileAttemptSlots::open(directory().attempts())) throw Defect("it does not open");
  }
  const auto file = store::open_file(directory().attempts(), O_WRONLY | O_CREAT);
  if (!file) throw Defect("a scratch file cannot be opened");
  const off_t size = (off_t{chunks} + 1) * 65'536 + in.byte();
  if (::ftruncate(file->get(), size) != 0) throw Defect("a scratch file cannot be resized");
  const std::string_view content = in.rest();
  const off_t at = own_header ? 65'536 : 0;
  if (::pwrite(file->get(), content.data(), content.size(), at) < 0) throw Defect("no writing");

  auto slots = store::FileAttemptSlots::open(directory().attempts());
  if (!slots) return;
  const std::size_t most = 4 * 65'536 / 16;
  if ((*slots)->left_over().size() > most) throw Defect("more marks than the file has room for");
  const auto slot = (*slots)->take({.run = 1, .operation = 2, .attempt = 3});
  (*slots)->forget_left_over();
  (*slots)->release(slot);
  slots->reset();
  auto again = store::FileAttemptSlots::open(directory().attempts());
  if (again && !(*again)->left_over().empty()) throw Defect("a released mark came back");
}

}  // namespace

void fuzz_files(std::string_view input) {
  Bytes in(input);
  switch (in.byte() % 3) {
    case 0:
      return read_format(in.rest());
    case 1:
      return read_lock(in.rest());
    default:
      return read_attempts(in);
  }
}

std::vector<std::string> files_seeds() {
  using namespace std::string_literals;
  const std::string mark = "\x07\0\0\0\0\0\0\0\x02\0\0\0\x01\0\0\0"s;
  return {"\0reprise store, format 3\nuuid 1b4e28ba-2fa1-41d2-883f-0016d3cca427\n"s,
          "\0reprise store, format 1\n"s,
          "\0reprise store, format 99999999999999999999\n"s,
          "\0"s,
          "\1"
          "4711"s,
          "\2\0\1\0"s + mark + mark,
          "\2\1\1\0RPATTMPT\1\0\0\0\x10\0\0\0"s};
}

}  // namespace reprise::fuzz
