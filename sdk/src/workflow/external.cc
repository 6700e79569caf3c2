#include "reprise/external.h"

#include "base/utf8.h"
#include "reprise/context.h"
#include "sdk/src/checks.h"
#include "sdk/src/errors.h"
#include "sdk/src/failures.h"
#include "sdk/src/interceptors.h"
#include "sdk/src/workflow/durable.h"

namespace reprise {
namespace {

std::string run_id_bytes(std::string_view text) {
  if (text.empty()) return {};
  const auto id = base::RunId::parse(text);
  if (!id) {
    throw InvalidOption(internal::code_text(base::ErrorCode::kInvalidId),
                        "the run id of ctx.external() is no UUID");
  }
  return std::string(id->bytes());
}

}  // namespace

namespace internal {

void await_delivery(replay::Execution& run, replay::Operation& message) {
  if (run.wait(message) == replay::Waited::kCancelled) throw_cancelled();
  if (!message.outcome().ok()) throw_failure(message.outcome().failure());
}

}  // namespace internal

ExternalRun Context::external(std::string_view id, std::string_view run_id) const {
  internal::check_id("the workflow id", id);
  return ExternalRun(durable(), *host_, std::string(id), run_id_bytes(run_id));
}

void ExternalRun::send_signal(std::string_view name, std::string input, CallSite site) const {
  internal::require_startable(*execution_);
  internal::check_id("the signal's name", name);
  internal::check_payload_size(input, "the argument of signal", name);
  Headers headers = internal::outbound_headers(*execution_, *host_, "signal", name);
  const auto fill = [&](proto::SignalSent& sent) {
    sent.set_workflow_id(id_);
    sent.set_run_id(run_id_);
    sent.set_name(name.data(), name.size());
    sent.set_input(std::move(input));
    event::write(std::move(headers), sent.mutable_headers());
  };
  const auto message = execution_->send_signal(fill, internal::to_base(site));
  internal::await_delivery(*execution_, *message);
}

void ExternalRun::cancel(std::string_view reason, CallSite site) const {
  internal::require_startable(*execution_);
  const auto fill = [&](proto::CancelSent& sent) {
    sent.set_workflow_id(id_);
    sent.set_run_id(run_id_);
    sent.set_reason(base::to_text(std::string(reason)));
  };
  const auto message = execution_->send_cancel(fill, internal::to_base(site));
  internal::await_delivery(*execution_, *message);
}

}  // namespace reprise
