#include "tests/support/io_failures.h"

#include <atomic>
#include <cerrno>
#include <dlfcn.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

namespace {

std::atomic<int> countdown = 0;  // 0: nothing fails, and nothing is counted
std::atomic<int> failure = 0;
std::atomic<bool> failed = false;

bool fails() {
  if (countdown == 0 || --countdown != 0) return false;
  failed = true;
  errno = failure;
  return true;
}

template <class Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

ssize_t pwrite(int file, const void* bytes, size_t size, off_t offset) {
  static auto* const function = real<ssize_t(int, const void*, size_t, off_t)>("pwrite");
  return fails() ? -1 : function(file, bytes, size, offset);
}

ssize_t writev(int file, const iovec* parts, int count) {
  static auto* const function = real<ssize_t(int, const iovec*, int)>("writev");
  return fails() ? -1 : function(file, parts, count);
}

int fdatasync(int file) {
  static auto* const function = real<int(int)>("fdatasync");
  return fails() ? -1 : function(file);
}

int fsync(int file) {
  static auto* const function = real<int(int)>("fsync");
  return fails() ? -1 : function(file);
}

int ftruncate(int file, off_t size) noexcept {
  static auto* const function = real<int(int, off_t)>("ftruncate");
  return fails() ? -1 : function(file, size);
}

int mkdir(const char* path, mode_t mode) noexcept {
  static auto* const function = real<int(const char*, mode_t)>("mkdir");
  return fails() ? -1 : function(path, mode);
}

int rename(const char* from, const char* to) noexcept {
  static auto* const function = real<int(const char*, const char*)>("rename");
  return fails() ? -1 : function(from, to);
}

}  // extern "C"

namespace reprise::store {

IoFailure::IoFailure(int operation, int error_number) {
  failure = error_number;
  failed = false;
  countdown = operation;
}

IoFailure::~IoFailure() {
  countdown = 0;
}

bool IoFailure::happened() const {
  return failed;
}

}  // namespace reprise::store
