// What the host and people ask a run between turns.
#include <algorithm>

#include "base/check.h"
#include "base/out_of_memory.h"
#include "replay/execution_state.h"

namespace reprise::replay {

std::string full_report(const Trouble& trouble, const RunInfo& info, base::Symbols* symbols) {
  if (trouble.thrown) {
    return report(*trouble.thrown, info.workflow, info.workflow_id, info.run_id.to_string(),
                  symbols);
  }
  if (!trouble.mismatch) return trouble.report;
  return report(*trouble.mismatch, info.workflow, info.workflow_id, info.run_id.to_string(),
                symbols, Payloads::kShown);
}

namespace {

// What the engine keeps books with is not.
bool is_for_code(const DeferredInput& input) {
  return !input.event.has_attempt_failed() && !input.event.has_heartbeat_recorded();
}

// After that nothing is given to the code any more.
bool is_end_of_run(const DeferredInput& input) {
  return input.event.has_run_terminated() || input.event.has_run_timed_out();
}

}  // namespace

TurnEnd Execution::rehearse() try {
  State& s = *state_;
  if (std::any_of(s.deferred.begin(), s.deferred.end(), is_end_of_run)) return s.end();
  if (std::none_of(s.deferred.begin(), s.deferred.end(), is_for_code)) return s.end();
  s.rehearsal = std::make_unique<proto::Turn>();
  s.rehearsal->set_time_ms(base::to_ms(s.now));
  s.log.begin_live(s.rehearsal.get(), s.events);
  return s.run(s.rehearsal.get(), *s.rehearsal);
} catch (const std::bad_alloc&) {
  base::end_out_of_memory("rehearsing a turn");
}

const Trouble& Execution::trouble() const {
  REPRISE_CHECK(state_->trouble != nullptr, "only a parked execution has trouble");
  return *state_->trouble;
}

bool Execution::closed() const {
  return state_->closed;
}

std::size_t Execution::running_strand() const {
  const StrandRecord* const running = state_->scheduler.current();
  return running == nullptr ? 0 : running->number;
}

std::uint64_t Execution::value_event() const {
  return state_->value_event;
}

const Patches& Execution::patches() const {
  return state_->patches;
}

std::uint64_t Execution::events() const {
  return state_->events;
}

std::optional<base::FunctionRef<Outcome()>> Execution::step_body(std::uint32_t id) const {
  const Operation* operation = state_->pending.find(id);
  if (operation == nullptr) return std::nullopt;
  return operation->step_body;
}

base::Result<std::string> Execution::query(std::string_view name, std::string_view input) {
  // What the code did before it got into trouble was never recorded.
  if (state_->trouble) return base::Error{state_->trouble->code, state_->trouble->report};
  const auto& queries = state_->handlers.queries;
  const auto found = queries.find(name);
  if (found == queries.end()) {
    std::string known;
    for (const auto& [other, entry] : queries) known += (known.empty() ? "" : ", ") + other;
    return base::Error{base::ErrorCode::kUnknownQuery,
                       "the run answers no query named '" + std::string(name) +
                           "' now; it answers: " + (known.empty() ? "none" : known)};
  }
  state_->in_query = true;
  auto answer = found->second.handler(input);
  state_->in_query = false;
  return answer;
}

namespace {

enum class Places { kLeftOut, kShown };

std::string at(base::CallSite site, Places places) {
  if (places == Places::kLeftOut || site.line == 0) return {};
  return " at " + std::string(site.short_file()) + ":" + std::to_string(site.line);
}

std::string what_it_waits_for(const StrandRecord& strand, Places places) {
  std::string line;
  for (const Operation* operation : strand.waits_for) {
    line += (line.empty() ? "" : " or ") + std::string(to_string(operation->kind())) + " " +
            operation->label + at(operation->site, places);
  }
  if (!strand.on_condition) return line;
  return line + (line.empty() ? "" : " or ") + "a condition" + at(strand.condition_site, places);
}

}  // namespace

std::vector<std::string> Execution::waiting_for() const {
  std::vector<std::string> lines;
  for (const auto& strand : state_->scheduler.strands()) {
    auto line = what_it_waits_for(*strand, Places::kShown);
    if (!line.empty()) lines.push_back(std::move(line));
  }
  return lines;
}

std::vector<StrandStatus> Execution::State::strands() const {
  std::vector<StrandStatus> all;
  for (const auto& strand : scheduler.strands()) {
    // The stack has the places.
    all.push_back(
        {strand->number, what_it_waits_for(*strand, Places::kLeftOut), strand->strand.stack()});
  }
  return all;
}

std::vector<StrandStatus> Execution::strands() const {
  return state_->strands();
}

}  // namespace reprise::replay
