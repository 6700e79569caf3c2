#include "runtime/debug_root.h"

#include <mutex>

namespace reprise::runtime {

constinit DebugRoot* debug_roots = nullptr;

namespace {

constinit std::mutex linking;

}  // namespace

void DebugRoot::link() {
  const std::lock_guard lock(linking);
  next_ = debug_roots;
  if (next_ != nullptr) next_->previous_ = this;
  debug_roots = this;
}

DebugRoot::~DebugRoot() {
  const std::lock_guard lock(linking);
  (previous_ != nullptr ? previous_->next_ : debug_roots) = next_;
  if (next_ != nullptr) next_->previous_ = previous_;
}

}  // namespace reprise::runtime

// The debugger's commands are part of the program, so that they fit its version of these classes,
// on every machine and with every core file. gdb runs the contents of this section if the user
// allows it; nothing of it is loaded into memory. 4: an inlined script, its name first.
#ifdef REPRISE_GDB_SCRIPT
asm(".pushsection \".debug_gdb_scripts\", \"MS\", @progbits, 1\n"
    ".byte 4\n"
    ".ascii \"reprise-gdb.py\\n\"\n"
    ".incbin \"" REPRISE_GDB_SCRIPT
    "\"\n"
    ".byte 0\n"
    ".popsection\n");
#endif
