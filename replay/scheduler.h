// The deterministic scheduler of one run: strands become ready in an order that follows from the
// log, and run one at a time until all of them wait.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/container/small_vector.hpp>

#include "base/call_site.h"
#include "base/function_ref.h"
#include "base/pooled.h"
#include "replay/code_guard.h"
#include "replay/operation.h"
#include "replay/scope.h"
#include "replay/strand.h"
#include "replay/strand_status.h"

namespace reprise::replay {

struct StrandRecord : base::Pooled<StrandRecord> {
  StrandRecord(StackPool& pool, Strand::Body body, ScopeRef in_scope)
      : strand(pool, std::move(body)), scope(std::move(in_scope)) {}

  Strand strand;
  std::size_t number = 0;              // from 1 in order of creation
  ScopeRef scope;                      // the innermost one it is in now
  bool running = false;                // is on its stack now, or has resumed a strand that is
  bool ready = false;                  // is in the ready queue
  bool on_condition = false;           // waits for a condition of its own
  base::CallSite condition_site{};     // of the latest one
  bool rechecking = false;             // was resumed only to evaluate its condition again
  bool watched = true;                 // by the guard, when the strand runs next
  bool frozen = false;                 // goes no further: it will be stopped
  bool is_handler = false;             // of a signal or an update
  StrandRecord* stopped_by = nullptr;  // while it is unwound: the strand that unwinds it
  Operation* paused_for = nullptr;     // its unwinding waits for that step to be done
  const char* closure = nullptr;       // its closure without durable calls, for people
  Operation* completes = nullptr;      // a spawned strand's operation
  boost::container::small_vector<Operation*, 1> waits_for{};  // what would wake it, for people
};

// While it lives, the strand runs a user closure that is not part of its own code.
class InClosure {
 public:
  InClosure(StrandRecord& strand, const char* what)
      : strand_(strand), outer_(std::exchange(strand.closure, what)) {}
  ~InClosure() { strand_.closure = outer_; }
  InClosure(const InClosure&) = delete;
  InClosure& operator=(const InClosure&) = delete;

 private:
  StrandRecord& strand_;
  const char* const outer_;
};

// Identified by its address; a literal may have another address in each file.
inline constexpr char kInCondition[] = "a condition of ctx.wait_until()";

// Replay does not run the closures of side effects, so nothing in them may leave a trace.
inline bool in_side_effect(const StrandRecord* strand) {
  return strand != nullptr && strand->closure != nullptr && strand->closure != kInCondition;
}

class Scheduler {
 public:
  // `guard` may be null.
  Scheduler(StackPool& pool, CodeGuard* guard) : pool_(pool), guard_(guard) {}
  ~Scheduler() { evict_all(); }
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // A new strand, ready to run. No exception except Evicted may leave `body`.
  StrandRecord& create(std::function<void()> body, ScopeRef scope);

  // The strand that runs now, or nullptr outside any of this run's.
  StrandRecord* current() const { return current_; }

  void wake(StrandRecord& strand);

  // Runs ready strands, then those whose condition may have become true, until all wait.
  // Calls `finished` for each strand whose body has ended.
  void run_until_blocked(base::FunctionRef<void(StrandRecord&)> finished);
  // Something that conditions depend on may have changed without code having run.
  void look_at_conditions() { progress_ = true; }

  // Makes run_until_blocked() return after the strand that runs now: the run has ended or parked.
  void halt() { halted_ = true; }
  bool halted() const { return halted_; }

  // From now on no other strand runs: they may refer to frames that have been left.
  void run_only(StrandRecord& strand) { only_ = &strand; }

  // On a strand: waits until woken, or until the strand's condition must be evaluated again.
  void block();
  void block_on_condition();
  // On a strand that block_on_condition() has returned to: its condition holds now.
  void condition_met();

  // Unwinds the strand now, wherever the caller is, and forgets it, given up or not. It must not be
  // running. False: a destructor on its stack waits for the end of a step (`paused_for`); stop the
  // strand again after that.
  [[nodiscard]] bool stop(StrandRecord& strand);
  // Called by such a destructor, on the strand: switches back to the caller of stop().
  void pause_for(Operation& step);
  // The youngest first: a strand may refer to the frame that spawned it.
  void evict_all();

  // Most runs have one strand.
  using Strands = boost::container::small_vector<std::unique_ptr<StrandRecord>, 1>;
  const Strands& strands() const { return strands_; }

  // Strands given up for swallowing their unwinding since the last call.
  std::vector<StrandStatus> take_given_up() { return std::exchange(given_up_, {}); }
  bool has_given_up() const { return !given_up_.empty(); }
  // Was one ever given up? Then its frames stay for ever, and may refer to anything of the run.
  bool ever_gave_up() const { return ever_gave_up_; }

 private:
  bool may_run(const StrandRecord& strand) const {
    return !strand.frozen && (only_ == nullptr || only_ == &strand);
  }
  void resume(StrandRecord& strand);
  bool recheck_conditions(base::FunctionRef<void(StrandRecord&)> finished);
  bool has_ready() const { return next_ready_ < ready_.size(); }
  StrandRecord& take_ready();
  void end(StrandRecord& strand, base::FunctionRef<void(StrandRecord&)> finished);
  void note_if_given_up(const StrandRecord& strand);
  void stop_waking(StrandRecord& strand);
  void forget(StrandRecord& strand);

  StackPool& pool_;
  CodeGuard* const guard_;
  Strands strands_;  // in order of creation
  // First in, first out; entries before `next_ready_` are done.
  boost::container::small_vector<StrandRecord*, 2> ready_;
  std::size_t next_ready_ = 0;
  std::vector<StrandRecord*> conditions_;
  StrandRecord* current_ = nullptr;
  const StrandRecord* only_ = nullptr;  // see run_only(); mostly none
  std::size_t created_ = 0;
  bool progress_ = false;  // something has happened since the conditions were evaluated
  bool halted_ = false;
  bool ever_gave_up_ = false;
  std::vector<StrandStatus> given_up_;
};

}  // namespace reprise::replay
