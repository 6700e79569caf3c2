#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <pthread.h>
#include <regex>
#include <unistd.h>

#include "tests/poison/poison.h"

namespace reprise::poison {
namespace {

[[gnu::noinline]] int deep(int depth) {
  volatile char frame[512];
  frame[0] = static_cast<char>(depth);
  return depth == 0 ? frame[0] : deep(depth - 1) + frame[0];
}

[[gnu::noinline]] int large() {
  char frame[100'000];
  std::memset(frame, 1, sizeof frame);
  asm volatile("" : : "r"(frame) : "memory");
  return frame[5];
}

[[gnu::noinline]] bool match() {
  const std::string text(20'000, 'a');
  return std::regex_match(text, std::regex("(a|b)*c"));
}

[[gnu::noinline]] void write_to(std::uintptr_t address) {
  *reinterpret_cast<volatile char*>(address) = 1;
}

void throw_it(int what) {
  if (what != 0) throw what;
}
void throw_in_noexcept(int what) noexcept {
  throw_it(what);
}

}  // namespace

std::vector<Kind> kinds() {
  return {
      {.name = "deep",
       .says = "SIGSEGV, stack overflow of the code of run 'poison', workflow "
               "'poison'"},
      {.name = "large", .says = "SIGSEGV, stack overflow of the code of run 'poison'"},
      {.name = "regex", .says = "SIGSEGV, stack overflow of the code of run 'poison'"},
      {.name = "null", .says = "SIGSEGV in the code of run 'poison', workflow 'poison'"},
      {.name = "trap", .says = "in the code of run 'poison'"},
      {.name = "abort", .says = "SIGABRT in the code of run 'poison'"},
      {.name = "abort", .says = "SIGABRT in the code of run 'poison'", .at_start = true},
      {.name = "terminate", .says = "SIGABRT in the code of run 'poison'"},
      {.name = "exit", .says = "exit() in the code of run 'poison'"},
      {.name = "pthread_exit", .says = "in the code of run 'poison'"},
      {.name = "destructor", .says = "SIGABRT in the code of run 'poison'", .when_unwound = true},
      {.name = "_exit", .seen = false},
      {.name = "kill", .seen = false},
      {.name = "swallow", .dies = false, .says = "RP2011", .when_unwound = true},
  };
}

void take_poison(const std::string& kind) {
  if (kind == "deep") std::exit(deep(1'000'000));
  if (kind == "large") std::exit(large());
  if (kind == "regex") std::exit(match() ? 1 : 0);
  if (kind == "null") write_to(8);
  if (kind == "trap") __builtin_trap();
  if (kind == "abort") std::abort();
  if (kind == "terminate") throw_in_noexcept(42);
  if (kind == "exit") std::exit(3);
  if (kind == "pthread_exit") ::pthread_exit(nullptr);
  if (kind == "_exit") ::_exit(3);
  if (kind == "kill") (void)::kill(::getpid(), SIGKILL);
}

}  // namespace reprise::poison
