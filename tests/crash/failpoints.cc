#include "tests/crash/failpoints.h"

#include <atomic>
#include <csignal>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

namespace reprise::testing {
namespace {

std::string& armed_point() {
  static std::string point;
  return point;
}
std::atomic<int> left = 0;
thread_local Phase phase = Phase::kOther;

std::string_view point_of(Phase what) {
  switch (what) {
    case Phase::kCreation:
      return "creation";
    case Phase::kRecovery:
      return "recovery";
    case Phase::kTrim:
      return "trimming";
    case Phase::kArchive:
      return "archiving";
    case Phase::kRetention:
      return "retention";
    case Phase::kBackup:
      return "backup";
    case Phase::kOther:
    case Phase::kAppend:
      break;
  }
  return {};
}

template <class Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

bool appends() {
  return phase == Phase::kAppend || phase == Phase::kTrim;
}

// An operation on files, with the failpoints before and after it.
template <class Operation>
auto with_points(std::string_view before, std::string_view behind, const Operation& operation) {
  if (left == 0 || phase == Phase::kOther) return operation();
  passed(point_of(phase));
  if (appends()) passed(before);
  const auto result = operation();
  if (appends()) passed(behind);
  passed(point_of(phase));
  return result;
}

// LMDB writes its meta page through a descriptor of its own, which syncs at once.
bool syncs_at_once(int file) {
  return (::fcntl(file, F_GETFL) & O_DSYNC) != 0;
}

}  // namespace

PhaseScope::PhaseScope(Phase what) : before_(phase) {
  phase = what;
}

PhaseScope::~PhaseScope() {
  phase = before_;
}

void arm_failpoint(std::string point, int at) {
  armed_point() = std::move(point);
  left = at;
}

void passed(std::string_view point) {
  if (left == 0 || point.empty() || point != armed_point()) return;
  if (--left == 0) std::raise(SIGKILL);
}

}  // namespace reprise::testing

using reprise::testing::syncs_at_once;
using reprise::testing::with_points;

extern "C" {

ssize_t pwrite(int file, const void* bytes, size_t size, off_t offset) {
  static auto* const function =
      reprise::testing::real<ssize_t(int, const void*, size_t, off_t)>("pwrite");
  const bool meta = syncs_at_once(file);
  return with_points(meta ? "" : "before_write", meta ? "after_meta" : "after_write",
                     [&] { return function(file, bytes, size, offset); });
}

ssize_t writev(int file, const iovec* parts, int count) {
  static auto* const function = reprise::testing::real<ssize_t(int, const iovec*, int)>("writev");
  return with_points("before_write", "after_write", [&] { return function(file, parts, count); });
}

int fdatasync(int file) {
  static auto* const function = reprise::testing::real<int(int)>("fdatasync");
  return with_points("", "after_sync", [&] { return function(file); });
}

int fsync(int file) {
  static auto* const function = reprise::testing::real<int(int)>("fsync");
  return with_points("", "", [&] { return function(file); });
}

int ftruncate(int file, off_t size) noexcept {
  static auto* const function = reprise::testing::real<int(int, off_t)>("ftruncate");
  return with_points("", "", [&] { return function(file, size); });
}

int mkdir(const char* path, mode_t mode) noexcept {
  static auto* const function = reprise::testing::real<int(const char*, mode_t)>("mkdir");
  return with_points("", "", [&] { return function(path, mode); });
}

int rename(const char* from, const char* to) noexcept {
  static auto* const function = reprise::testing::real<int(const char*, const char*)>("rename");
  return with_points("", "", [&] { return function(from, to); });
}

}  // extern "C"
