// Reads the runs of a simulated disk back and judges each by itself: does its history fit the
// acknowledgements, has each operation one outcome, did timers wait, does its replay agree.
#pragma once
#include <string>
#include <vector>

#include "event/turn.h"
#include "proto/log.pb.h"
#include "runtime/client_request.h"
#include "runtime/fold/run_state.h"
#include "tests/simulation/disk.h"
#include "tests/simulation/program.h"
#include "tests/simulation/verdict.h"

namespace reprise::simulation {

struct History {
  store::RunNumber number = 0;
  std::vector<KeptRecord> records;
  std::vector<proto::Turn> turns;
  std::vector<std::string> states;     // what the query "state" says after each turn
  std::vector<std::string> waits_for;  // at its end

  const proto::RunStarted& started() const { return turns.front().inputs(0).run_started(); }
  // How its code was called last: after its last checkpoint, if it has taken one.
  const proto::RunStarted& called() const {
    for (auto turn = turns.rbegin(); turn != turns.rend(); ++turn) {
      if (const auto* taken = event::segment_start(*turn)) return taken->start();
    }
    return started();
  }
  bool closed() const { return event::closes(turns.back()); }
};

// Its workflow id; the log leaves it out where it is the text of the run id.
std::string id_of(const History& history);

// "run 3, turn 2: ", for a message.
std::string name_of(const History& history);
std::string in_turn(const History& history, std::size_t turn);

// Did another run continue as this one?
bool is_continuation(const History& history);
// How many of its first inputs had been recorded in the run before it.
std::uint32_t recorded_before(const History& history);
// Which inputs are recorded once more: because they came to the run before in its chain, or before
// its last checkpoint, and no code had taken them. Asked about each in order.
class RecordedAgain {
 public:
  explicit RecordedAgain(std::uint32_t first) : left_(first) {}
  bool is(const proto::Event& input) {
    if (input.has_run_started()) return false;
    if (input.has_checkpoint_taken()) {
      const proto::RunStarted& start = input.checkpoint_taken().start();
      left_ = start.carried() - start.carried_new();
      return false;
    }
    if (left_ == 0) return false;
    --left_;
    return true;
  }

 private:
  std::uint32_t left_;
};

// The last run of the chain with that run, by its id; nullptr: there is no such run.
const History* last_of_chain(const std::string& run_id, const std::vector<History>& histories);

// Every run of the disk, by number.
std::vector<History> read_all(SimDisk& disk, Verdict* verdict);

// The log begins with the acknowledged records, byte for byte. Records after them were under way
// when a process died; they are durable, so from now on they count as acknowledged.
void check_acknowledged(const std::vector<History>& histories, SimDisk* disk, Verdict* verdict);

// One history by itself. `latest_ms`: the latest instant that the machine's clock has shown.
void check_operations(const History& history, std::int64_t latest_ms, Verdict* verdict);

// Signals are "sender:number"; numbers grow per sender and workflow id.
void check_signal_order(const std::vector<History>& histories, Verdict* verdict);

// Messages between runs: each arrives once or is refused, and its sender was told which.
void check_messages(const std::vector<History>& histories, Verdict* verdict);

// Children: each begins once, its parent is told its end, and does not leave it alone. `at_rest`:
// no more will happen by itself.
void check_family(const std::vector<History>& histories, bool at_rest, Verdict* verdict);

// What the code has read of them, by the state it ended with: each was sent, and is read once; and
// a run that does nothing but read has read all of them, in the order of the log.
void check_signals_read(const History& history, Verdict* verdict);

// A checkpoint is taken with nothing under way, and the next record goes on from it.
void check_checkpoints(const History& history, Verdict* verdict);

// Each run that continued has its next one, which has what the code did not read or answer, once
// and in order.
void check_chains(const std::vector<History>& histories, Verdict* verdict);

// At most one open run per workflow id, in log order; starts obey their policies.
void check_identities(const std::vector<History>& histories, Verdict* verdict);

// Runs the code against the history, then once more as if it were live, and compares the commands
// byte by byte. Fills in what History keeps of it.
void check_replay(History* history, Verdict* verdict);

// A start's input: "<program> #<token> <reuse><conflict>".
struct StartInput {
  std::string token;
  runtime::IdReuse reuse{};
  runtime::IdConflict conflict{};
};
StartInput parse_start(const std::string& input);

}  // namespace reprise::simulation
