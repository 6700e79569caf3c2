#include "tests/simulation/history.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "replay/execution.h"
#include "runtime/fold/chain.h"

namespace reprise::simulation {

using proto::Event;

std::string name_of(const History& history) {
  return "run " + std::to_string(history.number);
}

std::string in_turn(const History& history, std::size_t turn) {
  return name_of(history) + ", turn " + std::to_string(turn + 1) + ": ";
}

const char* to_string(Flaw flaw) {
  static const char* const kNames[] = {
      "log",   "promise", "effect",   "timer",   "order", "stuck",  "outcome", "replay",
      "query", "end",     "identity", "message", "child", "orphan", "table",   "trouble"};
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
  std::vector<History> histories;
  for (const store::RunNumber number : runs_on(disk)) {
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

// ---- across runs ------------------------------------------------------------------------------

void check_signal_order(const std::vector<History>& histories, Verdict* verdict) {
  std::map<std::pair<std::string, std::string>, std::uint64_t> latest;  // by workflow id and sender
  for (const History& history : histories) {
    RecordedAgain again(recorded_before(history));
    for (std::size_t i = 0; i < history.turns.size(); ++i) {
      for (const Event& input : history.turns[i].inputs()) {
        if (again.is(input) || !input.has_signal_received()) continue;
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
  RecordedAgain again(0);
  for (const proto::Turn& turn : history.turns) {
    for (const Event& input : turn.inputs()) {
      if (again.is(input) || !input.has_signal_received()) continue;
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
  const std::string number = history.started().input().substr(0, 2);
  if (number != std::to_string(kListener) + " " && number != std::to_string(kCounter) + " ") return;
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
    if (is_continuation(history)) continue;
    const StartInput start = parse_start(history.started().input());
    const auto status = runtime::end_of(before->turns.back()).status;
    if (start.reuse == runtime::IdReuse::kReject || start.reuse == runtime::IdReuse::kUseExisting ||
        (start.reuse == runtime::IdReuse::kAllowUnlessCompleted &&
         status == runtime::RunStatus::kCompleted)) {
      verdict->found(Flaw::kIdentity, name_of(history) + " was started by " +
                                          history.started().input() + " though run " +
                                          std::to_string(before->number) + " is " +
                                          std::string(runtime::to_string(status)));
    }
  }
}

void check_checkpoints(const History& history, Verdict* verdict) {
  runtime::Names names;
  runtime::RunState state;
  for (std::size_t i = 0; i < history.turns.size(); ++i) {
    const proto::Turn& turn = history.turns[i];
    const bool was_taken = state.at_checkpoint;
    const auto fault = runtime::check_turn(turn, {i == 0, !state.open(), was_taken, state.events});
    if (fault != runtime::ChainFault::kNone) {
      verdict->found(Flaw::kLog, in_turn(history, i) + std::string(to_string(fault)));
    }
    if (was_taken && history.records[i].seq != history.records[i - 1].seq + 1) {
      verdict->found(Flaw::kLog, in_turn(history, i) + "does not come next after its checkpoint");
    }
    state.apply(turn, names);
    const bool busy = std::any_of(state.pending().begin(), state.pending().end(),
                                  [](const auto& operation) { return !operation.done; });
    if (state.at_checkpoint && busy) {
      verdict->found(Flaw::kOutcome, in_turn(history, i) + "has a checkpoint, and more under way");
    }
  }
  if (state.at_checkpoint) {
    verdict->found(Flaw::kLog, name_of(history) + " ends with a checkpoint");
  }
}

// ---- replay -----------------------------------------------------------------------------------

namespace {

// A world of the past: side effects come from the record.
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
  const replay::ExecutionOptions options{.strict = true};
  std::optional<replay::Execution> execution;
  for (std::size_t i = 0; i < history->turns.size(); ++i) {
    if (!execution || execution->at_checkpoint()) {
      execution.emplace(info_of(*history), code, stacks, options);
    }
    if (execution->replay_turn(history->turns[i]) == replay::TurnEnd::kParked) {
      return verdict->found(Flaw::kReplay, in_turn(*history, i) + execution->trouble().report);
    }
    const auto state = execution->query("state", {});
    // After a checkpoint the code has not been called yet.
    const std::string before = history->states.empty() ? "" : history->states.back();
    history->states.push_back(state ? *state : before);
  }
  if (history->states.back().find("time went back") != std::string::npos) {
    verdict->found(Flaw::kTimer, name_of(*history) + " saw time go back");
  }
  if (world.next != 0) verdict->found(Flaw::kReplay, name_of(*history) + " computed on replay");
  history->waits_for = execution->waiting_for();
}

bool gives_up_step(const proto::Turn& turn, std::uint32_t id) {
  return std::any_of(turn.commands().begin(), turn.commands().end(),
                     [id](const auto& command) { return command.step_abandoned().id() == id; });
}

// As if it were live: what the code asks for now against what is recorded, byte by byte.
void run_again(const History& history, replay::StackPool& stacks, Verdict* verdict) {
  Recorded world(history.turns);
  const replay::WorkflowCode code = program(world.outside);
  const proto::Turn* current = nullptr;
  // The log says what the engine knew of a step when its strand was dropped.
  const auto unwanted = [&](std::uint32_t id) { return gives_up_step(*current, id); };
  const replay::ExecutionOptions options{.strict = true, .step_unwanted = unwanted};
  std::optional<replay::Execution> execution;
  for (std::size_t i = 0; i < history.turns.size(); ++i) {
    current = &history.turns[i];
    const proto::Turn& recorded = history.turns[i];
    if (!execution || execution->at_checkpoint()) {
      execution.emplace(info_of(history), code, stacks, options);
    }
    if (recorded.without_code()) {
      (void)execution->replay_turn(recorded);
      continue;
    }
    proto::Turn live = recorded;
    live.clear_commands();
    (void)execution->run_turn(&live);
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
