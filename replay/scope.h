// Cancellation scopes of a run: a tree. Cancelling one cancels what was started in it and in the
// scopes below it, and wakes the strands that wait there; a shielded scope stops that from above.
#pragma once
#include <cstdint>

#include "base/pooled.h"
#include "replay/ref.h"

namespace reprise::replay {

class Scope : public base::Pooled<Scope> {
 public:
  enum class Kind : std::uint8_t { kRoot, kCancellable, kShielded };

  Scope(Kind kind, Ref<Scope> parent) : kind_(kind), parent_(std::move(parent)) {}

  Kind kind() const { return kind_; }
  const Ref<Scope>& parent() const { return parent_; }
  // `order`: the place of the cancellation among the completions, see Operation::order(). The first
  // one counts.
  void cancel(std::uint64_t order) {
    if (cancelled_at_ == 0) cancelled_at_ = order;
  }

  // When it, or a scope around it without a shield in between, was cancelled; 0: not.
  std::uint64_t cancelled_at() const;
  bool is_cancelled() const { return cancelled_at() != 0; }

  friend void intrusive_add(Scope* scope) { ++scope->references_; }
  // In a loop: functions that spawn their successors make chains of any length, and a strand's
  // stack is small.
  friend void intrusive_release(Scope* scope) {
    while (scope != nullptr && --scope->references_ == 0) {
      Scope* const parent = scope->parent_.release();
      delete scope;
      scope = parent;
    }
  }

 private:
  Kind kind_;
  std::uint32_t references_ = 0;
  std::uint64_t cancelled_at_ = 0;
  Ref<Scope> parent_;
};

using ScopeRef = Ref<Scope>;

}  // namespace reprise::replay
