#include "base/crash_signals.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <dlfcn.h>
#include <link.h>
#include <mutex>
#include <ucontext.h>
#include <unistd.h>
#include <utility>

#include "base/check.h"

namespace reprise::base {
namespace {

constexpr std::array kSignals = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

std::array<struct sigaction, kSignals.size()> handlers_before;

using Teller = void (*)(const Crash&);
std::array<std::atomic<Teller>, 4> tellers{};

const char* stack_pointer_in([[maybe_unused]] const void* context) {
#if defined(__x86_64__)
  return reinterpret_cast<const char*>(
      static_cast<const ucontext_t*>(context)->uc_mcontext.gregs[REG_RSP]);
#elif defined(__aarch64__)
  return reinterpret_cast<const char*>(static_cast<const ucontext_t*>(context)->uc_mcontext.sp);
#else
  return nullptr;
#endif
}

// Restores the state before this handler was installed.
void hand_on(int signal, siginfo_t* info, void* context) {
  const auto index = static_cast<std::size_t>(std::find(kSignals.begin(), kSignals.end(), signal) -
                                              kSignals.begin());
  const struct sigaction& theirs = handlers_before[index];
  const bool by_somebody = info->si_code <= 0;  // kill(), raise(): the signal does not repeat
  struct sigaction nobody {};
  nobody.sa_handler = SIG_DFL;
  if ((theirs.sa_flags & SA_RESETHAND) != 0) (void)::sigaction(signal, &nobody, nullptr);
  if ((theirs.sa_flags & SA_SIGINFO) != 0) return theirs.sa_sigaction(signal, info, context);
  if (theirs.sa_handler == SIG_IGN && by_somebody) return;
  if (theirs.sa_handler != SIG_DFL && theirs.sa_handler != SIG_IGN) {
    return theirs.sa_handler(signal);
  }
  (void)::sigaction(signal, &nobody, nullptr);
  if (by_somebody) (void)::raise(signal);
}

void on_signal(int signal, siginfo_t* info, void* context) {
  const int error = errno;
  Crash crash{.signal = signal, .stack_pointer = stack_pointer_in(context)};
  crash.from_outside = info->si_code <= 0 && info->si_pid != ::getpid();
  const bool at_address = info->si_code > 0 && (signal == SIGSEGV || signal == SIGBUS);
  if (at_address) crash.address = static_cast<char*>(info->si_addr);
  for (const auto& one : tellers) {
    if (const Teller tell = one.load(); tell != nullptr) tell(crash);
  }
  errno = error;
  hand_on(signal, info, context);
}

void install() {
  struct sigaction ours {};
  ours.sa_sigaction = on_signal;
  ours.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigemptyset(&ours.sa_mask);
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    // Before it can be called.
    if (::sigaction(kSignals[i], nullptr, &handlers_before[i]) != 0) continue;
    (void)::sigaction(kSignals[i], &ours, nullptr);
  }
}

}  // namespace

void tell_crashes(void (*tell)(const Crash&)) {
  static std::mutex mutex;
  static bool installed = false;
  const std::lock_guard lock(mutex);
  // In order of registration; a fifth one would never be called.
  const auto place = std::find_if(tellers.begin(), tellers.end(), [tell](const auto& one) {
    return one == tell || one == nullptr;
  });
  REPRISE_CHECK(place != tellers.end(), "there is room for who tells crashes");
  *place = tell;
  if (!std::exchange(installed, true)) install();
}

const char* signal_name(int signal) {
  switch (signal) {
    case SIGSEGV:
      return "SIGSEGV";
    case SIGBUS:
      return "SIGBUS";
    case SIGFPE:
      return "SIGFPE";
    case SIGILL:
      return "SIGILL";
    case SIGABRT:
      return "SIGABRT";
    default:
      return "a signal";
  }
}

// ---- text -------------------------------------------------------------------------------------

CrashText& CrashText::text(const char* text, std::size_t length) {
  for (std::size_t i = 0; i < length; ++i) {
    if (used_ == sizeof buffer_) flush();
    buffer_[used_++] = text[i];
  }
  return *this;
}

CrashText& CrashText::text(const char* text) {
  return this->text(text, std::strlen(text));
}

CrashText& CrashText::name(const char* name, std::size_t length) {
  constexpr std::size_t kMost = 200;
  for (std::size_t i = 0; i < std::min(length, kMost); ++i) {
    text(name[i] >= 0x20 && name[i] < 0x7f ? &name[i] : "?", 1);
  }
  return length > kMost ? text("...") : *this;
}

CrashText& CrashText::number(std::uint64_t number) {
  char digits[20];
  std::size_t first = sizeof digits;
  do {
    digits[--first] = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number != 0);
  return text(digits + first, sizeof digits - first);
}

CrashText& CrashText::hex(std::uint64_t number) {
  char digits[16];
  std::size_t first = sizeof digits;
  do {
    digits[--first] = "0123456789abcdef"[number % 16];
    number /= 16;
  } while (number != 0);
  return text("0x").text(digits + first, sizeof digits - first);
}

// Not dladdr(), which takes a lock.
CrashText& CrashText::place(const void* address) {
  const auto at = reinterpret_cast<std::uint64_t>(address);
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 35)
  dl_find_object found{};
  if (_dl_find_object(const_cast<void*>(address), &found) == 0 && found.dlfo_link_map != nullptr) {
    const char* path = found.dlfo_link_map->l_name;
    if (path == nullptr || *path == '\0') path = program_invocation_short_name;
    const char* const slash = std::strrchr(path, '/');
    return text(slash == nullptr ? path : slash + 1)
        .text("+")
        .hex(at - found.dlfo_link_map->l_addr);
  }
#endif
  return hex(at);
}

void CrashText::flush() {
  const char* at = buffer_;
  while (used_ > 0) {
    const ssize_t written = ::write(STDERR_FILENO, at, used_);
    if (written <= 0) break;
    at += written;
    used_ -= static_cast<std::size_t>(written);
  }
  used_ = 0;
}

}  // namespace reprise::base
