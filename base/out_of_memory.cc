#include "base/out_of_memory.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <unistd.h>

namespace reprise::base {
namespace {

std::atomic<void (*)()> out_of_memory_teller{nullptr};

}  // namespace

void tell_out_of_memory(void (*tell)()) {
  out_of_memory_teller = tell;
}

void end_out_of_memory(const char* doing) noexcept {
  if (const auto tell = out_of_memory_teller.load(); tell != nullptr) tell();
  char line[256];
  const int length =
      std::snprintf(line, sizeof line,
                    "reprise: out of memory while %s; the process ends with exit code %d. "
                    "What was acknowledged is durable: start it again with more memory\n",
                    doing, kExitOutOfMemory);
  // Not stdio's stream, which may allocate its buffer now.
  if (length > 0 && ::write(STDERR_FILENO, line, static_cast<std::size_t>(length)) < 0) {
  }
  std::_Exit(kExitOutOfMemory);
}

}  // namespace reprise::base
