// One thing a run waits for: an activity, a step, a timer, the next signal of an inbox, a spawned
// strand. A small state machine per kind; the transition table is at the top of operation.cc.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/call_site.h"
#include "base/function_ref.h"
#include "replay/outcome.h"

namespace reprise::replay {

class Scope;
struct StrandRecord;

class Operation {
 public:
  enum class Kind : std::uint8_t { kActivity, kStep, kTimer, kSignal, kSpawn };
  enum class State : std::uint8_t { kPending, kSucceeded, kFailed, kCancelled };
  enum class Trigger : std::uint8_t { kSuccess, kFailure, kCancel };

  Operation(Kind kind, std::uint32_t id) : kind_(kind), id_(id) {}

  Kind kind() const { return kind_; }
  std::uint32_t id() const { return id_; }  // 0: an operation that the log does not number
  State state() const { return state_; }
  bool ready() const { return state_ != State::kPending; }

  // Which of the run's inputs completed it: first_of() returns the lowest.
  std::uint64_t completed_by() const { return completed_by_; }
  const Outcome& outcome() const { return outcome_; }
  Outcome take_outcome() { return std::move(outcome_); }

  // False when the table has no such transition (a late or a repeated event).
  bool complete(Trigger trigger, std::uint64_t completed_by, Outcome outcome = {});

  // Pending operations only.
  std::vector<StrandRecord*> waiters;             // strands to wake when it completes
  Scope* scope = nullptr;                         // cancelled with it
  std::optional<base::FunctionRef<Outcome()>> step_body;  // lies on the strand's stack

  // Counted references; one thread.
  friend void intrusive_add(Operation* operation) { ++operation->references_; }
  friend void intrusive_release(Operation* operation) {
    if (--operation->references_ == 0) delete operation;
  }

 private:
  Kind kind_;
  State state_ = State::kPending;
  std::uint32_t id_;
  std::uint32_t references_ = 0;
  std::uint64_t completed_by_ = 0;
  Outcome outcome_;
};

std::string_view to_string(Operation::Kind kind);

// A counted reference to an object with intrusive_add and intrusive_release, for one thread: half
// the size of a shared_ptr and no atomics.
template <class T>
class Ref {
 public:
  Ref() = default;
  explicit Ref(T* object) : object_(object) {
    if (object_ != nullptr) intrusive_add(object_);
  }
  Ref(const Ref& other) : Ref(other.object_) {}
  Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Ref& operator=(Ref other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Ref() {
    if (object_ != nullptr) intrusive_release(object_);
  }

  T* get() const { return object_; }
  T& operator*() const { return *object_; }
  T* operator->() const { return object_; }
  explicit operator bool() const { return object_ != nullptr; }

 private:
  T* object_ = nullptr;
};

using OperationRef = Ref<Operation>;

}  // namespace reprise::replay
