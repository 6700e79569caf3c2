// How a simulated world ends: faults off, time passes, and every run must end, or wait for
// something that really is absent.
#include <algorithm>

#include "event/catalogue.h"
#include "runtime/fold/run_state.h"
#include "tests/simulation/world.h"

namespace reprise::simulation {

void World::finish_all() {
  trace_.say("-- faults off --");
  ending_ = true;
  clock_.steady();
  work_.faults_off();
  for (const char* queue : {"default", "activities"}) {
    worker_leaves(queue);  // its code may be wrong
    worker_comes(queue);
  }
  resume_all();
  let_time_pass();
  check_waiting();
  for (int i = 0; i < 3; ++i) {
    wake_listeners();
    let_time_pass();
  }
  check_waiting();
  for (const History& history : read_all(disk_, &verdict_)) {
    if (!history.closed()) clients_.cancel(id_of(history));
  }
  let_time_pass();
  clients_.check_answered();
  check_everything();
}

void World::resume_all() {
  (void)settle();
  for (const History& history : read_all(disk_, &verdict_)) {
    bool paused = false;
    for (const proto::Turn& turn : history.turns) paused = runtime::is_paused_by(turn, paused);
    if (paused && !history.closed()) clients_.resume(id_of(history));
  }
}

void World::let_time_pass() {
  constexpr int kInstants = 3'000;
  for (int i = 0; i < kInstants; ++i) {
    if (!settle()) return verdict_.found(Flaw::kStuck, "it goes round without time passing");
    const auto due = steps_->next_due();
    if (!due) return;
    if (*due > clock_.truth()) clock_.move(*due - clock_.truth());
    trace_.say("time is " + std::to_string(base::to_ms(clock_.truth())));
  }
  verdict_.found(Flaw::kStuck, "something is always due");
}

void World::wake_listeners() {
  for (const History& history : read_all(disk_, &verdict_)) {
    if (!history.closed()) clients_.signal(id_of(history), 9);
  }
}

// Nothing is due and nothing is under way: each open run waits for a signal, or for the end of a
// run that is not over.
void World::check_waiting() {
  std::vector<History> histories = read_all(disk_, &verdict_);
  check_family(histories, /*at_rest=*/true, &verdict_);
  for (History& history : histories) {
    if (history.closed()) continue;
    const auto stuck = [&](const std::string& why) {
      verdict_.found(Flaw::kStuck, "run " + std::to_string(history.number) + " " + why);
    };
    if (history.turns.back().without_code() && history.turns.back().inputs_size() > 0 &&
        !event::is_bookkeeping(history.turns.back().inputs(0))) {
      stuck("has inputs that its code was not given");
    }
    check_replay(&history, &verdict_);
    check_signals_read(history, &verdict_);
    bool for_others = false;
    for (const std::string& line : history.waits_for) {
      for_others = for_others || line.starts_with("signal ") || line.starts_with("child ");
      if (line.starts_with("activity ") || line.starts_with("step ") ||
          line.starts_with("transaction ") || line.starts_with("timer ") ||
          line.starts_with("message ") || line.starts_with("start of child ")) {
        stuck("waits for " + line);
      }
    }
    if (!for_others) stuck("waits for nothing that could come");
  }
}

// The checks of the log that hold at any time.
void World::check_disk() {
  const std::vector<History> histories = read_all(disk_, &verdict_);
  check_acknowledged(histories, &disk_, &verdict_);
  for (const History& history : histories) {
    check_operations(history, base::to_ms(clock_.latest()), &verdict_);
    check_checkpoints(history, &verdict_);
  }
  check_signal_order(histories, &verdict_);
  check_messages(histories, &verdict_);
  check_family(histories, /*at_rest=*/false, &verdict_);
  check_identities(histories, &verdict_);
  check_transactions(histories, &verdict_);
  check_chains(histories, &verdict_);
  clients_.check(histories);
}

void World::check_everything() {
  check_disk();
  std::vector<History> histories = read_all(disk_, &verdict_);
  for (History& history : histories) {
    if (!history.closed()) {
      verdict_.found(Flaw::kStuck,
                     "run " + std::to_string(history.number) + " was cancelled and has not ended");
    }
    check_replay(&history, &verdict_);
    check_signals_read(history, &verdict_);
    counts_.turns += history.turns.size();
    counts_.children += history.started().has_parent() && !is_continuation(history);
    for (const proto::Turn& turn : history.turns) {
      for (const proto::Event& input : turn.inputs()) counts_.timers += input.has_timer_fired();
    }
  }
  check_chains(histories, &verdict_);
  check_family(histories, /*at_rest=*/true, &verdict_);
  clients_.check(histories);
  clients_.check_descriptions(histories);
  check_tables(histories);
  counts_.runs = histories.size();
  counts_.attempts = work_.attempts();
  counts_.repeated = work_.repeated();
  counts_.acknowledged = clients_.acknowledged();
  // Once more from the disk.
  crash(true);
  (void)settle();
  histories = read_all(disk_, &verdict_);
  clients_.check_descriptions(histories);
  check_tables(histories);
}

void World::check_tables(const std::vector<History>& histories) {
  const bool old = control_ == Control::kOldRows;
  check_rows(histories, old ? old_rows_ : rows_of(*steps_, &verdict_), &verdict_);
}

}  // namespace reprise::simulation
