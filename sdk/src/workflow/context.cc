#include "reprise/context.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/utf8.h"
#include "proto/log.pb.h"
#include "sdk/src/checks.h"
#include "sdk/src/enums.h"
#include "sdk/src/errors.h"
#include "sdk/src/failures.h"
#include "sdk/src/interceptors.h"
#include "sdk/src/settings.h"
#include "sdk/src/start_terms.h"
#include "sdk/src/workflow/durable.h"
#include "sdk/src/workflow/hosted.h"
#include "sdk/src/workflow/wrong_type.h"

namespace reprise {
namespace {

void fill(std::string_view name,
          std::string input,
          const ActivityOptions& options,
          proto::ActivityScheduled& activity) {
  activity.set_name(name.data(), name.size());
  activity.set_input(std::move(input));
  activity.set_task_queue(options.task_queue.data(), options.task_queue.size());
  activity.set_start_to_close_ms(options.start_to_close.count());
  activity.set_schedule_to_start_ms(options.schedule_to_start.count());
  activity.set_schedule_to_close_ms(options.schedule_to_close.count());
  activity.set_heartbeat_ms(options.heartbeat.count());
  activity.set_on_cancel(internal::to_event(options.on_cancel));
  if (options.retry != RetryPolicy{}) internal::fill(options.retry, activity.mutable_retry());
  if (auto precedence = internal::to_precedence(options)) {
    *activity.mutable_precedence() = std::move(*precedence);
  }
}

}  // namespace

// ---- activities, steps, side effects ----------------------------------------------------------

replay::Execution& Context::durable() const {
  internal::require_durable(*execution_);
  return *execution_;
}

replay::Execution& Context::readable() const {
  internal::require_strand(*execution_);
  return *execution_;
}

internal::PendingParts Context::start_activity(std::string_view name,
                                               std::string input,
                                               const ActivityOptions& options,
                                               CallSite site) {
  internal::require_startable(*execution_);
  internal::check_name(*execution_, "the activity's name", name);
  internal::check_payload_size(input, "the arguments of activity", name);
  internal::check(name, options);
  if (host_->scheduling) host_->scheduling(name, options.task_queue);
  Headers headers = internal::outbound_headers(*execution_, *host_, "activity", name);
  const auto fill_in = [&](proto::ActivityScheduled& activity) {
    fill(name, std::move(input), options, activity);
    event::write(std::move(headers), activity.mutable_headers());
  };
  return internal::to_parts(*execution_,
                            execution_->schedule_activity(fill_in, internal::to_base(site)));
}

std::string Context::run_step(std::string_view name,
                              internal::Computation body,
                              const StepOptions& options,
                              CallSite site) {
  internal::require_startable(*execution_);
  internal::check_name(*execution_, "the step's name", name);
  internal::check(name, options);
  const auto fill_in = [&](proto::StepScheduled& step) {
    step.set_name(name.data(), name.size());
    step.set_on_shard(options.on == StepOn::kShard);
    step.set_start_to_close_ms(options.start_to_close.count());
    if (options.retry != RetryPolicy{}) internal::fill(options.retry, step.mutable_retry());
  };
  const auto compute = [&body] { return body.compute(body.object); };
  const auto run = [&] {
    replay::Outcome outcome = internal::attempt(compute);
    if (outcome.ok() || !host_->last_attempt_of_step ||
        !host_->last_attempt_of_step(execution_->info().run_id.bytes(), name)) {
      return outcome;
    }
    return internal::made_final(outcome);
  };
  replay::Outcome outcome = execution_->run_step(fill_in, run, internal::to_base(site));
  if (!outcome.ok()) internal::throw_failure(outcome.failure());
  return outcome.take_payload();
}

std::string Context::run_transaction(std::string_view name,
                                     internal::Computation body,
                                     CallSite site) {
  internal::require_startable(*execution_);
  internal::check_name(*execution_, "the transaction's name", name);
  const auto compute = [&body] { return body.compute(body.object); };
  const auto run = [&] { return internal::attempt(compute); };
  replay::Outcome outcome = execution_->run_transaction(name, run, internal::to_base(site));
  if (!outcome.ok()) internal::throw_failure(outcome.failure());
  return outcome.take_payload();
}

std::string Context::record_side_effect(internal::Computation compute, CallSite site) {
  internal::require_durable(*execution_);
  const auto checked = [&compute] {
    std::string value = compute.compute(compute.object);
    internal::check_payload_size(value, "the value of the side effect");
    return value;
  };
  return execution_->side_effect(checked, internal::to_base(site));
}

// ---- time and conditions ----------------------------------------------------------------------

Pending<void> Context::timer(Duration duration, CallSite site) {
  internal::require_startable(*execution_);
  const Duration wait = std::max(duration, Duration::zero());
  return Pending<void>(
      internal::to_parts(*execution_, execution_->start_timer(wait, internal::to_base(site))),
      nullptr);
}

Pending<void> Context::timer_until(Time at, CallSite site) {
  return timer(time_left(at), site);
}

void Context::sleep(Duration duration, CallSite site) {
  timer(duration, site).get();
}

void Context::sleep_until(Time at, CallSite site) {
  timer_until(at, site).get();
}

// The time of a turn is never before the epoch, so the difference cannot overflow.
Duration Context::time_left(Time deadline) const {
  const Time turn = now();
  return deadline > turn ? deadline - turn : Duration::zero();
}

void Context::wait_for_condition(internal::Condition condition, CallSite site) {
  internal::require_durable(*execution_);
  const auto holds = [&condition] { return condition.holds(condition.object); };
  const auto waited = execution_->wait_until(holds, nullptr, internal::to_base(site));
  if (waited == replay::Waited::kCancelled) internal::throw_cancelled();
}

bool Context::wait_for_condition(internal::Condition condition, Duration timeout, CallSite site) {
  internal::require_durable(*execution_);
  const auto holds = [&condition] { return condition.holds(condition.object); };
  if (execution_->holds(holds)) return true;  // no timer to start and to cancel
  internal::require_startable(*execution_);
  const Duration wait = std::max(timeout, Duration::zero());
  const auto timer = execution_->start_timer(wait, internal::to_base(site));
  const auto waited = execution_->wait_until(holds, timer.get(), internal::to_base(site));
  if (waited == replay::Waited::kCancelled) internal::throw_cancelled();
  return waited == replay::Waited::kReady;
}

// ---- several at once --------------------------------------------------------------------------

std::size_t Context::wait_first(const PendingBase* const* pendings, std::size_t count) {
  internal::require_durable(*execution_);
  if (count == 0) internal::misused("first_of() of nothing would wait for ever");
  std::vector<replay::Operation*> operations(count);
  for (std::size_t i = 0; i < count; ++i) operations[i] = &pendings[i]->operation();
  const auto first = execution_->wait_first(operations);
  if (!first) internal::throw_cancelled();
  return *first;
}

internal::PendingParts Context::spawn_strand(std::shared_ptr<internal::SpawnResult> box,
                                             std::function<void()> body,
                                             CallSite site) {
  internal::require_startable(*execution_);
  auto guarded = [box, body = std::move(body)] {
    try {
      body();
    } catch (const Failure&) {
      box->failure = std::current_exception();
    }
  };
  const CancelScope own(*this);  // the strand starts in it: for race()
  auto parts = internal::to_parts(*execution_,
                                  execution_->spawn(std::move(guarded), {site.file, site.line}));
  parts.spawned = std::move(box);
  parts.scope = own.scope_;
  intrusive_add(parts.scope);
  return parts;
}

// ---- the turn and the run ---------------------------------------------------------------------

Time Context::now() const {
  return execution_->in_check() ? execution_->now() : readable().now();
}
std::uint64_t Context::random() {
  return durable().random();
}
bool Context::replaying() const {
  return readable().replaying();
}
bool Context::cancelled() const {
  return readable().cancelled();
}

std::string Context::uuid() {
  std::array<std::uint8_t, 16> bytes{};
  const std::uint64_t halves[] = {random(), random()};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<std::uint8_t>(halves[i / 8] >> (8 * (i % 8)));
  }
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);
  return base::format_uuid(bytes);
}

bool Context::patched(std::string_view change_id, CallSite site) {
  internal::require_durable(*execution_);
  internal::check_name(*execution_, "the change's id", change_id);
  return execution_->patched(change_id, internal::to_base(site));
}

void Context::deprecate_patch(std::string_view change_id, CallSite site) {
  internal::require_durable(*execution_);
  internal::check_name(*execution_, "the change's id", change_id);
  execution_->deprecate_patch(change_id, internal::to_base(site));
}

bool Context::decide(std::string_view what, bool outcome, CallSite site) {
  internal::require_durable(*execution_);
  internal::check_id("the decision's name", what);
  execution_->decide(what, outcome, internal::to_base(site));
  return outcome;
}

void Context::set(const Setting& setting, CallSite site) {
  internal::require_durable(*execution_);
  internal::check(setting);
  internal::check_type(*execution_, setting.name, setting.type);
  execution_->set(setting.name, setting.payload, internal::to_event(setting.type),
                  internal::to_base(site));
}

void Context::unset_name(std::string_view name, SettingType type, CallSite site) {
  internal::require_durable(*execution_);
  internal::check_id("the setting's name", name);
  internal::check_type(*execution_, name, type);
  execution_->set(name, {}, internal::to_event(type), internal::to_base(site));
}

// ---- a new run in place of this one -----------------------------------------------------------

void Context::continue_run(std::string_view workflow,
                           std::string input,
                           const ContinueOptions& options,
                           CallSite site) {
  internal::require_durable(*execution_);
  if (!execution_->on_main_strand()) {
    internal::misused(
        "continue_as_new() in a handler or a spawned function: only the workflow's own strand ends "
        "its run. Set a variable, let wait_until() see it there, and call it there");
  }
  internal::check_id("the workflow's name", workflow);
  internal::check_payload_size(input, "the arguments of workflow", workflow);
  internal::check(workflow, options);
  if (host_->starting_run && !options.task_queue.empty()) host_->starting_run(options.task_queue);
  Headers headers =
      internal::outbound_headers(*execution_, *host_, "continue_as_new", workflow, this->headers());
  const auto fill_in = [&](proto::RunContinuedAsNew& next) {
    next.set_workflow(workflow.data(), workflow.size());
    next.set_task_queue(options.task_queue.data(), options.task_queue.size());
    next.set_input(std::move(input));
    next.set_run_timeout_ms(options.run_timeout.count());
    event::write(std::move(headers), next.mutable_headers());
  };
  execution_->continue_as_new(fill_in, internal::to_base(site));
}

void Context::take_checkpoint(std::string_view workflow, std::string input, CallSite site) {
  internal::require_durable(*execution_);
  if (!execution_->on_main_strand()) {
    internal::misused(
        "checkpoint() in a handler or a spawned function: only the workflow's own strand begins "
        "anew. Set a variable, let wait_until() see it there, and call it there");
  }
  if (const std::string& own = execution_->info().workflow; workflow != own) {
    throw InvalidOption(internal::code_text(base::ErrorCode::kCheckpointOther),
                        "checkpoint() with workflow '" + std::string(workflow) +
                            "' in a run of workflow '" + own +
                            "': the run goes on as itself. continue_as_new() goes on as another");
  }
  internal::check_payload_size(input, "the arguments of workflow", workflow);
  if (const auto busy = execution_->under_way()) {
    throw UsageError(internal::code_text(base::ErrorCode::kCheckpointBusy),
                     "checkpoint() while " + *busy +
                         " is under way: nothing of it would be known after that. Wait for it, or "
                         "cancel it and wait for its end; finish_handlers() waits for handlers");
  }
  execution_->checkpoint(std::move(input), internal::to_base(site));
}

std::uint64_t Context::history_events() const {
  return execution_->history_events();
}

bool Context::should_continue() const {
  static_assert(kRememberedUpdates == replay::kRememberedUpdates);
  static_assert(kLongHistoryEvents == replay::Behaviours().long_history());
  return history_events() >= execution_->behaviours().long_history();
}

const Headers& Context::headers() const {
  return execution_->headers();
}

RunInfo Context::info() const {
  const replay::RunInfo& info = execution_->info();
  RunInfo shown{.workflow_id = info.workflow_id,
                .run_id = info.run_id.to_string(),
                .workflow = info.workflow,
                .task_queue = info.task_queue,
                .attempt = static_cast<int>(info.attempt)};
  if (info.parent_run_id == base::RunId()) return shown;
  shown.parent_workflow_id = info.parent_workflow_id;
  shown.parent_run_id = info.parent_run_id.to_string();
  return shown;
}

}  // namespace reprise
