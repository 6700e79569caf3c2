#include "runtime/start_terms.h"

namespace reprise::runtime {

void record_terms(const StartTerms& terms, std::int64_t now_ms, proto::RunStarted* started) {
  started->set_run_timeout_ms(terms.run_timeout.count());
  if (terms.execution_timeout.count() > 0) {
    started->set_execution_due_ms(base::add_sat(now_ms, terms.execution_timeout.count()));
  }
  if (terms.start_delay.count() > 0) {
    started->set_delayed_until_ms(base::add_sat(now_ms, terms.start_delay.count()));
  }
  if (terms.retry) *started->mutable_retry() = *terms.retry;
  if (!terms.request_id.empty()) started->set_request_id(terms.request_id);
  if (terms.precedence) *started->mutable_precedence() = *terms.precedence;
}

}  // namespace reprise::runtime
