// Questions of the host, of the run's code and of people.
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "replay/execution_state.h"
#include "replay/strand_text.h"

namespace reprise::replay {

// ---- for the host -----------------------------------------------------------------------------

const Trouble& Execution::trouble() const {
  REPRISE_CHECK(state_->core.parking.trouble() != nullptr, "only a parked execution has trouble");
  return *state_->core.parking.trouble();
}

bool Execution::closed() const {
  return state_->core.life.has_ended();
}

std::uint64_t Execution::events() const {
  return state_->events;
}

UnreadInputs Execution::take_unread() {
  return std::exchange(state_->unread, {});
}

UnreadInputs Execution::unread_at_limit() const {
  UnreadInputs unread;
  if (const auto& start = state_->start_again; start != nullptr) {
    unread.start = std::make_unique<proto::RunStarted>(*start);
  }
  unread.inputs = state_->not_taken();
  for (const proto::Event& each : state_->unread.inputs) unread.inputs.push_back(each);
  unread.known_updates = state_->updates.latest_known();
  for (const DeferredInput& each : state_->deferred) {
    add_unseen(each.event, &unread);
    know_update(each.event, &unread.known_updates);
  }
  keep_latest(&unread.known_updates);
  return unread;
}

std::vector<UntakenUpdate> Execution::take_untaken() {
  return std::exchange(state_->untaken, {});
}

bool Execution::has_begun() const {
  return state_->core.life.state() != Lifecycle::State::kCreated;
}

bool Execution::takes_updates() const {
  return !state_->core.over() && state_->updates.takes_any();
}

base::Result<std::string> Execution::query(std::string_view name, std::string_view input) {
  // What the code did before the trouble was never recorded.
  if (const Trouble* const trouble = state_->core.parking.trouble(); trouble != nullptr) {
    return base::Error{trouble->code, trouble->report};
  }
  const QueryHandler* const handler = state_->queries.find(name);
  if (handler == nullptr) {
    const std::string known = state_->queries.names();
    return base::Error{base::ErrorCode::kUnknownQuery,
                       "the run answers no query named '" + std::string(name) +
                           "' now; it answers: " + (known.empty() ? "none" : known)};
  }
  state_->in_query = true;
  auto answer = (*handler)(input);
  state_->in_query = false;
  return answer;
}

std::size_t Execution::running_strand() const {
  const StrandRecord* const running = state_->core.scheduler.current();
  return running == nullptr ? 0 : running->number;
}

std::vector<std::string> Execution::waiting_for() const {
  return lines_of_waits(state_->core.scheduler);
}

std::vector<StrandStatus> Execution::strands() const {
  return status_of_strands(state_->core.scheduler);
}

// ---- for the code -----------------------------------------------------------------------------

bool Execution::callable() const {
  return state_->core.scheduler.current() != nullptr && !state_->in_query;
}

const char* Execution::closure() const {
  const RunCore& run = state_->core;
  const StrandRecord* strand = run.scheduler.current();
  if (strand == nullptr || !run.behaviours.closures_make_no_calls()) return nullptr;
  return strand->closure;
}

void Execution::in_closure(const char* what, base::FunctionRef<void()> body) {
  StrandRecord* const strand = state_->core.scheduler.current();
  REPRISE_CHECK(strand != nullptr, "code of the run calls it");
  const InClosure inside(*strand, what);
  body();
}

const event::HeaderFields* Execution::update_headers() const {
  return state_->updates.headers_on(state_->core.scheduler.current());
}

std::size_t Execution::handlers_under_way() const {
  return state_->signals.handlers_under_way() + state_->updates.handlers_under_way();
}

bool Execution::in_handler() const {
  const StrandRecord* const running = state_->core.scheduler.current();
  return running != nullptr && running->is_handler;
}

bool Execution::in_check() const {
  return state_->in_check;
}

const event::Headers& Execution::headers() const {
  static const event::Headers kNone;
  return state_->core.headers == nullptr ? kNone : *state_->core.headers;
}

const RunInfo& Execution::info() const {
  return state_->core.info;
}

const Behaviours& Execution::behaviours() const {
  return state_->core.behaviours;
}

base::Time Execution::now() const {
  return state_->core.now;
}

std::uint64_t Execution::history_events() const {
  const RunCore& run = state_->core;
  return run.applied.number - std::min(run.applied.number, run.events_before);
}

bool Execution::replaying() const {
  return state_->core.log.replaying();
}

// SplitMix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
std::uint64_t Execution::random() {
  state_->core.enter();
  std::uint64_t z = (state_->core.random_state += 0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

std::uint64_t Execution::answer(std::string_view query, QueryHandler handler) try {
  const std::uint64_t id = state_->next_handler++;
  state_->queries.set(query, id, std::move(handler));
  return id;
} catch (const std::bad_alloc&) {
  out_of_memory();
}

void Execution::remove_handler(std::uint64_t id) {
  state_->queries.remove(id);
  state_->signals.remove_handler(id);
  state_->updates.remove_handler(id);
}

}  // namespace reprise::replay
