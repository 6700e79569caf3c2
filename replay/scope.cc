#include "replay/scope.h"

namespace reprise::replay {

bool Scope::is_cancelled() const {
  for (const Scope* scope = this; scope != nullptr; scope = scope->parent_.get()) {
    if (scope->cancelled_) return true;
    if (scope->kind_ == Kind::kShielded) return false;
  }
  return false;
}

}  // namespace reprise::replay
