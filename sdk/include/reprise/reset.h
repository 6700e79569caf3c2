// Options of the calls that repair runs: RunHandle::reset(), restart() and fork(); and what
// describe() says of runs that were paused, reset or forked. All are values.
#pragma once
#include <cstdint>
#include <map>
#include <reprise/time.h>
#include <string>

namespace reprise {

// What the run that goes on gets of what the old one was sent from the event on. The rest stays in
// the old run's history. A request to cancel is never applied again.
enum class Reapply {
  kNone,
  kSignals,
  kSignalsAndUpdates,  // updates that the old run has accepted are handled again
};

// Of RunHandle::reset().
struct ResetOptions {
  // The number of an event of the run's history, from 1, as `reprise history` shows it. The new run
  // goes on from the beginning of the turn that has it. Required.
  std::uint64_t event = 0;
  Reapply reapply = Reapply::kSignals;
  // Transactions that the run has made from the event on changed rows of tables, which stay changed
  // (docs/language/transactions.md). True: that is accepted, and the new run may make them again.
  // False: such a reset is refused (RP3027).
  bool rows_stay = false;
  std::string reason{};  // for the history
};

// Of RunHandle::restart().
struct RestartOptions {
  bool rows_stay = false;  // as in ResetOptions
  std::string reason{};
};

// Of RunHandle::fork().
struct ForkOptions {
  // As in ResetOptions. 0: before the first of the operations in `replace_results`.
  std::uint64_t event = 0;
  // The workflow id of the fork; empty: the text of its run id.
  std::string id{};
  // Results by the number of the operation, as JSON ('{"ok":true}'): the fork gets them instead of
  // what would become of an activity, a step, a child or a transaction that is under way at the
  // event. `reprise history` shows the numbers.
  std::map<std::uint32_t, std::string> replace_results{};
  bool rows_stay = false;  // as in ResetOptions
  std::string reason{};
};

// Why a run is paused.
struct PausedReason {
  Time since{};
  std::string reason;
  std::string principal;  // who paused it; empty: unknown
};

// The run whose history the beginning of another one's is a copy of.
struct RunOrigin {
  std::string run_id;
  std::uint64_t event = 0;  // of that run: the first that was not copied is in its turn
  bool fork = false;        // that run was left alone; otherwise it was reset
};

}  // namespace reprise
