#include "sdk/testing/virtual_time.h"

#include <limits>
#include <utility>
#include <variant>

#include "sdk/src/schedule/state.h"

namespace reprise::internal {
namespace {

using base::Error;
using base::ErrorCode;

// More than any test needs: a run that still works then never ends.
constexpr int kMaxRounds = 1'000'000;

std::string lines_of(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += "\n  " + line;
  return text;
}

bool is_nondeterminism(ErrorCode code) {
  return code == ErrorCode::kNondeterminism || code == ErrorCode::kForbiddenCall;
}

}  // namespace

// ---- working ----------------------------------------------------------------------------------

bool DrivenService::run_some() {
  const bool prepared = prepare_();
  return machine_.run_some() || prepared;
}

base::Status DrivenService::run_until_idle() {
  for (int round = 0; run_some(); ++round) {
    if (round < kMaxRounds) continue;
    return Error{ErrorCode::kWorkflowStuck,
                 "the test does not come to rest: some run works for ever without waiting for time "
                 "or for a message"};
  }
  return {};
}

base::Status DrivenService::settle() {
  if (auto idle = run_until_idle(); !idle) return idle;
  return report_nondeterminism();
}

base::Status DrivenService::skip(base::Duration duration) {
  const base::Time target = base::add_sat(clock_.now(), duration);
  for (int steps = 0;; ++steps) {
    if (auto idle = run_until_idle(); !idle) return idle;
    const auto due = machine_.next_due();
    if (!due || *due > target) break;
    if (steps == kMaxRounds) {
      return Error{ErrorCode::kWorkflowStuck,
                   "the time to skip is too long: so much is due in it that it does not end"};
    }
    clock_.move_to(*due);
  }
  clock_.move_to(target);
  return settle();
}

base::Result<bool> DrivenService::wait(base::FunctionRef<bool()> ready,
                                       base::FunctionRef<bool(std::optional<base::Duration>)>,
                                       std::optional<base::Duration> timeout) {
  const auto awaited = std::exchange(awaited_, std::nullopt);
  const base::Time deadline = base::add_sat(clock_.now(), timeout.value_or(base::Duration(0)));
  for (int steps = 0;; ++steps) {
    if (const auto settled = settle(); !settled) return settled.error();
    if (ready()) return true;
    if (const auto run = awaited ? describe_now(*awaited) : std::nullopt; run && run->parked) {
      return *run->parked;
    }
    const auto due = machine_.next_due();
    if (timeout && (!due || *due > deadline)) {
      clock_.move_to(deadline);
      if (const auto settled = settle(); !settled) return settled.error();
      return ready();
    }
    if (!due) return stuck(awaited);
    if (steps == time_steps_) return too_many_steps();
    clock_.move_to(*due);
  }
}

// ---- looking ----------------------------------------------------------------------------------

std::optional<runtime::RunDescription> DrivenService::describe_now(const runtime::RunKey& key) {
  std::optional<runtime::RunDescription> description;
  bool replied = false;
  engine().ask(runtime::verb::Describe{key, [&](base::Result<runtime::RunDescription> reply) {
                                         replied = true;
                                         if (reply) description = std::move(*reply);
                                       }});
  while (!replied && run_some()) {
  }
  return description;
}

std::vector<runtime::RunDescription> DrivenService::list_now() {
  std::vector<runtime::RunDescription> runs;
  for (const std::string_view workflow : {std::string_view(), kScheduleWorkflow}) {
    bool replied = false;
    runtime::ListRequest everything;
    everything.workflow = workflow;
    everything.limit = std::numeric_limits<std::size_t>::max();
    engine().ask(runtime::verb::List{std::move(everything),
                                     [&](base::Result<std::vector<runtime::RunDescription>> reply) {
                                       replied = true;
                                       if (reply)
                                         runs.insert(runs.end(), reply->begin(), reply->end());
                                     }});
    while (!replied && run_some()) {
    }
  }
  return runs;
}

base::Status DrivenService::report_nondeterminism() {
  while (shaker_ != nullptr) {
    auto finding = shaker_->take_finding();
    if (!finding) break;
    if (reported_.insert(finding->run).second) return std::move(finding->what);
  }
  if (!suspicious_) return {};
  for (const runtime::RunDescription& run : list_now()) {
    if (!run.parked || !is_nondeterminism(run.parked->code)) continue;
    if (reported_.insert(run.run_id).second) return *run.parked;
  }
  suspicious_ = false;
  return {};
}

// After a crash no run is in memory, but only code in memory says what it waits for: any question
// loads it.
void DrivenService::bring_back(const runtime::RunKey& run) {
  bool replied = false;
  engine().ask(runtime::verb::Query{
      run, "what do you wait for", {}, [&](const base::Result<std::string>&) { replied = true; }});
  while (!replied && run_some()) {
  }
}

Error DrivenService::too_many_steps() const {
  return {ErrorCode::kWorkflowStuck,
          "what the test waits for did not happen in " + std::to_string(time_steps_) +
              " steps of time; a run that sleeps more often needs a larger "
              "EnvOptions::time_steps"};
}

Error DrivenService::stuck(const std::optional<runtime::RunKey>& run) {
  auto description = run ? describe_now(*run) : std::nullopt;
  if (description && description->waiting_for.empty()) {
    bring_back(*run);
    description = describe_now(*run);
  }
  if (!description) {
    return Error{ErrorCode::kWorkflowStuck, "nothing that the test waits for can happen any more"};
  }
  return Error{
      ErrorCode::kWorkflowStuck,
      "run '" + description->workflow_id + "' of workflow '" + description->workflow +
          "' waits for what nothing can bring about any more; send a signal first. It waits "
          "for:" +
          lines_of(description->waiting_for)};
}

// ---- passing on -------------------------------------------------------------------------------

void DrivenService::ask(runtime::ClientRequest request) {
  if (const auto* start = std::get_if<runtime::verb::Start>(&request)) {
    start_seen_(start->run);
  }
  engine().ask(std::move(request));
}

}  // namespace reprise::internal
