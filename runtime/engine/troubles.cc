#include "runtime/engine/troubles.h"

#include "event/catalogue.h"
#include "event/failure_text.h"
#include "event/text.h"

namespace reprise::runtime {
namespace {

// What the history of a run says of its troubles.
class Facts {
 public:
  struct OfOperation {
    std::string name;
    std::string place;
    std::string last_failure;
    std::int64_t since_ms = 0;
  };

  explicit Facts(const Trouble& trouble) {
    for (const auto& failing : trouble.failing) operations_[failing.operation];
  }

  void add(const proto::Turn& turn) {
    for (const proto::Event& input : turn.inputs()) {
      if (input.has_attempt_failed()) note_failure(input.attempt_failed(), turn.time_ms());
      // Its operations are attempted anew; what was copied is another run's trouble.
      if (input.has_run_reset() || input.has_run_forked()) forget_failures();
    }
    for (const proto::Event& command : turn.commands()) note_command(command);
    // While its code does not run, the first turn without it counts.
    if (!turn.without_code() || !last_without_code_) stopped_ms_ = turn.time_ms();
    last_without_code_ = turn.without_code();
  }

  std::int64_t stopped_ms() const { return stopped_ms_; }
  const OfOperation& of(std::uint32_t id) const { return operations_.at(id); }

 private:
  void note_failure(const proto::AttemptFailed& failed, std::int64_t time_ms) {
    const auto found = operations_.find(failed.id());
    if (found == operations_.end()) return;
    if (found->second.since_ms == 0) found->second.since_ms = time_ms;
    found->second.last_failure = event::failure_text(failed.failure());
  }
  void forget_failures() {
    for (auto& [id, operation] : operations_) {
      operation.since_ms = 0;
      operation.last_failure.clear();
    }
  }
  void note_command(const proto::Event& command) {
    const event::Row& row = event::row_of(command);
    if (row.opens == event::Operation::kNone || row.id == nullptr) return;
    const auto found = operations_.find(row.id(command));
    if (found == operations_.end()) return;
    if (row.called != nullptr) found->second.name = row.called(command);
    found->second.place = event::place_of(command);
  }

  std::map<std::uint32_t, OfOperation> operations_;
  std::int64_t stopped_ms_ = 0;
  bool last_without_code_ = false;
};

Incident incident(const Trouble& trouble, Incident::Kind kind, base::ErrorCode code) {
  Incident made = trouble.run;
  made.kind = kind;
  made.code = code;
  return made;
}

void explain(const store::Store& store,
             const sealing::Sealing& sealing,
             const Trouble& trouble,
             std::vector<Incident>* found) {
  if (trouble.damage) {
    found->push_back(
        incident(trouble, Incident::Kind::kQuarantined, base::ErrorCode::kStoreDamaged));
    found->back().cause = *trouble.damage;
    return;
  }
  Facts facts(trouble);
  const auto show_turn = [&](std::string_view record, proto::Turn* turn) {
    return sealing.show_turn(record, turn);
  };
  const base::Status read =
      visit_turns(store, {.run = trouble.history.run}, trouble.history, show_turn,
                  [&](const store::ChainEnd&, const proto::Turn& turn) { facts.add(turn); });
  if (trouble.parked) {
    Incident parked = incident(trouble, Incident::Kind::kParked, trouble.parked->code);
    parked.cause = trouble.parked->message;
    parked.since_ms = facts.stopped_ms();
    parked.place = place_in_report(parked.cause);
    found->push_back(std::move(parked));
  }
  for (const Trouble::Failing& each : trouble.failing) {
    const Facts::OfOperation& of = facts.of(each.operation);
    Incident failing =
        incident(trouble, Incident::Kind::kActivityFailing, base::ErrorCode::kActivityFailing);
    failing.cause = read ? of.last_failure : read.error().text();
    failing.since_ms = of.since_ms;
    failing.place = of.place;
    failing.activity = of.name;
    failing.operation = each.operation;
    failing.failures = each.failures;
    found->push_back(std::move(failing));
  }
}

}  // namespace

std::optional<Trouble> trouble_of(const RunState& run,
                                  const std::string* damage,
                                  const base::Error* parked,
                                  std::uint32_t failures) {
  std::vector<Trouble::Failing> failing;
  if (damage == nullptr && run.open()) {
    for (const PendingOperation& operation : run.pending()) {
      if (!operation.is_attempted() || operation.done || operation.attempt <= failures) continue;
      failing.push_back({operation.id, operation.attempt - 1});
    }
  }
  const bool is_parked = damage == nullptr && run.open() && parked != nullptr;
  if (damage == nullptr && !is_parked && failing.empty()) return std::nullopt;
  Trouble trouble{.history = stored_history(run),
                  .run = {.workflow_id = run.workflow_id,
                          .run_id = run.id,
                          .workflow = *run.workflow,
                          .task_queue = *run.task_queue},
                  .failing = std::move(failing)};
  if (damage != nullptr) trouble.damage = *damage;
  if (is_parked) trouble.parked = *parked;
  return trouble;
}

std::vector<Incident> explain(const store::Store& store,
                              const sealing::Sealing& sealing,
                              const Troubles& troubles,
                              std::size_t limit) {
  std::vector<Incident> found;
  for (const auto& [number, trouble] : troubles.by_number) {
    if (limit != 0 && found.size() >= limit) break;
    explain(store, sealing, trouble, &found);
  }
  if (limit != 0 && found.size() > limit) found.resize(limit);
  return found;
}

}  // namespace reprise::runtime
