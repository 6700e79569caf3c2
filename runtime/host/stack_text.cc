#include "runtime/host/stack_text.h"

#include "base/symbols.h"
#include "replay/user_frames.h"

namespace reprise::runtime {

std::string stack_text(const std::vector<void*>& frames) {
  base::Symbols symbols;
  std::string text;
  const auto users = replay::user_frames(frames, symbols);
  for (const base::Symbol& frame : users) text += "\n  " + base::to_string(frame);
  if (!users.empty()) return text;
  for (const std::string& frame : base::describe_frames(frames)) text += "\n  " + frame;
  return text;
}

}  // namespace reprise::runtime
