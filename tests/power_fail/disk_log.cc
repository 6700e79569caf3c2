#include "tests/power_fail/disk_log.h"

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>
#include <fcntl.h>
#include <optional>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include <lmdb.h>

namespace reprise::testing {
namespace {

DiskLog* current = nullptr;

template <class Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

std::string path_of(int file) {
  char link[64];
  char path[4096];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  const ssize_t length = ::readlink(link, path, sizeof path);
  return {path, length > 0 ? static_cast<std::size_t>(length) : 0};
}

std::string path_at(int directory, const char* name) {
  if (directory == AT_FDCWD || name[0] == '/') return name;
  return path_of(directory) + "/" + name;
}

std::optional<Inode> inode_of(int file) {
  struct stat info {};
  if (current == nullptr || ::fstat(file, &info) != 0) return std::nullopt;
  if (!current->covers(path_of(file))) return std::nullopt;
  return info.st_ino;
}

// 0: not there.
Inode inode_at(const std::string& path) {
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0 ? info.st_ino : 0;
}

std::string parent_of(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}
std::string name_in(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

bool writes_through(int file) {
  return (::fcntl(file, F_GETFL) & O_DSYNC) != 0;
}

// A fault of this call on this file, if there is one.
std::optional<DiskFault> fault_of(DiskCall call, int file) {
  if (current == nullptr) return std::nullopt;
  const std::string path = path_of(file);
  return current->covers(path) ? current->fault(call, path) : std::nullopt;
}
std::optional<DiskFault> fault_of(DiskCall call, const char* path) {
  if (current == nullptr || !current->covers(path)) return std::nullopt;
  return current->fault(call, path);
}

void note_write(int file, const void* bytes, std::size_t size, off_t offset, bool failed = false) {
  const auto inode = inode_of(file);
  if (!inode) return;
  current->add({.kind = DiskOp::Kind::kWrite,
                .durable = !failed && writes_through(file),
                .file = *inode,
                .offset = static_cast<std::uint64_t>(offset),
                .data = std::string(static_cast<const char*>(bytes), size)});
}

// A sync of either kind, done by `function`.
int sync_noted(int (*function)(int), int file) {
  const auto inode = inode_of(file);
  if (!inode) return function(file);
  if (const auto fault = fault_of(DiskCall::kSync, file)) {
    current->writeback_failed(file, *inode, fault->error);
  }
  if (const int error = current->writeback_error(file, *inode); error != 0) {
    current->add({.kind = DiskOp::Kind::kFailedSync, .file = *inode});
    errno = error;
    return -1;
  }
  const int result = function(file);
  if (result == 0) current->add({.kind = DiskOp::Kind::kSync, .file = *inode});
  return result;
}

int failed_with(int error) {
  errno = error;
  return -1;
}

void note_create(const std::string& path, bool is_directory) {
  if (current == nullptr || !current->covers(path)) return;
  current->add({.kind = DiskOp::Kind::kCreate,
                .is_directory = is_directory,
                .file = inode_at(path),
                .directory = inode_at(parent_of(path)),
                .name = name_in(path)});
}

int remove_noted(const std::string& path, Inode file, int result) {
  if (result == 0 && current != nullptr && current->covers(path)) {
    current->add({.kind = DiskOp::Kind::kRemove,
                  .file = file,
                  .directory = inode_at(parent_of(path)),
                  .name = name_in(path)});
  }
  return result;
}

}  // namespace

DiskLog::DiskLog(const std::string& root, bool nosync)
    : path_(root), nosync_(nosync), root_(inode_at(root)) {
  if (current != nullptr || root_ == 0) std::abort();
  current = this;
}

DiskLog::~DiskLog() {
  current = nullptr;
}

bool DiskLog::covers(const std::string& path) const {
  return path.size() > path_.size() ? path.starts_with(path_ + "/") : path == path_;
}

int DiskLog::writeback_error(int descriptor, Inode file) {
  const std::lock_guard lock(mutex_);
  const Failures& failures = failures_[file];
  int& told = told_[descriptor];
  if (told == failures.count) return 0;
  told = failures.count;
  return failures.error;
}

void DiskLog::writeback_failed(int descriptor, Inode file, int error) {
  const std::lock_guard lock(mutex_);
  Failures& failures = failures_[file];
  ++failures.count;
  failures.error = error;
  told_[descriptor] = failures.count - 1;
}

void DiskLog::promise(std::uint64_t index) {
  add({.kind = DiskOp::Kind::kPromise, .offset = index});
}

}  // namespace reprise::testing

extern "C" {

using namespace reprise::testing;  // NOLINT: these are the C library's names

ssize_t pwrite(int file, const void* bytes, size_t size, off_t offset) {
  static auto* const function = real<ssize_t(int, const void*, size_t, off_t)>("pwrite");
  const bool meta = current != nullptr && writes_through(file);
  if (const auto fault = fault_of(meta ? DiskCall::kMetaWrite : DiskCall::kWrite, file)) {
    // The data of a failed write through the cache is in the cache nevertheless.
    const size_t done = fault->error == 0 ? size / 2 : meta ? size : 0;
    if (done > 0 && function(file, bytes, done, offset) > 0) {
      note_write(file, bytes, done, offset, true);
    }
    return fault->error == 0 ? static_cast<ssize_t>(done) : failed_with(fault->error);
  }
  const ssize_t written = function(file, bytes, size, offset);
  if (written > 0) note_write(file, bytes, static_cast<std::size_t>(written), offset);
  return written;
}

ssize_t write(int file, const void* bytes, size_t size) {
  static auto* const function = real<ssize_t(int, const void*, size_t)>("write");
  if (const auto fault = fault_of(DiskCall::kWrite, file)) {
    if (fault->error != 0) return failed_with(fault->error);
    size = (size + 1) / 2;
  }
  const ssize_t written = function(file, bytes, size);
  if (written > 0 && current != nullptr) {
    note_write(file, bytes, static_cast<std::size_t>(written),
               ::lseek(file, 0, SEEK_CUR) - written);
  }
  return written;
}

ssize_t writev(int file, const iovec* parts, int count) {
  static auto* const function = real<ssize_t(int, const iovec*, int)>("writev");
  if (const auto fault = fault_of(DiskCall::kWrite, file)) {
    if (fault->error != 0) return failed_with(fault->error);
    count = (count + 1) / 2;
  }
  const ssize_t written = function(file, parts, count);
  if (written <= 0 || current == nullptr) return written;
  off_t offset = ::lseek(file, 0, SEEK_CUR) - written;
  for (int i = 0; i < count; ++i) {
    note_write(file, parts[i].iov_base, parts[i].iov_len, offset);
    offset += static_cast<off_t>(parts[i].iov_len);
  }
  return written;
}

int fdatasync(int file) {
  static auto* const function = real<int(int)>("fdatasync");
  return sync_noted(function, file);
}

int fsync(int file) {
  static auto* const function = real<int(int)>("fsync");
  return sync_noted(function, file);
}

int posix_fallocate(int file, off_t offset, off_t size) {
  static auto* const function = real<int(int, off_t, off_t)>("posix_fallocate");
  const auto fault = fault_of(DiskCall::kAllocate, file);
  return fault ? fault->error : function(file, offset, size);
}

int fallocate(int file, int mode, off_t offset, off_t size) {
  static auto* const function = real<int(int, int, off_t, off_t)>("fallocate");
  if (current != nullptr && current->full()) return failed_with(ENOSPC);
  return function(file, mode, offset, size);
}

int statvfs(const char* path, struct statvfs* result) noexcept {
  static auto* const function = real<int(const char*, struct statvfs*)>("statvfs");
  const int code = function(path, result);
  if (current != nullptr && current->full()) result->f_bavail = 0;
  return code;
}

int ftruncate(int file, off_t size) noexcept {
  static auto* const function = real<int(int, off_t)>("ftruncate");
  if (const auto fault = fault_of(DiskCall::kNames, file)) return failed_with(fault->error);
  const int result = function(file, size);
  const auto inode = result == 0 ? inode_of(file) : std::nullopt;
  if (inode) {
    current->add({.kind = DiskOp::Kind::kTruncate,
                  .file = *inode,
                  .offset = static_cast<std::uint64_t>(size)});
  }
  return result;
}

int open(const char* path, int flags, ...) {
  static auto* const function = real<int(const char*, int, ...)>("open");
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  const bool noted = current != nullptr && (flags & O_CREAT) != 0;
  const bool is_new = noted && inode_at(path) == 0;
  const auto fault = is_new ? fault_of(DiskCall::kNames, path) : std::nullopt;
  if (fault) return failed_with(fault->error);
  const int file = function(path, flags, mode);
  if (file >= 0 && current != nullptr && current->covers(path)) {
    current->opened(file, inode_at(path));
  }
  if (is_new && file >= 0) note_create(path, false);
  return file;
}

int mkdir(const char* path, mode_t mode) noexcept {
  static auto* const function = real<int(const char*, mode_t)>("mkdir");
  if (const auto fault = fault_of(DiskCall::kNames, path)) return failed_with(fault->error);
  const int result = function(path, mode);
  if (result == 0) note_create(path, true);
  return result;
}

int rename(const char* from, const char* to) noexcept {
  static auto* const function = real<int(const char*, const char*)>("rename");
  if (const auto fault = fault_of(DiskCall::kNames, to)) return failed_with(fault->error);
  const int result = function(from, to);
  if (result != 0 || current == nullptr || !current->covers(to)) return result;
  current->add({.kind = DiskOp::Kind::kRename,
                .file = inode_at(to),
                .directory = inode_at(parent_of(from)),
                .to_directory = inode_at(parent_of(to)),
                .name = name_in(from),
                .to_name = name_in(to)});
  return result;
}

int unlink(const char* path) noexcept {
  static auto* const function = real<int(const char*)>("unlink");
  const Inode file = inode_at(path);
  return remove_noted(path, file, function(path));
}

int rmdir(const char* path) noexcept {
  static auto* const function = real<int(const char*)>("rmdir");
  const Inode file = inode_at(path);
  return remove_noted(path, file, function(path));
}

int remove(const char* path) noexcept {
  static auto* const function = real<int(const char*)>("remove");
  const Inode file = inode_at(path);
  return remove_noted(path, file, function(path));
}

int unlinkat(int directory, const char* name, int flags) noexcept {
  static auto* const function = real<int(int, const char*, int)>("unlinkat");
  const std::string path = path_at(directory, name);
  const Inode file = inode_at(path);
  return remove_noted(path, file, function(directory, name, flags));
}

int mdb_env_open(MDB_env* env, const char* path, unsigned flags, mdb_mode_t mode) {
  static auto* const function =
      real<int(MDB_env*, const char*, unsigned, mdb_mode_t)>("mdb_env_open");
  const bool nosync = current != nullptr && current->nosync();
  return function(env, path, nosync ? flags | MDB_NOSYNC : flags, mode);
}

}  // extern "C"
