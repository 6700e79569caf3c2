#include "sdk/src/batch/batch_messages.h"

#include <string>

#include "base/utf8.h"
#include "reprise/context.h"
#include "sdk/src/errors.h"
#include "sdk/src/workflow/durable.h"

namespace reprise::internal {
namespace {

replay::OperationRef send_one(replay::Execution& run,
                              const BatchPlan& plan,
                              const BatchTarget& to,
                              const std::string& reason,
                              CallSite site) {
  if (plan.verb == BatchVerb::kCancel) {
    const auto fill = [&](proto::CancelSent& sent) {
      sent.set_workflow_id(to.workflow_id);
      sent.set_run_id(to.run_id.bytes);
      sent.set_of_chain(to.open);
      sent.set_reason(reason);
    };
    return run.send_cancel(fill, to_base(site));
  }
  const auto fill = [&](proto::SignalSent& sent) {
    sent.set_workflow_id(to.workflow_id);
    sent.set_run_id(to.run_id.bytes);
    sent.set_of_chain(to.open);
    sent.set_name(plan.signal);
    sent.set_input(plan.input.bytes);
  };
  return run.send_signal(fill, to_base(site));
}

// Who has ended needs no cancellation.
bool is_done(const BatchPlan& plan, const ExternalFailure& failure) {
  return plan.verb == BatchVerb::kCancel && failure.reason() == ExternalReason::kRunClosed;
}

BatchOutcome outcome_of(replay::Execution& run, const BatchPlan& plan, replay::Operation& message) {
  try {
    await_delivery(run, message);
    return {};
  } catch (const ExternalFailure& failure) {
    if (is_done(plan, failure)) return {};
    return {std::string(failure.code()), failure.what()};
  }
}

}  // namespace

std::string reason_of(std::string_view batch_run, const BatchPlan& plan) {
  std::string reason = "batch " + std::string(batch_run.substr(kBatchPrefix.size()));
  if (!plan.reason.empty()) reason += ": " + plan.reason;
  return base::to_text(std::move(reason));
}

std::vector<BatchOutcome> BatchMessages::send(Context& ctx,
                                              const BatchPlan& plan,
                                              const std::vector<BatchTarget>& runs) {
  replay::Execution& run = ctx.durable();
  require_startable(run);
  const std::string reason = reason_of(ctx.info().workflow_id, plan);
  const CallSite site = CallSite::current();
  std::vector<replay::OperationRef> messages;
  messages.reserve(runs.size());
  for (const BatchTarget& to : runs) messages.push_back(send_one(run, plan, to, reason, site));
  std::vector<BatchOutcome> outcomes;
  outcomes.reserve(runs.size());
  for (const auto& message : messages) outcomes.push_back(outcome_of(run, plan, *message));
  return outcomes;
}

}  // namespace reprise::internal
