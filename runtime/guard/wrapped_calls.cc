#include "runtime/guard/wrapped_calls.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <type_traits>
#include <unistd.h>

#include "runtime/guard/system_calls.h"

namespace reprise::runtime::guard {
namespace {

// A symbol's name as a template argument.
template <std::size_t N>
struct Name {
  constexpr Name(const char (&literal)[N]) { std::copy_n(literal, N, text); }
  char text[N];
};

// Records the call, and stops watching until the called function returns, because it makes calls of
// its own.
class Recorded {
 public:
  Recorded(const ForbiddenCall& call, const void* return_address) {
    if (!is_watched()) return;
    recorded_ = true;
    (void)watch_this_thread(false);
    this_thread.recorder->record(call, return_address);
  }
  ~Recorded() {
    if (recorded_) (void)watch_this_thread(true);
  }
  Recorded(const Recorded&) = delete;
  Recorded& operator=(const Recorded&) = delete;

  static bool is_watched() { return this_thread.on && this_thread.symbols; }

 private:
  bool recorded_ = false;
};

template <Name kName, Hazard kHazard, class Signature>
struct Call;

// Arguments are passed in the same registers whether a function is variadic or not, on x86-64 and
// AArch64 Linux: hence open(path, flags, mode) without "...".
template <Name kName, Hazard kHazard, class R, class... A>
struct Call<kName, kHazard, R(A...)> {
  static constexpr ForbiddenCall kCall{kName.text, kHazard};
  // Set before the first slot leads here. Atomic, because another thread may come through that slot
  // at once.
  static inline std::atomic<void*> found{nullptr};

  static R original(A... arguments) {
    return reinterpret_cast<R (*)(A...)>(found.load(std::memory_order_acquire))(arguments...);
  }
  static R stand_in(A... arguments) {
    const Recorded recorded(kCall, __builtin_return_address(0));
    return original(arguments...);
  }
  static WrappedCall entry(R (*instead)(A...) = stand_in) {
    return {kCall, reinterpret_cast<void*>(instead), &found};
  }
};

// Taking a free lock is not a hazard: only a lock that must be waited for is recorded.
template <class Lock, auto kTry, class Object>
int take_lock(Object* object) {
  if (Recorded::is_watched()) {
    const int tried = kTry(object);
    const bool taken_by_other = tried == EBUSY || tried == EAGAIN || tried == -1;
    if (!taken_by_other) return tried;
    const Recorded recorded(Lock::kCall, __builtin_return_address(0));
    return Lock::original(object);
  }
  return Lock::original(object);
}

using MutexLock = Call<"pthread_mutex_lock", Hazard::kBlocking, int(pthread_mutex_t*)>;
using ReadLock = Call<"pthread_rwlock_rdlock", Hazard::kBlocking, int(pthread_rwlock_t*)>;
using WriteLock = Call<"pthread_rwlock_wrlock", Hazard::kBlocking, int(pthread_rwlock_t*)>;
using SemaphoreWait = Call<"sem_wait", Hazard::kBlocking, int(sem_t*)>;

// If SIGSYS were blocked, the next intercepted system call would end the process.
using SignalAction =
    Call<"sigaction", Hazard::kOther, int(int, const struct sigaction*, struct sigaction*)>;
using ThreadMask = Call<"pthread_sigmask", Hazard::kOther, int(int, const sigset_t*, sigset_t*)>;
using ProcessMask = Call<"sigprocmask", Hazard::kOther, int(int, const sigset_t*, sigset_t*)>;

int set_action(int signal, const struct sigaction* action, struct sigaction* old) {
  if (action == nullptr) return SignalAction::original(signal, action, old);
  struct sigaction stripped = *action;
  sigdelset(&stripped.sa_mask, SIGSYS);
  return SignalAction::original(signal, &stripped, old);
}

template <class Mask>
int set_mask(int how, const sigset_t* set, sigset_t* old) {
  if (set == nullptr || how == SIG_UNBLOCK) return Mask::original(how, set, old);
  sigset_t stripped = *set;
  sigdelset(&stripped, SIGSYS);
  return Mask::original(how, &stripped, old);
}

using SystemCall = Call<"syscall", Hazard::kOther, long(long, long, long, long, long, long, long)>;

// By its number, as the kernel would see it.
long system_call(long number, long a, long b, long c, long d, long e, long f) {
  if (!Recorded::is_watched() || is_harmless(number, a, b, d, false)) {
    return SystemCall::original(number, a, b, c, d, e, f);
  }
  const Recorded recorded(SystemCall::kCall, __builtin_return_address(0));
  return SystemCall::original(number, a, b, c, d, e, f);
}

using enum Hazard;

const WrappedCall kWrappedCalls[] = {
    // clocks
    Call<"clock_gettime", kClock, int(clockid_t, timespec*)>::entry(),
    Call<"gettimeofday", kClock, int(timeval*, void*)>::entry(),
    Call<"time", kClock, time_t(time_t*)>::entry(),
    Call<"timespec_get", kClock, int(timespec*, int)>::entry(),
    Call<"clock", kClock, clock_t()>::entry(),
    Call<"times", kClock, clock_t(void*)>::entry(),
    // waiting for time to pass
    Call<"nanosleep", kSleep, int(const timespec*, timespec*)>::entry(),
    Call<"clock_nanosleep", kSleep, int(clockid_t, int, const timespec*, timespec*)>::entry(),
    Call<"usleep", kSleep, int(useconds_t)>::entry(),
    Call<"sleep", kSleep, unsigned(unsigned)>::entry(),
    // random numbers
    Call<"rand", kRandom, int()>::entry(),
    Call<"rand_r", kRandom, int(unsigned*)>::entry(),
    Call<"srand", kRandom, void(unsigned)>::entry(),
    Call<"random", kRandom, long()>::entry(),
    Call<"srandom", kRandom, void(unsigned)>::entry(),
    Call<"drand48", kRandom, double()>::entry(),
    Call<"lrand48", kRandom, long()>::entry(),
    Call<"mrand48", kRandom, long()>::entry(),
    Call<"srand48", kRandom, void(long)>::entry(),
    Call<"getrandom", kRandom, ssize_t(void*, size_t, unsigned)>::entry(),
    Call<"getentropy", kRandom, int(void*, size_t)>::entry(),
    Call<"arc4random", kRandom, std::uint32_t()>::entry(),
    Call<"arc4random_uniform", kRandom, std::uint32_t(std::uint32_t)>::entry(),
    Call<"arc4random_buf", kRandom, void(void*, size_t)>::entry(),
    Call<"_ZNSt13random_device9_M_getvalEv", kRandom, unsigned(void*)>::entry(),
    // the environment
    Call<"getenv", kEnvironment, char*(const char*)>::entry(),
    Call<"secure_getenv", kEnvironment, char*(const char*)>::entry(),
    Call<"setenv", kEnvironment, int(const char*, const char*, int)>::entry(),
    Call<"putenv", kEnvironment, int(char*)>::entry(),
    Call<"unsetenv", kEnvironment, int(const char*)>::entry(),
    Call<"setlocale", kEnvironment, char*(int, const char*)>::entry(),
    Call<"localtime", kEnvironment, std::tm*(const time_t*)>::entry(),
    Call<"localtime_r", kEnvironment, std::tm*(const time_t*, std::tm*)>::entry(),
    Call<"mktime", kEnvironment, time_t(std::tm*)>::entry(),
    Call<"tzset", kEnvironment, void()>::entry(),
    // the machine and the process
    Call<"sched_getcpu", kMachine, int()>::entry(),
    Call<"getcpu", kMachine, int(unsigned*, unsigned*)>::entry(),
    Call<"sched_getaffinity", kMachine, int(pid_t, size_t, cpu_set_t*)>::entry(),
    Call<"get_nprocs", kMachine, int()>::entry(),
    Call<"getpid", kMachine, pid_t()>::entry(),
    Call<"getppid", kMachine, pid_t()>::entry(),
    Call<"gettid", kMachine, pid_t()>::entry(),
    Call<"gethostname", kMachine, int(char*, size_t)>::entry(),
    Call<"uname", kMachine, int(void*)>::entry(),
    Call<"getcwd", kMachine, char*(char*, size_t)>::entry(),
    // files
    Call<"open", kFile, int(const char*, int, mode_t)>::entry(),
    Call<"open64", kFile, int(const char*, int, mode_t)>::entry(),
    Call<"openat", kFile, int(int, const char*, int, mode_t)>::entry(),
    Call<"openat64", kFile, int(int, const char*, int, mode_t)>::entry(),
    Call<"__open_2", kFile, int(const char*, int)>::entry(),
    Call<"__open64_2", kFile, int(const char*, int)>::entry(),
    Call<"creat", kFile, int(const char*, mode_t)>::entry(),
    Call<"creat64", kFile, int(const char*, mode_t)>::entry(),
    Call<"fopen", kFile, FILE*(const char*, const char*)>::entry(),
    Call<"fopen64", kFile, FILE*(const char*, const char*)>::entry(),
    Call<"stat", kFile, int(const char*, void*)>::entry(),
    Call<"stat64", kFile, int(const char*, void*)>::entry(),
    Call<"access", kFile, int(const char*, int)>::entry(),
    Call<"unlink", kFile, int(const char*)>::entry(),
    Call<"rename", kFile, int(const char*, const char*)>::entry(),
    Call<"mkdir", kFile, int(const char*, mode_t)>::entry(),
    Call<"read", kFile, ssize_t(int, void*, size_t)>::entry(),
    Call<"write", kFile, ssize_t(int, const void*, size_t)>::entry(),
    Call<"pread64", kFile, ssize_t(int, void*, size_t, off_t)>::entry(),
    Call<"pwrite64", kFile, ssize_t(int, const void*, size_t, off_t)>::entry(),
    Call<"fsync", kFile, int(int)>::entry(),
    Call<"puts", kFile, int(const char*)>::entry(),
    Call<"fputs", kFile, int(const char*, FILE*)>::entry(),
    Call<"fwrite", kFile, size_t(const void*, size_t, size_t, FILE*)>::entry(),
    // the network
    Call<"socket", kNetwork, int(int, int, int)>::entry(),
    Call<"connect", kNetwork, int(int, const sockaddr*, socklen_t)>::entry(),
    Call<"accept", kNetwork, int(int, sockaddr*, socklen_t*)>::entry(),
    Call<"send", kNetwork, ssize_t(int, const void*, size_t, int)>::entry(),
    Call<"sendto", kNetwork, ssize_t(int, const void*, size_t, int, const sockaddr*, socklen_t)>::
        entry(),
    Call<"sendmsg", kNetwork, ssize_t(int, const msghdr*, int)>::entry(),
    Call<"recv", kNetwork, ssize_t(int, void*, size_t, int)>::entry(),
    Call<"recvfrom", kNetwork, ssize_t(int, void*, size_t, int, sockaddr*, socklen_t*)>::entry(),
    Call<"recvmsg", kNetwork, ssize_t(int, msghdr*, int)>::entry(),
    Call<"getaddrinfo", kNetwork, int(const char*, const char*, const addrinfo*, addrinfo**)>::
        entry(),
    // threads, and waiting for them
    Call<"pthread_create",
         kThread,
         int(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*)>::entry(),
    Call<"pthread_join", kThread, int(pthread_t, void**)>::entry(),
    MutexLock::entry(take_lock<MutexLock, pthread_mutex_trylock, pthread_mutex_t>),
    ReadLock::entry(take_lock<ReadLock, pthread_rwlock_tryrdlock, pthread_rwlock_t>),
    WriteLock::entry(take_lock<WriteLock, pthread_rwlock_trywrlock, pthread_rwlock_t>),
    SemaphoreWait::entry(take_lock<SemaphoreWait, sem_trywait, sem_t>),
    Call<"pthread_mutex_timedlock", kBlocking, int(pthread_mutex_t*, const timespec*)>::entry(),
    Call<"pthread_mutex_clocklock", kBlocking, int(pthread_mutex_t*, clockid_t, const timespec*)>::
        entry(),
    Call<"sem_timedwait", kBlocking, int(sem_t*, const timespec*)>::entry(),
    Call<"pthread_cond_wait", kBlocking, int(pthread_cond_t*, pthread_mutex_t*)>::entry(),
    Call<"pthread_cond_timedwait",
         kBlocking,
         int(pthread_cond_t*, pthread_mutex_t*, const timespec*)>::entry(),
    Call<"pthread_cond_clockwait",
         kBlocking,
         int(pthread_cond_t*, pthread_mutex_t*, clockid_t, const timespec*)>::entry(),
    Call<"poll", kBlocking, int(pollfd*, nfds_t, int)>::entry(),
    Call<"select", kBlocking, int(int, fd_set*, fd_set*, fd_set*, timeval*)>::entry(),
    Call<"epoll_wait", kBlocking, int(int, epoll_event*, int, int)>::entry(),
    // processes
    Call<"fork", kProcess, pid_t()>::entry(),
    Call<"system", kProcess, int(const char*)>::entry(),
    Call<"popen", kProcess, FILE*(const char*, const char*)>::entry(),
    Call<"posix_spawn",
         kProcess,
         int(pid_t*, const char*, const void*, const void*, char* const*, char* const*)>::entry(),
    Call<"waitpid", kProcess, pid_t(pid_t, int*, int)>::entry(),
    Call<"kill", kProcess, int(pid_t, int)>::entry(),
    SystemCall::entry(system_call),
    // not to be recorded
    SignalAction::entry(set_action),
    ThreadMask::entry(set_mask<ThreadMask>),
    ProcessMask::entry(set_mask<ProcessMask>),
};

}  // namespace

std::span<const WrappedCall> wrapped_calls() {
  return kWrappedCalls;
}

}  // namespace reprise::runtime::guard
