#include "runtime/engine/requests.h"

#include <utility>

#include "base/printable_text.h"
#include "runtime/engine/principal.h"
#include "runtime/engine/unsent.h"

namespace reprise::runtime {

// nullptr: there is no such run, or no room; the caller has been answered.
template <class T>
KnownRun* Requests::open_run(const RunKey& key, const Reply<T>& reply) {
  if (parts_.intake.full()) {
    reply(parts_.intake.refusal());
    return nullptr;
  }
  const auto run = parts_.finder.find_open(key);
  if (run) return *run;
  parts_.outbox.refuse(parts_.finder.find(key), run.error(), reply);
  return nullptr;
}

void Requests::signal(const RunKey& key,
                      std::string name,
                      std::string input,
                      Reply<void> reply,
                      std::string principal,
                      event::Headers headers) {
  KnownRun* const run = open_run(key, reply);
  if (run == nullptr) return;
  if (const auto room = parts_.round.may_grow(*run); !room) return reply(room.error());
  parts_.round.add_input(
      *run,
      [&](proto::Event* event) {
        event->mutable_signal_received()->set_name(std::move(name));
        event->mutable_signal_received()->set_input(std::move(input));
        record_principal(principal, event->mutable_signal_received());
        event::write(std::move(headers), event->mutable_signal_received()->mutable_headers());
      },
      std::move(reply));
  parts_.round.run_turn_if_full(*run);
}

// As far as the code in memory shows; nothing is loaded for the question. After inputs that the
// code has not seen it may read another type.
base::Status Requests::may_signal(const RunKey& key,
                                  std::string_view name,
                                  std::string_view input) {
  const KnownRun* const run = parts_.finder.find(key);
  if (run == nullptr || run->damaged || !run->state.open() || run->parked()) return {};
  if (run->turn != nullptr || run->state.unapplied) return {};
  const auto refusal = parts_.executor.signal_refusal(run->place, run->label(), name, input);
  if (!refusal) return {};
  return base::Error{base::ErrorCode::kSignalUnreadable,
                     "the code of run '" + key.workflow_id + "' reads signal '" +
                         std::string(name) + "', and this is none: " + *refusal +
                         ". Nothing was recorded; send what the code reads"};
}

void Requests::cancel(const RunKey& key,
                      std::string reason,
                      Reply<void> reply,
                      std::string principal) {
  KnownRun* const run = open_run(key, reply);
  if (run == nullptr) return;
  if (const auto room = parts_.round.may_grow(*run); !room) return reply(room.error());
  parts_.round.add_input(
      *run,
      [&](proto::Event* event) {
        event->mutable_cancel_requested()->set_reason(std::move(reason));
        record_principal(principal, event->mutable_cancel_requested());
      },
      std::move(reply));
}

void Requests::terminate(const RunKey& key,
                         std::string reason,
                         Reply<void> reply,
                         std::string principal) {
  if (parts_.intake.full()) return reply(parts_.intake.refusal());
  // All of its history verifies, so that an end can follow on it.
  if (KnownRun* known = parts_.finder.find(key); known != nullptr && known->overtaken) {
    if (std::exchange(known->damaged, false)) {
      parts_.shared.count_parked(*known->extras->parked, -1);
      known->extras->parked.reset();
      auto unsent = std::make_shared<const Unsent>(known->state);
      // It ends, whatever does not open.
      if (!unsent->send(parts_.shared)) known->extras->unsent = std::move(unsent);
    }
  }
  KnownRun* run = open_run(key, reply);
  if (run == nullptr) return;
  // Inputs gathered before come first, and the run may continue as another one because of them.
  parts_.round.run_gathered(*run);
  if (!run->state.open()) run = open_run(key, reply);
  if (run == nullptr) return;
  const RunKey meant =
      key.run_id
          ? key
          : RunKey{.workflow_id = key.workflow_id, .run_id = run->state.id, .of_chain = true};
  if (parts_.round.ends_later(*run, [=, this] { terminate(meant, reason, reply, principal); }))
    return;
  parts_.round.record_end(
      *run,
      [&](proto::Event* event) {
        event->mutable_run_terminated()->set_reason(std::move(reason));
        record_principal(principal, event->mutable_run_terminated());
      },
      std::move(reply));
}

void Requests::pause(const verb::Pause& asked) {
  KnownRun* const run = open_run(asked.key, asked.reply);
  if (run == nullptr) return;
  if (const auto room = parts_.round.may_grow(*run); !room) return asked.reply(room.error());
  parts_.round.add_input(
      *run,
      [&](proto::Event* event) {
        event->mutable_run_paused()->set_reason(asked.reason);
        record_principal(asked.principal, event->mutable_run_paused());
      },
      asked.reply);
}

void Requests::resume(const verb::Resume& asked) {
  KnownRun* const run = open_run(asked.key, asked.reply);
  if (run == nullptr) return;
  if (!run->paused()) {
    return parts_.outbox.refuse(run,
                                {base::ErrorCode::kRunNotPaused,
                                 "run '" + run->state.workflow_id + "' is not paused: it goes on"},
                                asked.reply);
  }
  parts_.round.add_input(
      *run,
      [&](proto::Event* event) {
        event->mutable_run_resumed()->set_reason(asked.reason);
        record_principal(asked.principal, event->mutable_run_resumed());
      },
      asked.reply);
}

void Requests::retry(const RunKey& key, const Reply<void>& reply, const std::string& principal) {
  KnownRun* const found = open_run(key, reply);
  if (found == nullptr) return;
  KnownRun& run = *found;
  if (run.in_round()) {
    return parts_.intake.post([=, this] { retry(key, reply, principal); });
  }
  // Without code it is unknown here, and the next program tries it again.
  const bool by_next_program = !parts_.shared.options.executes_code;
  if (!run.parked() && !by_next_program) return reply({});
  if (const auto forgotten = parts_.shared.store->forget_deaths(run.state.number); !forgotten) {
    return reply(forgotten.error());
  }
  // No event says so: a run that cannot go on may be unable to take one.
  parts_.shared.log(LogLevel::kInfo, "run '" + base::printable_text(run.state.workflow_id) +
                                         "' is tried again" +
                                         (principal.empty() ? "" : ", asked by " + principal));
  if (by_next_program) parts_.shared.store->note_unparked(run.state.number);
  if (parts_.parking.try_again(run)) {
    run.drop_empty_extras();
    parts_.loading.when_loadable(run.state.number,
                                 [this](KnownRun& later) { parts_.workers.resume(later); });
  }
  reply({});
}

}  // namespace reprise::runtime
