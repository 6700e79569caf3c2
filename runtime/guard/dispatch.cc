// Syscall user dispatch. While the selector says "block" every system call of the thread becomes a
// SIGSYS, even the kernel's own return from a signal handler; only instructions in one range of
// addresses are exempt. So that range has three things: the handler's return, the return of other
// signals' handlers, and an instruction that makes the intercepted call in its own context, with
// its own signal mask and stack, as if it had not been intercepted.
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fstream>
#include <link.h>
#include <string>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/sanitizers.h"
#include "runtime/guard/system_calls.h"

#if defined(__x86_64__) && defined(__linux__) && !REPRISE_SANITIZED
#define REPRISE_CAN_DISPATCH 1
#else
#define REPRISE_CAN_DISPATCH 0
#endif

namespace reprise::runtime::guard {

#if REPRISE_CAN_DISPATCH

extern "C" {
extern const char reprise_guard_begin[] __attribute__((visibility("hidden")));
extern const char reprise_guard_return[] __attribute__((visibility("hidden")));
extern const char reprise_guard_call[] __attribute__((visibility("hidden")));
extern const char reprise_guard_end[] __attribute__((visibility("hidden")));
}

// Unwinders and debuggers recognize the frame of a signal handler by the bytes of its return.
// `reprise_guard_call` is entered with the address to continue at on top of the stack, below the
// red zone: the 128 bytes that a leaf function may use without reserving them.
asm(R"(
  .pushsection .text.reprise_guard, "ax", @progbits
  .balign 16
  .globl reprise_guard_begin, reprise_guard_return, reprise_guard_call, reprise_guard_end
  .hidden reprise_guard_begin, reprise_guard_return, reprise_guard_call, reprise_guard_end
reprise_guard_begin:
  nop
  .balign 16
  .type reprise_guard_return, @function
reprise_guard_return:
  mov $15, %rax
  syscall
  .size reprise_guard_return, . - reprise_guard_return
  .balign 16
  .type reprise_guard_call, @function
reprise_guard_call:
  .cfi_startproc
  .cfi_def_cfa %rsp, 136
  .cfi_offset %rip, -136
  syscall
  ret $128
  .cfi_endproc
  .size reprise_guard_call, . - reprise_guard_call
  .balign 16
reprise_guard_end:
  nop
  .popsection
)");

namespace {

#ifndef PR_SET_SYSCALL_USER_DISPATCH
constexpr int PR_SET_SYSCALL_USER_DISPATCH = 59;
#endif
constexpr int kDispatchOn = 1;
constexpr int kUserDispatch = 2;  // si_code: SYS_USER_DISPATCH
constexpr long kRedZone = 128;
constexpr long kSyscallBytes = 2;  // of the instruction
constexpr std::uint64_t kSigsysBit = std::uint64_t{1} << (SIGSYS - 1);
constexpr unsigned long kRestorer = 0x04000000;  // SA_RESTORER

// The kernel's structure; the C library's hides the return.
struct KernelAction {
  void (*handler)(int, siginfo_t*, void*) = nullptr;
  unsigned long flags = 0;
  const void* restorer = nullptr;
  std::uint64_t mask = 0;
};

long kernel_sigaction(int signal, const KernelAction* action, KernelAction* old) {
  return ::syscall(SYS_rt_sigaction, signal, action, old, sizeof action->mask);
}

struct Range {
  std::uintptr_t begin = 0;
  std::uintptr_t end = 0;
};
Range c_library;  // its code; set before any thread is watched

// Copies of the kernel's structures without SIGSYS in their masks, for the call under way.
constinit thread_local std::uint64_t stripped_mask = 0;
constinit thread_local KernelAction stripped_action{};

using Registers = gregset_t;

// Blocking SIGSYS would make the next intercepted call the end of the process.
void keep_unblocked(Registers& registers) {
  const auto number = registers[REG_RAX];
  if (registers[REG_RSI] == 0) return;
  const auto* argument = reinterpret_cast<const void*>(registers[REG_RSI]);
  if (number == SYS_rt_sigprocmask) {
    std::memcpy(&stripped_mask, argument, sizeof stripped_mask);
    if (registers[REG_RDI] != SIG_UNBLOCK) stripped_mask &= ~kSigsysBit;
    registers[REG_RSI] = reinterpret_cast<greg_t>(&stripped_mask);
  } else if (number == SYS_rt_sigaction) {
    std::memcpy(&stripped_action, argument, sizeof stripped_action);
    stripped_action.mask &= ~kSigsysBit;
    registers[REG_RSI] = reinterpret_cast<greg_t>(&stripped_action);
  }
}

// Calls that make a thread or a process return twice, the second time on another stack or in
// another process.
bool returns_twice(long number) {
  return number == SYS_clone || number == SYS_clone3 || number == SYS_fork || number == SYS_vfork;
}

// True: the thread stays watched.
bool go_on(Registers& registers) {
  const long number = registers[REG_RAX];
  if (returns_twice(number)) {
    registers[REG_RIP] -= kSyscallBytes;
    return false;
  }
  if (number == SYS_rt_sigreturn) {
    registers[REG_RIP] = reinterpret_cast<greg_t>(reprise_guard_return);
    return true;
  }
  keep_unblocked(registers);
  registers[REG_RSP] -= kRedZone + static_cast<long>(sizeof(greg_t));
  std::memcpy(reinterpret_cast<void*>(registers[REG_RSP]), &registers[REG_RIP], sizeof(greg_t));
  registers[REG_RIP] = reinterpret_cast<greg_t>(reprise_guard_call);
  return true;
}

void on_system_call(int signal, siginfo_t* info, void* context) {
  if (info->si_code != kUserDispatch) {  // not from our dispatch: a sandbox, kill()
    const KernelAction fatal{};
    kernel_sigaction(signal, &fatal, nullptr);
    ::raise(signal);
    return;
  }
  ThreadWatch& watch = this_thread;
  watch.selector = 0;
  const int error = errno;
  auto& registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  const auto address = static_cast<std::uintptr_t>(registers[REG_RIP]);
  const bool by_library = address >= c_library.begin && address < c_library.end;
  const long number = registers[REG_RAX];
  if (!is_harmless(number, registers[REG_RDI], registers[REG_RSI], registers[REG_R10],
                   by_library)) {
    watch.recorder->record_system_call(number);
  }
  errno = error;
  if (go_on(registers)) watch.selector = 1;
}

int find_c_library(dl_phdr_info* object, std::size_t, void* inside) {
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const auto& segment = object->dlpi_phdr[i];
    const std::uintptr_t begin = object->dlpi_addr + segment.p_vaddr;
    const auto wanted = reinterpret_cast<std::uintptr_t>(inside);
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_X) == 0) continue;
    if (wanted < begin || wanted >= begin + segment.p_memsz) continue;
    c_library = {begin, begin + segment.p_memsz};
    return 1;
  }
  return 0;
}

// A debugger stops at every SIGSYS.
bool is_traced() {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line)) {
    if (line.rfind("TracerPid:", 0) == 0) return line.find_first_of("123456789") != line.npos;
  }
  return false;
}

// Valgrind makes the program's system calls from code of its own.
bool is_under_valgrind() {
  const char* const preloaded = std::getenv("LD_PRELOAD");
  return preloaded != nullptr && std::strstr(preloaded, "/vgpreload_") != nullptr;
}

bool kernel_has_it() {
  const char probe = 0;
  if (!start_dispatch(&probe)) return false;
  stop_dispatch();
  return true;
}

std::string_view install() {
  if (is_under_valgrind()) return "the program runs under Valgrind";
  if (!kernel_has_it()) return "this kernel has no syscall user dispatch (Linux 5.11, x86-64)";
  if (is_traced()) return "the process is being traced";
  KernelAction present;
  if (kernel_sigaction(SIGSYS, nullptr, &present) != 0 || present.handler != nullptr) {
    return "the process has a handler of its own for SIGSYS";
  }
  ::dl_iterate_phdr(find_c_library, ::dlsym(RTLD_DEFAULT, "fopen"));
  const KernelAction ours{on_system_call, SA_SIGINFO | SA_ONSTACK | SA_NODEFER | kRestorer,
                          reprise_guard_return, 0};
  if (kernel_sigaction(SIGSYS, &ours, nullptr) != 0) return "SIGSYS cannot be handled";
  return {};
}

}  // namespace

std::string_view prepare_dispatch() {
  static const std::string_view why_not = install();
  return why_not;
}

bool start_dispatch(const volatile char* selector) {
  sigset_t ours;
  sigemptyset(&ours);
  sigaddset(&ours, SIGSYS);
  (void)::pthread_sigmask(SIG_UNBLOCK, &ours, nullptr);
  const auto bytes = static_cast<unsigned long>(reprise_guard_end - reprise_guard_begin);
  return ::prctl(PR_SET_SYSCALL_USER_DISPATCH, kDispatchOn, reprise_guard_begin, bytes, selector) ==
         0;
}

void stop_dispatch() {
  (void)::prctl(PR_SET_SYSCALL_USER_DISPATCH, 0, 0, 0, 0);
}

void unblock_in_handlers() {
  for (int signal = 1; signal < NSIG; ++signal) {
    KernelAction action;
    if (kernel_sigaction(signal, nullptr, &action) != 0 || (action.mask & kSigsysBit) == 0)
      continue;
    action.mask &= ~kSigsysBit;
    kernel_sigaction(signal, &action, nullptr);
  }
}

#else

std::string_view prepare_dispatch() {
  return base::kSanitized ? "the program is built with a sanitizer or for Valgrind"
                          : "they can be intercepted on x86-64 Linux only";
}
bool start_dispatch(const volatile char*) {
  return false;
}
void stop_dispatch() {}
void unblock_in_handlers() {}

#endif

}  // namespace reprise::runtime::guard
