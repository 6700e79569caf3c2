// What clients ask of runs, on their shard: finding them, and messages to those that are open.
#include <utility>

#include "proto/parse.h"
#include "runtime/engine/shard.h"

namespace reprise::runtime {
namespace {

base::Error no_such_run(const RunKey& key) {
  std::string what = "there is no run with workflow id '" + key.workflow_id + "'";
  if (key.run_id) what += " and run id " + key.run_id->to_string();
  return {base::ErrorCode::kNotFound, what + " in this store"};
}

bool is_it(const RunState& state, const RunKey& key) {
  return state.workflow_id == key.workflow_id && (!key.run_id || state.id == *key.run_id);
}

}  // namespace

// ---- finding runs -----------------------------------------------------------------------------

KnownRun* Shard::find(const RunKey& key) const {
  return key.run_id ? runs_.find(key.workflow_id, *key.run_id) : runs_.find(key.workflow_id);
}

base::Result<RunState> Shard::find_archived(const RunKey& key) {
  const store::Archive& archive = shared_.store->archive();
  std::optional<RunState> state;
  const auto found = archive.find(key.workflow_id, [&](std::string_view bytes) {
    proto::RunSummary summary;
    if (!proto::parse(bytes, &summary)) return false;
    state = RunState::from_summary(0, summary, names_);
    return is_it(*state, key);
  });
  if (!found) return found.error();
  if (!*found) return no_such_run(key);
  state->number = **found;
  return std::move(*state);
}

// A closed run that is removed while its history is read comes apart, which is no damage.
base::Error Shard::unless_removed(const RunKey& key, const base::Error& error) {
  if (error.code != base::ErrorCode::kStoreDamaged) return error;
  const auto through = shared_.store->archive().through();
  // The archive may have let go of a run that is not forgotten here yet.
  const KnownRun* known = find(key);
  if (known != nullptr && (!through || known->state.last_seq > *through)) return error;
  const auto archived = find_archived(key);
  return archived ? error : archived.error();
}

base::Result<KnownRun*> Shard::find_open(const RunKey& key) {
  KnownRun* run = find(key);
  if (run != nullptr && run->damaged) return *run->extras->parked;
  if (run != nullptr && run->state.open()) return run;
  if (run == nullptr) {
    if (const auto archived = find_archived(key); !archived) return archived.error();
  }
  return base::Error{base::ErrorCode::kRunClosed,
                     "run '" + key.workflow_id + "' has ended; describe it to see how"};
}

// ---- messages to open runs --------------------------------------------------------------------

// A history that has become too long takes nothing more from outside; it can still be terminated.
base::Status Shard::may_grow(const KnownRun& run) const {
  const std::uint64_t most = shared_.options.limits.history_events;
  if (run.state.events < most) return {};
  return base::Error{base::ErrorCode::kRunLimit,
                     "the history of run '" + run.state.workflow_id + "' has " +
                         std::to_string(run.state.events) +
                         " events, and EngineLimits::history_events = " + std::to_string(most) +
                         " allows no more; let it end in time and start another run, or raise the "
                         "limit"};
}

void Shard::signal(const RunKey& key, std::string name, std::string input, Reply<void> reply) {
  if (intake_.full()) return reply(intake_.refusal());
  const auto run = find_open(key);
  if (!run) return refuse(find(key), run.error(), reply);
  if (const auto room = may_grow(**run); !room) return reply(room.error());
  add_input(
      **run,
      [&](proto::Event* event) {
        event->mutable_signal_received()->set_name(std::move(name));
        event->mutable_signal_received()->set_input(std::move(input));
      },
      std::move(reply));
  run_turn_if_full(**run);
}

// As far as the code in memory tells; nothing is loaded for the question. Behind inputs that the
// code has not seen it may read something else.
base::Status Shard::may_signal(const RunKey& key, std::string_view name, std::string_view input) {
  const KnownRun* const run = find(key);
  if (run == nullptr || run->damaged || !run->state.open() || run->parked()) return {};
  if (run->turn != nullptr || run->state.unapplied) return {};
  const replay::Execution* const code = Host::find(run->place);
  if (code == nullptr) return {};
  const auto refusal = [&] {
    const CodeMark::Scope in_code(code_mark_, run);
    return code->signal_refusal(name, input);
  }();
  if (!refusal) return {};
  return base::Error{base::ErrorCode::kSignalUnreadable,
                     "the code of run '" + key.workflow_id + "' reads signal '" +
                         std::string(name) + "', and this is none: " + *refusal +
                         ". Nothing was recorded; send what the code reads"};
}

void Shard::cancel(const RunKey& key, std::string reason, Reply<void> reply) {
  if (intake_.full()) return reply(intake_.refusal());
  const auto run = find_open(key);
  if (!run) return refuse(find(key), run.error(), reply);
  if (const auto room = may_grow(**run); !room) return reply(room.error());
  add_input(
      **run,
      [&](proto::Event* event) {
        event->mutable_cancel_requested()->set_reason(std::move(reason));
      },
      std::move(reply));
}

void Shard::terminate(const RunKey& key, std::string reason, Reply<void> reply) {
  if (intake_.full()) return reply(intake_.refusal());
  // All of its history verifies, so that an end can follow on it.
  if (KnownRun* run = find(key); run != nullptr && run->overtaken && run->damaged) {
    run->damaged = false;
    run->extras->parked.reset();
  }
  const auto run = find_open(key);
  if (!run) return refuse(find(key), run.error(), reply);
  record_end(
      **run,
      [&](proto::Event* event) { event->mutable_run_terminated()->set_reason(std::move(reason)); },
      std::move(reply));
}

void Shard::retry(const RunKey& key, const Reply<void>& reply) {
  if (intake_.full()) return reply(intake_.refusal());
  const auto found = find_open(key);
  if (!found) return refuse(find(key), found.error(), reply);
  KnownRun& run = **found;
  if (in_round(run)) return post([this, key, reply] { retry(key, reply); });
  // Without code nothing is known of it here, and it is the next program that tries it again.
  const bool by_next_program = !shared_.options.executes_code;
  if (!run.parked() && !by_next_program) return reply({});
  if (const auto forgotten = shared_.store->forget_deaths(run.state.number); !forgotten) {
    return reply(forgotten.error());
  }
  if (by_next_program) shared_.store->note_unparked(run.state.number);
  unpark(run);
  run.drop_empty_extras();
  when_loadable(run.state.number, [this](KnownRun& later) { resume(later); });
  reply({});
}

void Shard::update(const RunKey& key,
                   std::string name,
                   std::string input,
                   const Reply<replay::Outcome>& reply) {
  if (intake_.full()) return reply(intake_.refusal());
  const auto run = find_open(key);
  if (!run) return refuse(find(key), run.error(), reply);
  if ((*run)->parked()) return reply(*(*run)->extras->parked);
  if (const auto room = may_grow(**run); !room) return reply(room.error());
  const std::string id = shared_.ids.next(now()).to_string();
  auto* received = add_input(**run)->mutable_update_received();
  received->set_update_id(id);
  received->set_name(std::move(name));
  received->set_input(std::move(input));
  (*run)->with_extras().updates.push_back({id, reply});
  run_turn_if_full(**run);
}

}  // namespace reprise::runtime
