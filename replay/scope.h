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
  void cancel() { cancelled_ = true; }

  // Here, or further out without a shield in between.
  bool is_cancelled() const;

  friend void intrusive_add(Scope* scope) { ++scope->references_; }
  friend void intrusive_release(Scope* scope) {
    if (--scope->references_ == 0) delete scope;
  }

 private:
  Kind kind_;
  bool cancelled_ = false;
  std::uint32_t references_ = 0;
  Ref<Scope> parent_;
};

using ScopeRef = Ref<Scope>;

}  // namespace reprise::replay
