#include "replay/commands/update.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/check.h"
#include "base/ids.h"
#include "replay/execution_state.h"

namespace reprise::replay {

using Trigger = Lifecycle::Trigger;
using Why = UntakenUpdate::Why;

// ---- handlers ---------------------------------------------------------------------------------

std::uint64_t Execution::accept(std::string_view update,
                                UpdateHandler handler,
                                UpdateCheck check) try {
  const std::uint64_t id = state_->next_handler++;
  state_->updates.accept(update, id, std::move(handler), std::move(check));
  return id;
} catch (const std::bad_alloc&) {
  out_of_memory();
}

void Updates::accept(std::string_view name,
                     std::uint64_t id,
                     Execution::UpdateHandler handler,
                     Execution::UpdateCheck check) {
  handlers_.set(name, id, {std::move(handler), std::move(check)});
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

// ---- is it taken? -----------------------------------------------------------------------------

namespace {

UntakenUpdate bad_check(std::string_view what) {
  return {.why = Why::kBadCheck, .text = "it threw " + std::string(what)};
}

}  // namespace

std::optional<UntakenUpdate> Updates::look_at(const proto::UpdateReceived& update) const {
  if (auto known = look_at_known(update)) return known;
  if (run_.ending) return UntakenUpdate{.why = Why::kTooEarly};
  const Handler* const handler = handlers_.find(update.name());
  if (handler == nullptr) {
    // Behaviours from before updates waited for handlers: it is answered as unknown.
    if (made_ || !run_.behaviours.updates_await_handlers()) return std::nullopt;
    return UntakenUpdate{.why = Why::kTooEarly};
  }
  if (!handler->check) return std::nullopt;
  try {
    auto rejection = handler->check(update.input());
    if (!rejection) return std::nullopt;
    return UntakenUpdate{.why = Why::kRejected, .failure = std::move(*rejection)};
  } catch (const std::exception& error) {
    return bad_check(error.what());
  } catch (...) {
    return bad_check("no std::exception");
  }
}

bool Updates::takes_any() const {
  return made_ && !run_.ending;
}

std::optional<UntakenUpdate> Updates::look_at_known(const proto::UpdateReceived& update) const {
  const std::string& id = update.update_id();
  if (known_ == nullptr || !known_->ids.contains(base::hash64(id))) return std::nullopt;
  for (const Received& open : open_) {
    if (open.update.update_id() != id) continue;
    return UntakenUpdate{.why = Why::kKnown, .text = open.update.name()};
  }
  return UntakenUpdate{.why = Why::kAnswered};
}

bool Execution::State::takes_update(int at, proto::Turn* live) {
  in_query = in_check = true;
  auto refused = updates.look_at(live->inputs(at).update_received());
  in_query = in_check = false;
  if (refused) leave_update(at, std::move(*refused), live);
  return !refused;
}

void Execution::State::leave_update(int at, UntakenUpdate&& left, proto::Turn* live) {
  left.input = at + static_cast<int>(untaken.size());
  left.event.Swap(live->mutable_inputs(at));
  untaken.push_back(std::move(left));
  live->mutable_inputs()->DeleteSubrange(at, 1);
}

void Execution::State::leave_updates_after(int applied, proto::Turn* live) {
  while (applied < live->inputs_size()) {
    if (live->inputs(applied).has_update_received()) {
      leave_update(applied, {.why = UntakenUpdate::Why::kTooEarly}, live);
    } else {
      ++applied;
    }
  }
}

// ---- those that were taken ----------------------------------------------------------------------

void Updates::know(std::uint64_t id) {
  if (known_ == nullptr) known_ = std::make_unique<Known>();
  if (known_->ids.insert(id).second) known_->in_order.push_back(id);
}

void Updates::know_earlier(const proto::RunStarted& started) {
  for (const std::uint64_t id : started.known_updates()) know(id);
}

std::vector<std::uint64_t> Updates::latest_known() const {
  if (known_ == nullptr) return {};
  const std::vector<std::uint64_t>& all = known_->in_order;
  const std::size_t number = std::min(all.size(), kRememberedUpdates);
  return {all.end() - static_cast<std::ptrdiff_t>(number), all.end()};
}

// ---- apply ------------------------------------------------------------------------------------

void Updates::apply(const proto::Event& input) {
  know(base::hash64(input.update_received().update_id()));
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
  StrandRecord& strand = run_.spawn_strand(
      [this, received] {
        run_.guarded({"the handler of update", received->update.name()}, [&] {
          Outcome outcome = outcome_of(received->update);
          base::needs_memory("answering an update", [&] { answer(received, &outcome); });
        });
      },
      run_.root);
  strand.is_handler = true;
  received->strand = &strand;
}

const event::HeaderFields* Updates::headers_on(const StrandRecord* strand) const {
  if (strand == nullptr) return nullptr;
  for (const Received& open : open_) {
    if (open.strand == strand) return &open.update.headers();
  }
  return nullptr;
}

Outcome Updates::outcome_of(const proto::UpdateReceived& update) const {
  if (const Handler* const found = handlers_.find(update.name())) {
    const Execution::UpdateHandler handler = found->handle;  // it may be removed meanwhile
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

std::optional<std::string> Updates::under_way() const {
  if (open_.empty()) return std::nullopt;
  const proto::UpdateReceived& update = open_.front().update;
  return update.name() + " (" + update.update_id() + ")";
}

void Updates::add_unread(std::vector<Unread>* out) const {
  for (const Received& received : open_) {
    out->push_back({.order = received.order, .input = {}});
    *out->back().input.mutable_update_received() = received.update;
  }
}

}  // namespace reprise::replay
