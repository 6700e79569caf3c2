#include "reprise/child.h"

#include "reprise/context.h"
#include "sdk/src/checks.h"
#include "sdk/src/enums.h"
#include "sdk/src/errors.h"
#include "sdk/src/failures.h"
#include "sdk/src/interceptors.h"
#include "sdk/src/settings.h"
#include "sdk/src/start_terms.h"
#include "sdk/src/workflow/durable.h"
#include "sdk/src/workflow/hosted.h"

namespace reprise {
namespace {

void fill(std::string_view workflow,
          std::string&& input,
          const ChildOptions& options,
          const replay::RunInfo& parent,
          proto::ChildScheduled& child) {
  child.set_workflow_id(options.id);
  child.set_workflow(workflow.data(), workflow.size());
  // The parent's, unless that is the default.
  const std::string_view queue =
      options.task_queue.empty() ? parent.task_queue : options.task_queue;
  if (queue != "default") child.set_task_queue(queue.data(), queue.size());
  child.set_input(std::move(input));
  child.set_on_parent_close(internal::to_event(options.on_parent_close));
  child.set_id_reuse(internal::to_event(options.id_reuse));
  child.set_id_conflict(internal::to_event(options.id_conflict));
  runtime::StartTerms terms = internal::to_terms(options);
  child.set_run_timeout_ms(terms.run_timeout.count());
  child.set_execution_timeout_ms(terms.execution_timeout.count());
  if (terms.retry) *child.mutable_retry() = std::move(*terms.retry);
  if (terms.precedence) *child.mutable_precedence() = std::move(*terms.precedence);
  for (const Setting& setting : options.settings) {
    *child.add_settings() = internal::to_proto(setting);
  }
}

}  // namespace

std::pair<internal::PendingParts, internal::ChildLink> Context::start_child(
    std::string_view name, std::string input, const ChildOptions& options, CallSite site) {
  internal::require_startable(*execution_);
  internal::check_id("the workflow's name", name);
  internal::check_payload_size(input, "the arguments of workflow", name);
  internal::check(name, options);
  if (host_->starting_run && !options.task_queue.empty()) host_->starting_run(options.task_queue);
  Headers headers = internal::outbound_headers(*execution_, *host_, "workflow", name);
  const auto fill_in = [&](proto::ChildScheduled& child) {
    fill(name, std::move(input), options, execution_->info(), child);
    event::write(std::move(headers), child.mutable_headers());
  };
  replay::StartedChild started = execution_->start_child(
      fill_in, internal::to_replay(options.on_cancel), internal::to_base(site));
  return {internal::to_parts(*execution_, started.end),
          internal::ChildLink(*execution_, *host_, *started.start, std::move(started.workflow_id))};
}

namespace internal {

ChildLink::ChildLink(replay::Execution& execution,
                     const WorkflowHost& host,
                     replay::Operation& start,
                     std::string id)
    : execution_(&execution), host_(&host), start_(&start), id_(std::move(id)) {
  intrusive_add(start_);
}

ChildLink::ChildLink(ChildLink&& other) noexcept
    : execution_(other.execution_),
      host_(other.host_),
      start_(std::exchange(other.start_, nullptr)),
      id_(std::move(other.id_)) {}

ChildLink& ChildLink::operator=(ChildLink&& other) noexcept {
  if (this == &other) return *this;
  execution_ = other.execution_;
  host_ = other.host_;
  std::swap(start_, other.start_);
  id_ = std::move(other.id_);
  return *this;
}

ChildLink::~ChildLink() {
  if (start_ != nullptr) intrusive_release(start_);
}

std::string ChildLink::run_id() const {
  if (start_ == nullptr) misplaced("this Child was moved from");
  require_durable(*execution_);
  if (execution_->wait(*start_) == replay::Waited::kCancelled) throw_cancelled();
  if (!start_->outcome().ok()) throw_failure(start_->outcome().failure());
  return std::string(start_->outcome().payload());
}

void ChildLink::send_signal(std::string_view name, std::string input, CallSite site) const {
  require_startable(*execution_);
  check_id("the signal's name", name);
  check_payload_size(input, "the argument of signal", name);
  const std::string run = run_id();
  Headers headers = outbound_headers(*execution_, *host_, "signal", name);
  const auto fill_in = [&](proto::SignalSent& sent) {
    sent.set_workflow_id(id_);
    sent.set_run_id(run);
    sent.set_of_chain(true);
    sent.set_name(name.data(), name.size());
    sent.set_input(std::move(input));
    event::write(std::move(headers), sent.mutable_headers());
  };
  const auto message = execution_->send_signal(fill_in, to_base(site));
  await_delivery(*execution_, *message);
}

std::string run_id_text(std::string_view sixteen) {
  const auto id = base::RunId::from_bytes(sixteen);
  return id ? id->to_string() : std::string();  // in a history that was made up
}

}  // namespace internal
}  // namespace reprise
