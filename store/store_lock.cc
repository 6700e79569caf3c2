#include "store/store_lock.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/file_error.h"

namespace reprise::store {
namespace {

constexpr std::size_t kLongestProcessId = 32;

base::Error locked_by(const StoreDirectory& directory) {
  const auto file = open_file(directory.lock(), O_RDONLY);
  char process[kLongestProcessId];
  const ssize_t length = file ? ::pread(file->get(), process, sizeof process, 0) : 0;
  const std::string who = length > 0
                              ? "process " + std::string(process, static_cast<std::size_t>(length))
                              : "another process";
  return {base::ErrorCode::kStoreLocked, "the store " + directory.path + " is open in " + who +
                                             "; stop it or use another directory"};
}

// Some file systems cannot lock directories; there LOCK must suffice.
base::Result<File> lock_directory(const StoreDirectory& directory, int how) {
  auto opened = open_file(directory.path, O_RDONLY | O_DIRECTORY);
  if (!opened) return opened.error();
  if (::flock(opened->get(), how | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    return locked_by(directory);
  }
  return opened;
}

base::Status write_process_id(const StoreDirectory& directory, const File& file) {
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return file_error(errno, "open", directory.lock());
  if (info.st_size > static_cast<off_t>(kLongestProcessId)) {
    return base::Error{base::ErrorCode::kStoreUnwritable,
                       directory.lock() +
                           " is no lock of ours: it has other content; move it "
                           "away, or use another directory"};
  }
  const std::string process = std::to_string(::getpid());
  if (::pwrite(file.get(), process.data(), process.size(), 0) < 0 ||
      ::ftruncate(file.get(), static_cast<off_t>(process.size())) != 0) {
    return file_error(errno, "write", directory.lock());
  }
  return {};
}

}  // namespace

// Tries again when LOCK was removed between opening and locking it.
base::Result<StoreLock> lock_store(const StoreDirectory& directory) {
  auto held = lock_directory(directory, LOCK_EX);
  if (!held) return held.error();
  while (true) {
    auto file = open_file(directory.lock(), O_RDWR | O_CREAT);
    if (!file) return file.error();
    if (::flock(file->get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK) return file_error(errno, "lock", directory.lock());
      return locked_by(directory);
    }
    const auto locked = id_of(*file, directory.lock());
    if (!locked) return locked.error();
    const auto there = id_of(directory.lock());
    if (!there && there.error().code != base::ErrorCode::kStoreMissing) return there.error();
    if (!there || *there != *locked) continue;
    if (auto written = write_process_id(directory, *file); !written) return written.error();
    return StoreLock{std::move(*held), std::move(*file)};
  }
}

base::Result<StoreLock> keep_engines_out(const StoreDirectory& directory) {
  auto held = lock_directory(directory, LOCK_SH);
  if (!held) return held.error();
  auto file = open_file(directory.lock(), O_RDONLY);
  if (!file && file.error().code == base::ErrorCode::kStoreMissing) {
    return StoreLock{std::move(*held), File()};
  }
  if (!file) return file.error();
  if (::flock(file->get(), LOCK_SH | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return file_error(errno, "lock", directory.lock());
    return locked_by(directory);
  }
  return StoreLock{std::move(*held), std::move(*file)};
}

}  // namespace reprise::store
