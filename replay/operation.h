// One thing a run waits for: an activity, a step, a timer, the next signal of an inbox, a spawned
// strand. Its lifecycle is in the table of its kind, in replay/commands/.
#pragma once
#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <boost/container/small_vector.hpp>

#include "base/call_site.h"
#include "base/check.h"
#include "base/function_ref.h"
#include "base/pooled.h"
#include "event/headers.h"
#include "replay/cancel_mode.h"
#include "replay/commands/lifecycle.h"
#include "replay/outcome.h"
#include "replay/ref.h"
#include "replay/scope.h"

namespace reprise::replay {

class Operation;
struct StrandRecord;

// Decodes a signal as the type that the code wants. False: it does not decode, and `why_not` says
// why. Any other exception of a codec passes through.
using ReadSignal = bool (*)(std::string_view payload,
                            std::shared_ptr<void>* value,
                            std::string* why_not);

// The reader that has accepted a signal last, and the decoded value. No value: on replay, or
// because of a bug in the codec, it was handed over without being decoded.
struct SignalValue {
  ReadSignal read = nullptr;
  std::shared_ptr<void> value{};
};

// nullptr: it has none.
using SignalHeaders = std::shared_ptr<const event::HeaderFields>;

// Additional fields of an operation that waits for a signal.
struct SignalPart : base::Pooled<SignalPart> {
  explicit SignalPart(ReadSignal read_by) : read(read_by) {}

  const ReadSignal read;
  SignalValue value{};  // of the one it was handed
  SignalHeaders headers{};
};

// Told when the last reference to an operation is gone, before it is deleted.
class DropListener {
 public:
  virtual void dropped(Operation& operation) = 0;

 protected:
  ~DropListener() = default;
};

class Operation : public base::Pooled<Operation> {
 public:
  using Kind = Lifecycle::Kind;
  using State = Lifecycle::State;
  using Trigger = Lifecycle::Trigger;

  explicit Operation(Kind kind) : life_(kind) {}

  Kind kind() const { return life_.kind(); }
  std::uint32_t id() const { return id_; }  // 0: an operation that the log does not number
  State state() const { return life_.state(); }
  bool ready() const { return life_.has_ended(); }

  // Its place in the order of completions in the log: first_of() returns the lowest.
  std::uint64_t order() const { return order_; }
  const Outcome& outcome() const { return outcome_; }
  Outcome take_outcome() {
    read_ = true;
    return std::move(outcome_);
  }
  bool read() const { return read_; }  // its outcome was taken
  ReadSignal read_signal() const { return signal == nullptr ? nullptr : signal->read; }

  // Its command is in the log, under this number.
  void record(std::uint32_t id) {
    REPRISE_CHECK(on(Trigger::kRecord), "an operation is recorded once");
    id_ = id;
  }
  // Without an outcome. False: the table of its kind does not have this transition.
  bool on(Trigger trigger) { return life_.on(trigger); }
  // The same with an outcome, which is left unused if the transition is refused: a late or a
  // repeated event.
  bool complete(Trigger trigger, std::uint64_t order, Outcome&& outcome = {}) {
    if (!on(trigger)) return false;
    order_ = order;
    outcome_ = std::move(outcome);
    return true;
  }

  void stop_waking(StrandRecord& waiter) {
    waiters.erase(std::remove(waiters.begin(), waiters.end(), &waiter), waiters.end());
  }

  // Fields of a pending operation, kept by the execution. Nearly always one strand waits for it.
  std::string label;  // what the run waits for, in words for people
  boost::container::small_vector<StrandRecord*, 1> waiters;  // strands to wake when it completes
  Ref<Scope> scope;                                          // cancelled with it
  std::optional<base::FunctionRef<Outcome()>> step_body;     // lies on the strand's stack
  StrandRecord* strand = nullptr;                            // kStrand: the strand itself
  std::uint32_t looks = 0;                                   // kSignal: see Inboxes::Arrival
  std::uint32_t handed_at = 0;                               // kSignal: where Signals lists it
  std::unique_ptr<SignalPart> signal{};  // kSignal; nullptr: taken undecoded, and without headers
  DropListener* listener = nullptr;      // of kinds that have something to do then
  base::CallSite site{};                 // what asked for it
  std::uint64_t event = 0;               // of the history, that completed it
  CancelMode on_cancel = CancelMode::kTry;  // kActivity
  // It was cancelled, and its end is waited for in a cancelled scope, too.
  bool waits_when_cancelled = false;

  // Counted references; one thread.
  friend void intrusive_add(Operation* operation) { ++operation->references_; }
  friend void intrusive_release(Operation* operation) {
    if (--operation->references_ > 0) return;
    if (operation->listener != nullptr) operation->listener->dropped(*operation);
    delete operation;
  }

 private:
  Lifecycle life_;
  bool read_ = false;
  std::uint32_t id_ = 0;
  std::uint32_t references_ = 0;
  std::uint64_t order_ = 0;
  Outcome outcome_;
};

using OperationRef = Ref<Operation>;

}  // namespace reprise::replay
