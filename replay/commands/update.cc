#include "replay/commands/update.h"

#include <iterator>
#include <utility>

#include "base/check.h"
#include "replay/execution_state.h"

namespace reprise::replay {

using Trigger = Lifecycle::Trigger;

// ---- handlers ---------------------------------------------------------------------------------

std::uint64_t Execution::accept(std::string_view update, UpdateHandler handler) try {
  const std::uint64_t id = state_->next_handler++;
  state_->updates.accept(update, id, std::move(handler));
  return id;
} catch (const std::bad_alloc&) {
  out_of_memory();
}

void Updates::accept(std::string_view name, std::uint64_t id, Execution::UpdateHandler handler) {
  handlers_.set(name, id, std::move(handler));
  handle_kept(name);
}

void Updates::code_is_made() {
  made_ = true;
  base::needs_memory("running a workflow", [this] { handle_kept(std::nullopt); });
}

void Updates::handle_kept(std::optional<std::string_view> name) {
  for (const Open::iterator received : std::exchange(kept_, {})) {
    if (!name || received->update.name() == *name) {
      handle(received);
    } else {
      kept_.push_back(received);
    }
  }
}

// ---- apply ------------------------------------------------------------------------------------

void Updates::apply(const proto::Event& input) {
  open_.push_back({input.update_received(), run_.next_order++});
  const Open::iterator received = std::prev(open_.end());
  const bool has_handler = handlers_.find(received->update.name()) != nullptr;
  if (!made_ && run_.behaviours.updates_await_handlers() && !has_handler) {
    kept_.push_back(received);
  } else {
    handle(received);
  }
}

void Updates::handle(Open::iterator received) {
  REPRISE_CHECK(received->life.on(Trigger::kStart), "an update is handled once");
  run_.spawn_strand(
      [this, received] {
        run_.guarded({"the handler of update", received->update.name()}, [&] {
          Outcome outcome = outcome_of(received->update);
          base::needs_memory("answering an update", [&] { answer(received, &outcome); });
        });
      },
      run_.root);
}

Outcome Updates::outcome_of(const proto::UpdateReceived& update) const {
  if (const Execution::UpdateHandler* const found = handlers_.find(update.name())) {
    const Execution::UpdateHandler handler = *found;  // it may be removed meanwhile
    return handler(update.input());
  }
  proto::Failure failure;
  failure.set_kind(proto::Failure::APPLICATION);
  failure.set_type("UnknownUpdate");
  failure.set_message("the run accepts no update named '" + update.name() + "' now");
  failure.set_non_retryable(true);
  return Outcome::failed(std::move(failure));
}

// ---- the command ------------------------------------------------------------------------------

void Updates::answer(Open::iterator received, Outcome* outcome) {
  run_.enter();
  auto* completed = run_.log.draft({})->mutable_update_completed();
  completed->set_update_id(received->update.update_id());
  const bool ok = outcome->ok();
  if (ok) {
    completed->set_result(outcome->take_payload());
  } else {
    *completed->mutable_failure() = outcome->failure();
  }
  run_.submit();
  REPRISE_CHECK(received->life.on(ok ? Trigger::kSuccess : Trigger::kFailure),
                "an update is answered once");
  open_.erase(received);
}

void Updates::add_unread(std::vector<Unread>* out) const {
  for (const Received& received : open_) {
    out->push_back({.order = received.order, .input = {}});
    *out->back().input.mutable_update_received() = received.update;
  }
}

}  // namespace reprise::replay
