// Schedules as their users see them: each call is a start, an update, a question or the end of the
// schedule's run.
#include "reprise/client.h"

#include <algorithm>
#include <utility>

#include "base/printable_text.h"
#include "base/reserved.h"
#include "runtime/client_request.h"
#include "runtime/creator.h"
#include "sdk/src/checks.h"
#include "sdk/src/client/run_link.h"
#include "sdk/src/errors.h"
#include "sdk/src/interceptors.h"
#include "sdk/src/schedule/new_schedule.h"
#include "sdk/src/schedule/state.h"
#include "sdk/src/settings.h"
#include "sdk/src/start_terms.h"

namespace reprise {

namespace internal {

// Thread-safe.
class ScheduleLink {
 public:
  ScheduleLink(const ServiceState& to, Client from, std::string_view schedule_id)
      : service(to), client(std::move(from)), id(schedule_id) {}

  RunHandle run() const { return client.handle(std::string(kSchedulePrefix) + id); }

  const ServiceState& service;
  Client client;
  std::string id;
};

namespace {

[[noreturn]] void no_schedule(std::string_view id) {
  throw NotFound(code_text(base::ErrorCode::kNotFound),
                 "no schedule '" + base::printable_text(id) +
                     "'; create_schedule() creates one, and Client::schedules() lists them");
}

// Refusals of the schedule's run are errors of the call.
[[noreturn]] void throw_refusal(const ApplicationFailure& failure) {
  for (const auto code : {base::ErrorCode::kInvalidSchedule, base::ErrorCode::kTimeZone,
                          base::ErrorCode::kInvalidOption, base::ErrorCode::kScheduleBusy}) {
    if (failure.type() == code_text(code)) throw_error({code, failure.what()});
  }
  throw failure;
}

template <class Fn>
auto asked(const ScheduleLink& link, Fn fn) {
  try {
    return fn(link.run());
  } catch (const NotFound&) {
    no_schedule(link.id);
  } catch (const RunClosed&) {
    no_schedule(link.id);
  } catch (const ApplicationFailure& failure) {
    throw_refusal(failure);
  }
}

RunDescription described(const ScheduleLink& link) {
  RunDescription run = asked(link, [](const RunHandle& handle) { return handle.describe(); });
  if (run.status != RunStatus::kRunning) no_schedule(link.id);
  return run;
}

ScheduleDescription described(const RunDescription& run, Time now) {
  ScheduleDescription out = describe_schedule(run.workflow_id, run.settings, now);
  if (run.parked) out.parked = run.parked->code + " " + run.parked->report;
  return out;
}

// One of many, which are known without it.
ScheduleDescription known_of(const RunDescription& run, Time now) {
  try {
    return described(run, now);
  } catch (const Error& error) {  // what it publishes, or its time zone, cannot be read here
    ScheduleDescription out;
    out.id = run.workflow_id.substr(kSchedulePrefix.size());
    out.parked = error.what();
    return out;
  }
}

void check_schedule_id(std::string_view id) {
  check_id("the schedule's id", id);
  if (id.size() <= kMaxScheduleIdBytes) return;
  throw InvalidOption(code_text(base::ErrorCode::kInvalidId),
                      "the schedule's id has " + std::to_string(id.size()) + " bytes; at most " +
                          std::to_string(kMaxScheduleIdBytes));
}

[[noreturn]] void refuse_option_of_schedule(std::string_view option, std::string_view why) {
  throw InvalidOption(
      code_text(base::ErrorCode::kInvalidOption),
      "StartOptions::" + std::string(option) + " of a schedule: " + std::string(why));
}

// What makes no sense for runs that each have an id of their own.
void check_options(std::string_view workflow, const StartOptions& options) {
  StartOptions of_run = options;
  of_run.request_id.clear();  // of the schedule
  check(workflow, of_run);
  if (!options.request_id.empty()) check_id("StartOptions::request_id", options.request_id);
  if (options.id_reuse != IdReuse::kAllow) {
    refuse_option_of_schedule("id_reuse", "each run has an id of its own; leave it out");
  }
  if (options.id_conflict != IdConflict::kFail) {
    refuse_option_of_schedule("id_conflict",
                              "SchedulePolicy::overlap says what becomes of runs under way");
  }
  if (options.start_delay > Duration(0)) {
    refuse_option_of_schedule("start_delay", "ScheduleSpec says when runs start");
  }
  constexpr std::size_t kTimeBytes = 40;
  if (options.id.size() > kMaxIdBytes - kTimeBytes) {
    refuse_option_of_schedule(
        "id", "it has " + std::to_string(options.id.size()) + " bytes; at most " +
                  std::to_string(kMaxIdBytes - kTimeBytes) + ", because a time is appended");
  }
}

void check_scheduled_input(std::string_view input) {
  if (input.size() <= kMaxScheduledPayloadBytes) return;
  throw PayloadError(code_text(base::ErrorCode::kPayloadTooLarge),
                     "the arguments of a scheduled workflow: " + std::to_string(input.size()) +
                         " bytes when encoded; the limit is " +
                         std::to_string(kMaxScheduledPayloadBytes));
}

}  // namespace

runtime::StartRequest start_of_schedule(const NewSchedule& schedule) {
  check_schedule_id(schedule.id);
  check_id("the workflow's name", schedule.workflow);
  check_options(schedule.workflow, schedule.options);
  check_scheduled_input(schedule.input);
  const SchedulePlan plan{schedule.spec, schedule.policy};
  value_or_throw(check_plan(plan));
  const StartOptions& options = schedule.options;
  const ScheduleAction action{
      .workflow = std::string(schedule.workflow),
      .input = schedule.input,
      .task_queue = options.task_queue.empty() ? "default" : std::string(options.task_queue),
      .id = options.id.empty() ? std::string(schedule.id) : options.id,
      .run_timeout = options.run_timeout,
      .execution_timeout = options.execution_timeout,
      .retry = options.retry,
      .settings = options.settings,
      .priority = options.priority,
      .fairness_key = options.fairness_key,
      .fairness_weight = options.fairness_weight};
  runtime::StartRequest request;
  request.workflow = kScheduleWorkflow;
  request.workflow_id = std::string(kSchedulePrefix) + std::string(schedule.id);
  request.task_queue = kSystemQueue;
  request.input = encode_arguments(std::make_tuple(action, plan, ScheduleProgress{}));
  request.terms.request_id = options.request_id;
  for (const Setting& setting : {kPublishedTarget({action.workflow, action.task_queue, action.id}),
                                 kPublishedPlan(plan), kPublishedView({})}) {
    request.settings.push_back(to_proto(setting));
  }
  return request;
}

}  // namespace internal

// ---- clients
// --------------------------------------------------------------------------------------

Schedule Client::new_schedule(std::string_view id,
                              const ScheduleSpec& spec,
                              std::string_view workflow,
                              std::string input,
                              const StartOptions& options,
                              const SchedulePolicy& policy) const {
  internal::forbid_in_workflow();
  auto request =
      internal::start_of_schedule({id, spec, workflow, std::move(input), options, policy});
  request.headers = internal::client_headers(options_->interceptors, "create_schedule", workflow);
  runtime::note_creator(options_->principal, &request.headers);
  try {
    internal::RunLink::start(*service_, options_, std::move(request))->started();
  } catch (const AlreadyStarted& exists) {
    throw AlreadyStarted("the schedule '" + base::printable_text(id) +
                             "' exists; update() changes it, erase() ends it",
                         exists.run_id());
  }
  return schedule(id);
}

Schedule Client::schedule(std::string_view id) const {
  internal::check_schedule_id(id);
  return Schedule(std::make_shared<const internal::ScheduleLink>(*service_, *this, id));
}

std::vector<ScheduleDescription> Client::schedules() const {
  std::vector<ScheduleDescription> all;
  for (const RunDescription& run : list({.workflow = std::string(internal::kScheduleWorkflow),
                                   .status = RunStatus::kRunning,
                                   .limit = 0})) {
    all.push_back(internal::known_of(run, service_->now()));
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  return all;
}

// ---- schedules
// ------------------------------------------------------------------------------------

Schedule::Schedule(std::shared_ptr<const internal::ScheduleLink> link) : link_(std::move(link)) {}

const std::string& Schedule::id() const {
  return link_->id;
}

void Schedule::pause(std::string_view note) const {
  internal::asked(*link_, [&](const RunHandle& run) {
    run.update(internal::kPauseSchedule(std::string(note)));
  });
}

void Schedule::resume() const {
  internal::asked(*link_, [](const RunHandle& run) { run.update(internal::kResumeSchedule()); });
}

RunHandle Schedule::trigger() const {
  const auto [workflow_id, run_id] = internal::asked(
      *link_, [](const RunHandle& run) { return run.update(internal::kTriggerSchedule()); });
  return link_->client.handle(workflow_id, run_id);
}

void Schedule::backfill(Time from, Time to) const {
  internal::asked(*link_,
                  [&](const RunHandle& run) { run.update(internal::kBackfillSchedule(from, to)); });
}

std::vector<Time> Schedule::next(std::size_t count) const {
  const ScheduleDescription known = describe();
  return internal::next_due(link_->id, known.spec, link_->service.now(), count);
}

ScheduleDescription Schedule::describe() const {
  return internal::described(internal::described(*link_), link_->service.now());
}

void Schedule::update(const ScheduleSpec& spec, const SchedulePolicy& policy) const {
  const internal::SchedulePlan plan{spec, policy};
  internal::value_or_throw(internal::check_plan(plan));
  internal::asked(*link_, [&](const RunHandle& run) { run.update(internal::kReplacePlan(plan)); });
}

void Schedule::erase() const {
  internal::asked(*link_, [](const RunHandle& run) { run.terminate("the schedule was erased"); });
}

}  // namespace reprise
