// The records of a run, one after the other: verifies each, and folds them. The only verifier of a
// run's chain: all code that takes records from a store adds them here (recovery, the archiver, the
// check of a store, the second look at a quarantined run).
#pragma once
#include <cstdint>
#include <string_view>

#include "base/function_ref.h"
#include "runtime/fold/run_state.h"
#include "runtime/fold/turn_arena.h"
#include "store/record.h"

namespace reprise::runtime {

// Why a record, or its turn, is not the next one of its run.
enum class ChainFault : std::uint8_t {
  kNone,
  kUndecodable,  // it is no record
  kOtherRun,
  kNotNext,
  kChecksum,
  kUnreadable,   // it is no turn
  kNoStart,      // the first one, and does not start the run
  kSecondStart,  // a later one that does
  kAfterEnd,
  kNoCheckpoint,      // it goes on from a checkpoint, and the one before it has taken none
  kCheckpointPassed,  // the one before it has taken one, and it does not go on from there
};

// "comes after the end of the run": of a turn or a record.
std::string_view to_string(ChainFault fault);

// What a turn must fulfil at its place in the run.
struct TurnPlace {
  bool first = false;
  bool after_end = false;
  bool after_checkpoint = false;  // the turn before it ends with one
  std::uint64_t events = 0;       // of the run so far
};
ChainFault check_turn(const proto::Turn& turn, const TurnPlace& place);

// Not thread-safe.
class Chain {
 public:
  explicit Chain(Names& names) : names_(names) {}

  // Adds the record to the state of the run that it must belong to. Anything but kNone: it does not
  // follow the previous record, and nothing has changed.
  ChainFault take(const store::Record& record, RunState* state);

  // Takes the records in `bytes` up to the first that does not follow; calls `taken` for each.
  ChainFault take_all(std::string_view bytes,
                      RunState* state,
                      base::FunctionRef<void(const store::Record&)> taken);

 private:
  Names& names_;
  TurnArena arena_;
};

// The position of the state: its last record.
inline store::ChainEnd end_of_chain(const RunState& state) {
  return {state.number, state.last_seq, state.chain};
}

}  // namespace reprise::runtime
