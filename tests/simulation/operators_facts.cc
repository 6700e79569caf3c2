#include "tests/simulation/operators_facts.h"

#include <algorithm>
#include <optional>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include "event/turn.h"
#include "sdk/src/schedule/state.h"

namespace reprise::simulation {
namespace {

using proto::Event;

class Judge {
 public:
  explicit Judge(const Facts& facts) : facts_(facts) {
    for (const RecordedRun& run : facts.runs) by_id_[run.run_id()] = &run;
  }

  std::map<Fault, std::string> judge() {
    check_schedule();
    check_messages();
    for (const RecordedRun& run : facts_.runs) check_repaired(run);
    check_repairs();
    return std::move(faults_);
  }

 private:
  void found(Fault fault, const std::string& what) { faults_.try_emplace(fault, what); }

  // ---- schedules ----

  std::optional<base::Time> created() const {
    const std::string id = std::string(internal::kSchedulePrefix) + facts_.schedule;
    for (const RecordedRun& run : facts_.runs) {
      if (run.started().workflow_id() != id) continue;
      for (const proto::Turn& turn : run.turns) {
        if (!turn.without_code()) return base::from_ms(turn.time_ms());
      }
    }
    return std::nullopt;
  }

  void check_schedule() {
    const auto since = created();
    if (!since) return found(Fault::kNotFired, "the schedule that was created is not there");
    std::map<std::string, int> runs;
    for (const RecordedRun& run : facts_.runs) {
      const std::string& id = run.started().workflow_id();
      if (id.starts_with(facts_.schedule + "-")) ++runs[id];
    }
    const std::int64_t every = facts_.every.count();
    const std::int64_t first = (base::to_ms(*since) / every + 1) * every;
    for (std::int64_t due = first; due <= base::to_ms(facts_.latest); due += every) {
      const auto run =
          runs.find(internal::id_of_run(facts_.schedule, base::from_ms(due), /*triggered=*/false));
      if (run == runs.end()) {
        found(Fault::kNotFired, std::to_string(due) + " was due");
        continue;
      }
      if (run->second != 1) found(Fault::kFiredTwice, run->first);
      runs.erase(run);
    }
    if (!runs.empty()) found(Fault::kNotDue, runs.begin()->first);
  }

  // ---- topics ----

  void check_messages() {
    std::map<int, std::size_t> receivers;
    for (const auto& [run, messages] : facts_.received) {
      int last = -1;
      for (const int message : messages) {
        ++receivers[message];
        if (message <= last) {
          found(Fault::kReceivedTwice,
                run + " has message " + std::to_string(message) + " after " + std::to_string(last));
        }
        last = message;
      }
    }
    for (const auto& [message, published] : facts_.published) {
      const std::size_t there = receivers[message];
      const std::size_t expected = std::max<std::size_t>(1, published.reached);
      if (there == 0) found(Fault::kLostMessage, std::to_string(message));
      if (there != 0 && there != expected) {
        found(Fault::kWrongCount, "message " + std::to_string(message) + " has reached " +
                                      std::to_string(there) + " runs instead of " +
                                      std::to_string(expected));
      }
    }
  }

  // ---- resets and forks ----

  // The event with which the run's own history begins after what was copied; its turn.
  static const Event* own_beginning(const RecordedRun& run, std::size_t* turn) {
    for (*turn = 0; *turn < run.turns.size(); ++*turn) {
      if (run.turns[*turn].inputs_size() == 0) continue;
      const Event& first = run.turns[*turn].inputs(0);
      if (first.has_run_reset() && first.run_reset().run_id() == run.run_id()) return &first;
      if (first.has_run_forked() && first.run_forked().run_id() == run.run_id()) return &first;
    }
    return nullptr;
  }

  // It goes on from the call of its code: of the first turn only the start was taken over.
  static bool is_start_alone(const proto::Turn& turn) {
    return turn.without_code() && turn.inputs_size() == 1 && turn.commands_size() == 0;
  }

  static std::string without_start(proto::Turn turn) {
    if (turn.inputs_size() > 0) turn.mutable_inputs(0)->clear_run_started();
    return turn.SerializeAsString();
  }

  void check_repaired(const RecordedRun& run) {
    if (!run.started().has_origin()) return;
    const std::string name = run.started().workflow_id();
    std::size_t own = 0;
    const Event* const beginning = own_beginning(run, &own);
    if (beginning == nullptr) return found(Fault::kOtherPrefix, name + " has no own beginning");
    const bool reset = beginning->has_run_reset();
    const std::string& from =
        reset ? beginning->run_reset().from_run_id() : beginning->run_forked().from_run_id();
    made_[reset ? beginning->run_reset().reason() : beginning->run_forked().reason()].push_back(
        run.run_id());
    const auto origin = by_id_.find(from);
    if (origin == by_id_.end()) return found(Fault::kOtherPrefix, name + " is of no run");
    const RecordedRun& old = *origin->second;
    if (own == 1 && is_start_alone(run.turns[0])) own = 0;
    for (std::size_t i = 0; i < own; ++i) {
      const bool same =
          i < old.turns.size() &&
          (i == 0 ? without_start(run.turns[0]) == without_start(old.turns[0])
                  : run.turns[i].SerializeAsString() == old.turns[i].SerializeAsString());
      if (!same) {
        return found(Fault::kOtherPrefix,
                     name + ", turn " + std::to_string(i + 1) + "\n" +
                         run.turns[i].ShortDebugString() + "\ninstead of\n" +
                         (i < old.turns.size() ? old.turns[i].ShortDebugString() : "nothing"));
      }
    }
    if (reset) check_end(old, run);
  }

  void check_end(const RecordedRun& old, const RecordedRun& next) {
    const Event* const end = event::ending(old.turns.back());
    if (end == nullptr) {
      return found(Fault::kTornReset, next.started().workflow_id() + " follows an open run");
    }
    if (event::next_run_id(*end) != next.run_id()) return;  // it had ended before
    if (old.seqs.back() + 1 != next.seqs.front()) {
      found(Fault::kTornReset, next.started().workflow_id() + " does not come right after");
    }
  }

  void check_repairs() {
    for (const auto& [reason, asked] : facts_.repairs) {
      const auto made = made_.find(reason);
      const std::size_t times = made == made_.end() ? 0 : made->second.size();
      if (times > 1 || (asked.refused && times > 0)) found(Fault::kSecondRepair, reason);
      if (asked.run_id.empty()) continue;
      if (times == 0 || made->second.front() != asked.run_id) found(Fault::kLostRepair, reason);
    }
  }

  const Facts& facts_;
  std::map<std::string, const RecordedRun*> by_id_;
  std::map<std::string, std::vector<std::string>> made_;  // run ids, by the reason
  std::map<Fault, std::string> faults_;
};

}  // namespace

std::vector<RecordedRun> read_runs(SimDisk& disk) {
  const SimStore store(disk);
  std::vector<RecordedRun> runs;
  for (const store::RunNumber number : runs_on(disk)) {
    RecordedRun run;
    const base::Status read = store::read_history(
        store.journal(), store.archive(), number, 0, [&](const store::Record& record) {
          run.seqs.push_back(record.seq);
          (void)run.turns.emplace_back().ParseFromString(std::string(record.body));
        });
    if (read && !run.turns.empty()) runs.push_back(std::move(run));
  }
  return runs;
}

namespace {

// True: it had such a field.
bool strip(google::protobuf::Message* body) {
  bool changed = false;
  for (const char* const name : {"principal", "headers", "precedence"}) {
    const auto* const field = body->GetDescriptor()->FindFieldByName(name);
    if (field == nullptr) continue;
    const auto* const all = body->GetReflection();
    const bool there =
        field->is_repeated() ? all->FieldSize(*body, field) > 0 : all->HasField(*body, field);
    if (there) all->ClearField(body, field);
    changed |= there;
  }
  return changed;
}

bool strip_turn(std::string* bytes) {
  proto::Turn turn;
  if (!turn.ParseFromString(*bytes)) return false;
  bool changed = false;
  for (Event& input : *turn.mutable_inputs()) {
    const auto* const kind = Event::descriptor()->oneof_decl(0);
    const auto* const field = input.GetReflection()->GetOneofFieldDescriptor(input, kind);
    if (field != nullptr) changed |= strip(input.GetReflection()->MutableMessage(&input, field));
  }
  if (changed) turn.SerializeToString(bytes);
  return changed;
}

}  // namespace

std::size_t strip_new_fields(SimDisk* disk) {
  std::size_t turns = 0;
  while (disk->tamper(strip_turn)) ++turns;
  return turns;
}

std::map<Fault, std::string> faults_in(const Facts& facts) {
  return Judge(facts).judge();
}

}  // namespace reprise::simulation
