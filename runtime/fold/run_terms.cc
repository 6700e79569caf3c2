#include "runtime/fold/run_terms.h"

#include <algorithm>

namespace reprise::runtime {

// A history that nobody has written may have any number.
std::unique_ptr<RunTerms> terms_of(const proto::RunStarted& started) {
  const bool any = started.execution_due_ms() > 0 || started.delayed_until_ms() > 0 ||
                   started.has_retry() || started.attempt() > 1 || !started.request_id().empty() ||
                   started.has_precedence();
  if (!any) return nullptr;
  auto terms = std::make_unique<RunTerms>();
  terms->run_timeout_ms = std::max<std::int64_t>(0, started.run_timeout_ms());
  terms->execution_due_ms = std::max<std::int64_t>(0, started.execution_due_ms());
  terms->delayed_until_ms = std::max<std::int64_t>(0, started.delayed_until_ms());
  terms->attempt = std::max(1u, started.attempt());
  if (started.has_retry()) terms->retry = std::make_unique<proto::RetryPolicy>(started.retry());
  terms->request_id = started.request_id();
  if (started.has_precedence()) {
    terms->precedence = std::make_shared<const proto::Precedence>(started.precedence());
  }
  return terms;
}

void write(const RunTerms& terms, proto::RunTerms* out) {
  out->set_run_timeout_ms(terms.run_timeout_ms);
  out->set_execution_due_ms(terms.execution_due_ms);
  out->set_delayed_until_ms(terms.delayed_until_ms);
  out->set_attempt(terms.attempt);
  out->set_asked_to_cancel(terms.asked_to_cancel);
  if (terms.retry != nullptr) *out->mutable_retry() = *terms.retry;
  out->set_request_id(terms.request_id);
  if (terms.precedence != nullptr) *out->mutable_precedence() = *terms.precedence;
}

std::unique_ptr<RunTerms> read(const proto::RunTerms& stored) {
  auto terms = std::make_unique<RunTerms>();
  terms->run_timeout_ms = stored.run_timeout_ms();
  terms->execution_due_ms = stored.execution_due_ms();
  terms->delayed_until_ms = stored.delayed_until_ms();
  terms->attempt = std::max(1u, stored.attempt());
  terms->asked_to_cancel = stored.asked_to_cancel();
  if (stored.has_retry()) terms->retry = std::make_unique<proto::RetryPolicy>(stored.retry());
  terms->request_id = stored.request_id();
  if (stored.has_precedence()) {
    terms->precedence = std::make_shared<const proto::Precedence>(stored.precedence());
  }
  return terms;
}

}  // namespace reprise::runtime
