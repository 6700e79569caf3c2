#include "tests/simulation/history.h"

#include <algorithm>
#include <map>
#include <set>

#include "replay/execution.h"

namespace reprise::simulation {

using proto::Event;

namespace {

std::string name_of(const History& history) {
  return "run " + std::to_string(history.number);
}

std::string in_turn(const History& history, std::size_t turn) {
  return name_of(history) + ", turn " + std::to_string(turn + 1) + ": ";
}

}  // namespace

const char* to_string(Flaw flaw) {
  static const char* const kNames[] = {"log",   "promise", "effect",   "timer",
                                       "order", "stuck",   "outcome",  "replay",
                                       "query", "end",     "identity", "trouble"};
  return kNames[static_cast<std::size_t>(flaw)];
}

std::string id_of(const History& history) {
  const std::string& stored = history.started().workflow_id();
  if (!stored.empty()) return stored;
  return base::RunId::from_bytes(history.started().run_id())->to_string();
}

// ---- reading ----------------------------------------------------------------------------------

std::vector<History> read_all(SimDisk& disk, Verdict* verdict) {
  const SimStore store(disk);
  std::set<store::RunNumber> numbers;
  for (const auto& [number, records] : disk.acknowledged) numbers.insert(number);
  for (const auto& [seq, bytes] : disk.journal) {
    std::size_t size = 0;
    numbers.insert(store::decode_record(bytes, &size)->run);
  }
  std::vector<History> histories;
  for (const store::RunNumber number : numbers) {
    History history;
    history.number = number;
    const base::Status read = store::read_history(
        store.journal(), store.archive(), number, 0, [&](const store::Record& record) {
          history.records.push_back(kept(record));
          history.turns.emplace_back();
          if (!history.turns.back().ParseFromString(history.records.back().body)) {
            verdict->found(Flaw::kLog, name_of(history) + " has a turn that does not parse");
          }
        });
    if (!read) verdict->found(Flaw::kLog, read.error().text());
    if (!history.turns.empty()) histories.push_back(std::move(history));
  }
  return histories;
}

void check_acknowledged(const std::vector<History>& histories, SimDisk* disk, Verdict* verdict) {
  std::map<store::RunNumber, const History*> by_number;
  for (const History& history : histories) by_number[history.number] = &history;
  for (const auto& [number, records] : disk->acknowledged) {
    const auto found = by_number.find(number);
    const std::size_t there = found == by_number.end() ? 0 : found->second->records.size();
    const std::size_t same = std::min(there, records.size());
    for (std::size_t i = 0; i < same; ++i) {
      if (found->second->records[i] == records[i]) continue;
      verdict->found(Flaw::kLog, "record " + std::to_string(records[i].seq) + " of run " +
                                     std::to_string(number) + " is not what was acknowledged");
    }
    if (there < records.size()) {
      verdict->found(Flaw::kLog, "run " + std::to_string(number) + " has lost " +
                                     std::to_string(records.size() - there) +
                                     " acknowledged records");
    }
  }
  for (const History& history : histories) {
    auto& records = disk->acknowledged[history.number];
    for (std::size_t i = records.size(); i < history.records.size(); ++i) {
      if (history.records[i].seq <= disk->acknowledged_through) {
        verdict->found(Flaw::kLog, name_of(history) + " has a record that nobody appended");
      }
      records.push_back(history.records[i]);
    }
  }
  for (const History& history : histories) {
    disk->acknowledged_through = std::max(disk->acknowledged_through, history.records.back().seq);
  }
}

// ---- operations -------------------------------------------------------------------------------

namespace {

struct Operation {
  std::string kind;
  std::string name;
  std::size_t scheduled_turn = 0;
  std::int64_t scheduled_ms = 0;
  std::int64_t duration_ms = 0;
  int maximum_attempts = 0;
  int failed_attempts = 0;
  std::int64_t retry_at_ms = 0;
  std::size_t ended_turn = 0;      // by an input, 1-based; 0: not
  std::size_t cancelled_turn = 0;  // by a command, 1-based; 0: not
};

class Operations {
 public:
  Operations(const History& history, std::int64_t latest_ms, Verdict* verdict)
      : history_(history), latest_ms_(latest_ms), verdict_(verdict) {}

  void check() {
    for (turn_ = 0; turn_ < history_.turns.size(); ++turn_) {
      const proto::Turn& turn = history_.turns[turn_];
      if (turn.deferred() && turn.commands_size() > 0) bad("a deferred turn has commands");
      for (const Event& input : turn.inputs()) check_input(input);
      for (const Event& command : turn.commands()) check_command(command);
      const bool last = turn_ + 1 == history_.turns.size();
      if (runtime::closes(turn) && !last) bad("a turn follows the run's end");
    }
  }

 private:
  void bad(const std::string& what) {
    verdict_->found(Flaw::kOutcome, in_turn(history_, turn_) + what);
  }
  std::int64_t now() const { return history_.turns[turn_].time_ms(); }

  void check_input(const Event& input) {
    switch (input.kind_case()) {
      case Event::kRunStarted:
        if (turn_ != 0 || started_) bad("a second start");
        started_ = true;
        run_timeout_ms_ = input.run_started().run_timeout_ms();
        return;
      case Event::kActivityCompleted:
        return completed(input.activity_completed().id(), "activity",
                         input.activity_completed().result());
      case Event::kActivityFailed:
        return failed(input.activity_failed().id(), "activity");
      case Event::kStepCompleted:
        return completed(input.step_completed().id(), "step", input.step_completed().result());
      case Event::kStepFailed:
        return failed(input.step_failed().id(), "step");
      case Event::kTimerFired:
        return fired(input.timer_fired().id());
      case Event::kAttemptFailed:
        return attempt_failed(input.attempt_failed());
      case Event::kRunTimedOut:
        early(run_timeout_ms_ == 0 ? INT64_MAX : history_.turns[0].time_ms() + run_timeout_ms_,
              "the run's time limit");
        return;
      default:
        return;
    }
  }

  void check_command(const Event& command) {
    switch (command.kind_case()) {
      case Event::kActivityScheduled: {
        Operation& operation = add(command.activity_scheduled().id(), "activity");
        operation.name = command.activity_scheduled().name();
        operation.maximum_attempts = command.activity_scheduled().retry().maximum_attempts();
        return;
      }
      case Event::kStepScheduled: {
        Operation& operation = add(command.step_scheduled().id(), "step");
        operation.name = command.step_scheduled().name();
        operation.maximum_attempts = command.step_scheduled().retry().maximum_attempts();
        return;
      }
      case Event::kTimerStarted:
        add(command.timer_started().id(), "timer").duration_ms =
            command.timer_started().duration_ms();
        return;
      case Event::kActivityCancelRequested:
        return given_up(command.activity_cancel_requested().id());
      case Event::kTimerCancelled:
        return given_up(command.timer_cancelled().id());
      case Event::kStepAbandoned:
        return given_up(command.step_abandoned().id());
      default:
        return;
    }
  }

  Operation& add(std::uint32_t id, const std::string& kind) {
    if (id != operations_.size() + 1) bad(kind + " " + std::to_string(id) + " is out of turn");
    Operation& operation = operations_[id];
    operation.kind = kind;
    operation.scheduled_turn = turn_ + 1;
    operation.scheduled_ms = now();
    return operation;
  }

  // nullptr: it is not there, or has ended before.
  Operation* end(std::uint32_t id, const std::string& kind) {
    const auto found = operations_.find(id);
    const std::string what = kind + " " + std::to_string(id);
    if (found == operations_.end() || found->second.kind != kind) {
      bad("an outcome of " + what + ", which nobody asked for");
      return nullptr;
    }
    Operation& operation = found->second;
    if (operation.ended_turn != 0) {
      bad("a second outcome of " + what);
      return nullptr;
    }
    if (operation.cancelled_turn != 0) {
      bad("an outcome of " + what + ", which had been given up");
      return nullptr;
    }
    operation.ended_turn = turn_ + 1;
    return &operation;
  }

  // The result of an attempt says whose it is: "<idempotency key>#<attempt>".
  void completed(std::uint32_t id, const std::string& kind, const std::string& result) {
    const Operation* operation = end(id, kind);
    if (operation == nullptr) return;
    const auto run_id = base::RunId::from_bytes(history_.started().run_id());
    const std::string key =
        run_id->to_string() + "/" + (kind == "step" ? operation->name : std::to_string(id));
    const std::string expected = key + "#" + std::to_string(operation->failed_attempts + 1);
    const std::string told = kind == "step" ? result.substr(0, result.find('#')) : result;
    if (told != (kind == "step" ? key : expected)) {
      bad("the outcome of " + kind + " " + std::to_string(id) + " is " + result + " and not " +
          expected);
    }
  }
  void failed(std::uint32_t id, const std::string& kind) { (void)end(id, kind); }

  void fired(std::uint32_t id) {
    const Operation* operation = end(id, "timer");
    if (operation == nullptr) return;
    early(operation->scheduled_ms + operation->duration_ms, "timer " + std::to_string(id));
  }
  // Early is: recorded in a turn whose time is before the instant it was set for, or before any
  // clock has shown that instant.
  void early(std::int64_t due_ms, const std::string& what) {
    if (now() < due_ms) {
      verdict_->found(Flaw::kTimer, in_turn(history_, turn_) + what + " fired " +
                                        std::to_string(due_ms - now()) + " ms early");
    }
    if (latest_ms_ < due_ms) {
      verdict_->found(Flaw::kTimer, in_turn(history_, turn_) + what +
                                        " fired though the clock is " +
                                        std::to_string(due_ms - latest_ms_) + " ms short of it");
    }
  }

  void attempt_failed(const proto::AttemptFailed& failed) {
    const auto found = operations_.find(failed.id());
    if (found == operations_.end() || found->second.ended_turn != 0) {
      return bad("a failed attempt of operation " + std::to_string(failed.id()) +
                 ", which is not pending");
    }
    Operation& operation = found->second;
    if (static_cast<int>(failed.attempt()) != ++operation.failed_attempts) {
      bad("attempt " + std::to_string(failed.attempt()) + " of operation " +
          std::to_string(failed.id()) + " failed as number " +
          std::to_string(operation.failed_attempts));
    }
    if (operation.maximum_attempts > 0 && operation.failed_attempts >= operation.maximum_attempts) {
      bad("operation " + std::to_string(failed.id()) + " is retried behind its last attempt");
    }
  }

  // Code may give up what has ended already if it does not know yet: the outcome came behind the
  // cause, in the same turn or in deferred ones.
  void given_up(std::uint32_t id) {
    const auto found = operations_.find(id);
    if (found == operations_.end()) return bad("something unknown is given up");
    Operation& operation = found->second;
    if (operation.cancelled_turn != 0) bad("operation " + std::to_string(id) + " given up twice");
    operation.cancelled_turn = turn_ + 1;
    if (operation.ended_turn == 0) return;
    for (std::size_t i = operation.ended_turn; i < turn_ + 1; ++i) {
      if (!history_.turns[i - 1].deferred()) {
        return bad("operation " + std::to_string(id) + " is given up behind its outcome");
      }
    }
  }

  const History& history_;
  const std::int64_t latest_ms_;
  Verdict* verdict_;
  std::size_t turn_ = 0;
  bool started_ = false;
  std::int64_t run_timeout_ms_ = 0;
  std::map<std::uint32_t, Operation> operations_;
};

}  // namespace

void check_operations(const History& history, std::int64_t latest_ms, Verdict* verdict) {
  const proto::Turn& first = history.turns.front();
  if (first.inputs_size() == 0 || !first.inputs(0).has_run_started()) {
    return verdict->found(Flaw::kLog, name_of(history) + " does not begin with its start");
  }
  Operations(history, latest_ms, verdict).check();
}

// ---- across runs ------------------------------------------------------------------------------

void check_signal_order(const std::vector<History>& histories, Verdict* verdict) {
  std::map<std::pair<std::string, std::string>, std::uint64_t> latest;  // by workflow id and sender
  for (const History& history : histories) {
    for (std::size_t i = 0; i < history.turns.size(); ++i) {
      for (const Event& input : history.turns[i].inputs()) {
        if (!input.has_signal_received()) continue;
        const std::string& message = input.signal_received().input();
        const std::size_t colon = message.find(':');
        const std::uint64_t number = std::stoull(message.substr(colon + 1));
        auto& before = latest[{id_of(history), message.substr(0, colon)}];
        if (number <= before) {
          verdict->found(Flaw::kOrder, in_turn(history, i) + "signal " + message +
                                           " comes behind number " + std::to_string(before));
        }
        before = number;
      }
    }
  }
}

void check_signals_read(const History& history, Verdict* verdict) {
  if (history.states.size() != history.turns.size()) return;  // it does not replay
  std::set<std::string> sent;
  std::string in_order;
  for (const proto::Turn& turn : history.turns) {
    for (const Event& input : turn.inputs()) {
      if (!input.has_signal_received()) continue;
      sent.insert(input.signal_received().input());
      if (input.signal_received().name() != "go") continue;
      in_order += "g(" + input.signal_received().input() + ")";
    }
  }
  const std::string& state = history.states.back();
  std::set<std::string> read;
  for (std::size_t at = state.find("(s"); at != state.npos; at = state.find("(s", at + 1)) {
    const std::string message = state.substr(at + 1, state.find(')', at) - at - 1);
    if (!sent.contains(message) || !read.insert(message).second) {
      verdict->found(Flaw::kOrder, name_of(history) + " has read " + message + " twice, or unsent");
    }
  }
  if (history.started().input().substr(0, 2) != std::to_string(kListener) + " ") return;
  std::string listened;
  for (std::size_t at = state.find("g(s"); at != state.npos; at = state.find("g(s", at + 1)) {
    listened += state.substr(at, state.find(')', at) + 1 - at);
  }
  if (!in_order.starts_with(listened) || (!history.closed() && listened != in_order)) {
    verdict->found(Flaw::kOrder,
                   name_of(history) + " was sent " + in_order + " and read " + listened);
  }
}

StartInput parse_start(const std::string& input) {
  const std::size_t hash = input.find('#');
  const std::size_t space = input.find(' ', hash);
  return {input.substr(hash, space - hash), static_cast<runtime::IdReuse>(input[space + 1] - '0'),
          static_cast<runtime::IdConflict>(input[space + 2] - '0')};
}

void check_identities(const std::vector<History>& histories, Verdict* verdict) {
  std::map<std::string, const History*> latest;  // runs come in the order of their starts
  std::set<std::string> run_ids;
  for (const History& history : histories) {
    if (!run_ids.insert(history.started().run_id()).second) {
      verdict->found(Flaw::kIdentity, name_of(history) + " has the run id of another one");
    }
    const History* before = std::exchange(latest[id_of(history)], &history);
    if (before == nullptr) continue;
    if (!before->closed() || before->records.back().seq >= history.records.front().seq) {
      verdict->found(Flaw::kIdentity, name_of(history) + " began before run " +
                                          std::to_string(before->number) + " had ended");
    }
    const StartInput start = parse_start(history.started().input());
    const auto status = runtime::end_of(before->turns.back()).status;
    if (start.reuse == runtime::IdReuse::kReject ||
        (start.reuse == runtime::IdReuse::kAllowUnlessCompleted &&
         status == runtime::RunStatus::kCompleted)) {
      verdict->found(Flaw::kIdentity, name_of(history) + " was started by " +
                                          history.started().input() + " though run " +
                                          std::to_string(before->number) + " is " +
                                          std::string(runtime::to_string(status)));
    }
  }
}

// ---- replay -----------------------------------------------------------------------------------

namespace {

// A world in which everything has happened: side effects come from the record.
struct Recorded {
  explicit Recorded(const std::vector<proto::Turn>& turns) {
    for (const proto::Turn& turn : turns) {
      for (const Event& command : turn.commands()) {
        if (command.has_side_effect_recorded()) {
          values.push_back(command.side_effect_recorded().value());
        }
      }
    }
    outside.fresh = [this] { return next < values.size() ? values[next++] : "?"; };
    outside.step = [](const replay::RunInfo&, const std::string&) {
      return replay::Outcome::success("a step was executed during replay");
    };
  }
  std::vector<std::string> values;
  std::size_t next = 0;
  Outside outside;
};

replay::RunInfo info_of(const History& history) {
  const proto::RunStarted& started = history.started();
  const auto id = base::RunId::from_bytes(started.run_id()).value_or(base::RunId());
  return {id, id_of(history), started.workflow(),
          started.task_queue().empty() ? "default" : started.task_queue()};
}

void replay_recorded(History* history, replay::StackPool& stacks, Verdict* verdict) {
  Recorded world(history->turns);
  const replay::WorkflowCode code = program(world.outside);
  replay::Execution execution(info_of(*history), code, stacks, {.strict = true});
  for (std::size_t i = 0; i < history->turns.size(); ++i) {
    if (execution.replay_turn(history->turns[i]) == replay::TurnEnd::kParked) {
      return verdict->found(Flaw::kReplay, in_turn(*history, i) + execution.trouble().report);
    }
    const auto state = execution.query("state", {});
    history->states.push_back(state ? *state : "");
  }
  if (history->states.back().find("time went back") != std::string::npos) {
    verdict->found(Flaw::kTimer, name_of(*history) + " saw time go back");
  }
  if (world.next != 0) verdict->found(Flaw::kReplay, name_of(*history) + " computed on replay");
  history->waits_for = execution.waiting_for();
}

// As if it were live: what the code asks for now against what is recorded, byte by byte.
void run_again(const History& history, replay::StackPool& stacks, Verdict* verdict) {
  Recorded world(history.turns);
  const replay::WorkflowCode code = program(world.outside);
  replay::Execution execution(info_of(history), code, stacks, {.strict = true});
  for (std::size_t i = 0; i < history.turns.size(); ++i) {
    const proto::Turn& recorded = history.turns[i];
    if (recorded.deferred()) {
      (void)execution.replay_turn(recorded);
      continue;
    }
    proto::Turn live = recorded;
    live.clear_commands();
    (void)execution.run_turn(&live);
    if (live.SerializeAsString() == recorded.SerializeAsString()) continue;
    return verdict->found(Flaw::kReplay, in_turn(history, i) + "run again it does\n" +
                                             live.ShortDebugString() + "\ninstead of\n" +
                                             recorded.ShortDebugString());
  }
}

}  // namespace

void check_replay(History* history, Verdict* verdict) {
  replay::StackPool stacks;
  replay_recorded(history, stacks, verdict);
  run_again(*history, stacks, verdict);
}

}  // namespace reprise::simulation
