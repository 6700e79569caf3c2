// Replaying histories against workflow code, without an engine or a store: does this code still do
// what those runs did?
#pragma once
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <memory>
#include <reprise/definitions.h>
#include <reprise/history.h>
#include <reprise/internal/registry.h>
#include <reprise/worker.h>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace reprise {

class Replayer;

namespace internal {
Registry& registry(Replayer& replayer);
}  // namespace internal

struct ReplayerOptions {
  // Compare everything that commands carry (inputs, durations, results, options), not only kinds
  // and names.
  bool strict = false;
  // Replay the whole history: also what is before the last checkpoint (Context::checkpoint()), with
  // a fresh call of the code after each. Otherwise the replay begins at the last one, as an engine
  // does.
  bool whole = false;
  // Address space of one stack, in bytes; as in EngineOptions.
  std::size_t stack_bytes = std::size_t{64} * 1024;
  // Around the workflows: those of the worker that recorded the histories. A Replayer made from a
  // worker has that one's, inside these.
  Interceptors interceptors{};
};

// One event as a report shows it. A value.
struct ReplayEvent {
  std::uint64_t number = 0;  // in the history, from 1; 0: not in the history
  std::string text;          // "ActivityScheduled charge"
  std::string file;          // where the code asked for it; empty for what happened to the run
  std::uint32_t line = 0;

  bool empty() const { return text.empty(); }
};

// What a replay found. A value; text is for people, the other members are for programs.
struct ReplayReport {
  bool matched = false;  // the code did exactly what the history says
  // The last event that matched: the last one of the history, or the one before the one at fault.
  std::uint64_t events = 0;
  std::uint64_t first_event = 1;  // with which the replay began: 1, or that of a checkpoint
  std::uint64_t event = 0;        // the first one at fault, from 1; 0: none
  std::string code;               // "RP2001"; empty when matched
  std::string text;               // the whole report for people, several lines; empty when matched

  // The sides of a mismatch (RP2001); some mismatches have only one.
  std::string mismatch;    // its kind: "other name", "changed input"...; empty: no mismatch
  ReplayEvent recorded;    // what the history says; empty: the history ends
  ReplayEvent attempted;   // what the code does; empty: it makes no command here
  ReplayEvent last_match;  // the last command that was the same on both sides; empty: none
  // The stack of the strand that made the call, or of all strands as they waited: the user's
  // functions, the innermost first: "shop::place_order shop/order.cc:41".
  std::vector<std::string> stack;

  // Strands that swallow the exception by which a run leaves memory (RP2011), as the engine would
  // log them. The replay can match nevertheless; their stacks stay in memory until the process
  // ends.
  std::vector<std::string> given_up;

  explicit operator bool() const { return matched; }
};

// The report's text, or that all events match.
std::ostream& operator<<(std::ostream& out, const ReplayReport& report);

// Replays histories with the given workflow implementations; activities are not needed, because
// their results are in the history. Not thread-safe: use one Replayer per thread. Workflow
// functions are called on the calling thread. Not for workflow code.
class Replayer {
 public:
  explicit Replayer(ReplayerOptions options = {});
  // With the implementations that the worker has now. What they capture must outlive this; the
  // worker need not.
  explicit Replayer(const Worker& worker, ReplayerOptions options = {});
  ~Replayer();
  Replayer(Replayer&&) noexcept;
  Replayer& operator=(Replayer&&) noexcept;

  // As on a Worker.
  template <class S, class Fn>
  requires internal::kImplements<Fn, Context, S> Replayer& implement(const Workflow<S>& workflow,
                                                                     Fn fn) {
    internal::registry(*this).add_workflow(workflow.name(),
                                           internal::workflow_function<S>(std::move(fn)),
                                           internal::kArgumentTypes<S>);
    return *this;
  }

  // Runs the workflow's code from its start, or from its last checkpoint, with all results taken
  // from the history. A mismatch is in the report; it throws nothing.
  ReplayReport replay(const History& history) const;

 private:
  friend internal::Registry& internal::registry(Replayer& replayer);
  class State;
  std::unique_ptr<State> state_;
};

template <class S, class C, class Run>
requires internal::kRuns<C, Run, S> ClassBinding<C> implement_class(Replayer& replayer,
                                                                    const Workflow<S>& workflow,
                                                                    Run C::*run) {
  return internal::bind_class(internal::registry(replayer), workflow, run);
}

}  // namespace reprise
