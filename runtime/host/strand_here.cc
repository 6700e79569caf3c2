#include "runtime/host/strand_here.h"

#include "replay/strand.h"

namespace reprise::runtime {

std::optional<StrandHere> strand_here() {
  replay::Strand* const strand = replay::Strand::current();
  if (strand == nullptr) return std::nullopt;
  const replay::Stack stack = strand->memory();
  return StrandHere{.number = strand->label().number,
                    .last_call = strand->label().last_call,
                    .guard = stack.bottom - replay::kGuardBytes,
                    .bottom = stack.bottom,
                    .stack_bytes = stack.size};
}

}  // namespace reprise::runtime
