#include "replay/scope.h"

#include <algorithm>

namespace reprise::replay {

std::uint64_t Scope::cancelled_at() const {
  std::uint64_t earliest = 0;
  for (const Scope* scope = this; scope != nullptr; scope = scope->parent_.get()) {
    if (scope->cancelled_at_ != 0) {
      earliest = earliest == 0 ? scope->cancelled_at_ : std::min(earliest, scope->cancelled_at_);
    }
    if (scope->kind_ == Kind::kShielded) break;
  }
  return earliest;
}

}  // namespace reprise::replay
