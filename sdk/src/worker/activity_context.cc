#include "reprise/activity_context.h"

#include <utility>

#include "reprise/completion.h"
#include "runtime/worker_code.h"
#include "sdk/src/checks.h"
#include "sdk/src/errors.h"

namespace reprise {

std::string_view ActivityContext::idempotency_key() const {
  return attempt_->idempotency_key();
}
int ActivityContext::attempt() const {
  return attempt_->attempt();
}
std::string_view ActivityContext::activity() const {
  return attempt_->activity();
}
std::string_view ActivityContext::workflow_id() const {
  return attempt_->workflow_id();
}
std::stop_token ActivityContext::stop_token() const {
  return attempt_->stop_token();
}
void ActivityContext::heartbeat() {
  attempt_->heartbeat({});
}

void ActivityContext::send_heartbeat(std::string details) {
  internal::check_payload_size(details, "the details of the heartbeat");
  attempt_->heartbeat(std::move(details));
}

std::string internal::OpenAttempt::token(const ActivityContext& ctx) {
  return value_or_throw(ctx.attempt_->token());
}

void internal::OpenAttempt::leave_open(const ActivityContext& ctx) {
  ctx.attempt_->leave_open();
}

std::string_view ActivityContext::last_details() const {
  return attempt_->heartbeat_details();
}

}  // namespace reprise
