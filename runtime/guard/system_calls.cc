#include "runtime/guard/system_calls.h"

#include <algorithm>
#include <iterator>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>

namespace reprise::runtime::guard {
namespace {

constexpr long kNameMemory = 0x53564d41;  // PR_SET_VMA: malloc gives its mappings names

struct NamedSystemCall {
  long number;
  const char* name;
  Hazard hazard;
};

using enum Hazard;

// Calls that workflow code is likely to make; others are reported by number.
constexpr NamedSystemCall kNamed[] = {
    {SYS_clock_gettime, "clock_gettime", kClock},
    {SYS_nanosleep, "nanosleep", kSleep},
    {SYS_clock_nanosleep, "clock_nanosleep", kSleep},
    {SYS_getrandom, "getrandom", kRandom},
    {SYS_getcpu, "getcpu", kMachine},
    {SYS_getpid, "getpid", kMachine},
    {SYS_getppid, "getppid", kMachine},
    {SYS_gettid, "gettid", kMachine},
    {SYS_uname, "uname", kMachine},
    {SYS_sysinfo, "sysinfo", kMachine},
    {SYS_getrusage, "getrusage", kMachine},
    {SYS_getcwd, "getcwd", kMachine},
    {SYS_openat, "openat", kFile},
    {SYS_close, "close", kFile},
    {SYS_read, "read", kFile},
    {SYS_write, "write", kFile},
    {SYS_readv, "readv", kFile},
    {SYS_writev, "writev", kFile},
    {SYS_pread64, "pread64", kFile},
    {SYS_pwrite64, "pwrite64", kFile},
    {SYS_lseek, "lseek", kFile},
    {SYS_fstat, "fstat", kFile},
    {SYS_newfstatat, "newfstatat", kFile},
    {SYS_statx, "statx", kFile},
    {SYS_faccessat, "faccessat", kFile},
    {SYS_getdents64, "getdents64", kFile},
    {SYS_readlinkat, "readlinkat", kFile},
    {SYS_unlinkat, "unlinkat", kFile},
    {SYS_renameat, "renameat", kFile},
    {SYS_mkdirat, "mkdirat", kFile},
    {SYS_ftruncate, "ftruncate", kFile},
    {SYS_fsync, "fsync", kFile},
    {SYS_fdatasync, "fdatasync", kFile},
    {SYS_ioctl, "ioctl", kFile},
    {SYS_fcntl, "fcntl", kFile},
    {SYS_mmap, "mmap", kFile},
    {SYS_pipe2, "pipe2", kFile},
#ifdef SYS_open  // AArch64 has only the newer ones
    {SYS_open, "open", kFile},
    {SYS_access, "access", kFile},
    {SYS_unlink, "unlink", kFile},
    {SYS_rename, "rename", kFile},
    {SYS_mkdir, "mkdir", kFile},
    {SYS_readlink, "readlink", kFile},
    {SYS_time, "time", kClock},
    {SYS_gettimeofday, "gettimeofday", kClock},
    {SYS_fork, "fork", kProcess},
    {SYS_vfork, "vfork", kProcess},
    {SYS_poll, "poll", kBlocking},
    {SYS_select, "select", kBlocking},
    {SYS_epoll_wait, "epoll_wait", kBlocking},
#endif
    {SYS_socket, "socket", kNetwork},
    {SYS_connect, "connect", kNetwork},
    {SYS_accept4, "accept4", kNetwork},
    {SYS_sendto, "sendto", kNetwork},
    {SYS_sendmsg, "sendmsg", kNetwork},
    {SYS_recvfrom, "recvfrom", kNetwork},
    {SYS_recvmsg, "recvmsg", kNetwork},
    {SYS_clone, "clone", kThread},
    {SYS_clone3, "clone3", kThread},
    {SYS_futex, "futex", kBlocking},
    {SYS_ppoll, "ppoll", kBlocking},
    {SYS_pselect6, "pselect6", kBlocking},
    {SYS_epoll_pwait, "epoll_pwait", kBlocking},
    {SYS_execve, "execve", kProcess},
    {SYS_wait4, "wait4", kProcess},
    {SYS_kill, "kill", kProcess},
    {SYS_tgkill, "tgkill", kProcess},
};

const NamedSystemCall* find(long number) {
  const auto found = std::find_if(std::begin(kNamed), std::end(kNamed),
                                  [&](const auto& named) { return named.number == number; });
  return found == std::end(kNamed) ? nullptr : found;
}

bool waits(long futex_operation) {
  const auto command = static_cast<int>(futex_operation) & FUTEX_CMD_MASK;
  return command == FUTEX_WAIT || command == FUTEX_WAIT_BITSET || command == FUTEX_LOCK_PI;
}

}  // namespace

bool is_harmless(long number, long first, long second, long fourth, bool by_library) {
  switch (number) {
    case SYS_brk:
    case SYS_munmap:
    case SYS_mremap:
    case SYS_madvise:
    case SYS_mprotect:
    case SYS_rt_sigreturn:
    case SYS_rt_sigprocmask:
    case SYS_sigaltstack:
    case SYS_sched_yield:
    case SYS_membarrier:
    case SYS_rseq:
    case SYS_set_robust_list:
    case SYS_restart_syscall:
    case SYS_exit:
    case SYS_exit_group:
      return true;
    case SYS_mmap:
      return (fourth & MAP_ANONYMOUS) != 0;
    case SYS_futex:
      return by_library || !waits(second);  // its own locks; a mutex is a wrapped symbol
    case SYS_sched_getaffinity:
      return by_library;  // malloc counts the processors when it makes an arena
    case SYS_prctl:
      return first == kNameMemory;
    default:
      return false;
  }
}

std::string name_of_system_call(long number) {
  const NamedSystemCall* named = find(number);
  return named != nullptr ? named->name : "system call " + std::to_string(number);
}

Hazard hazard_of_system_call(long number) {
  const NamedSystemCall* named = find(number);
  return named != nullptr ? named->hazard : Hazard::kOther;
}

}  // namespace reprise::runtime::guard
