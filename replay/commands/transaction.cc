#include "replay/commands/transaction.h"

#include "replay/execution_state.h"

namespace reprise::replay {

Outcome Execution::run_transaction(std::string_view name,
                                   base::FunctionRef<Outcome()> body,
                                   base::CallSite site) try {
  RunCore& run = state_->core;
  StrandRecord& strand = run.enter();
  const std::uint32_t id = run.new_id();
  auto* transaction = run.log.draft(site)->mutable_transaction_requested();
  transaction->set_id(id);
  transaction->set_name(name.data(), name.size());
  run.submit();
  const OperationRef operation = run.record(Operation::Kind::kTransaction, id, name, site);
  return state_->steps.await(strand, operation, body, site);
} catch (const std::bad_alloc&) {
  out_of_memory();
}

}  // namespace reprise::replay
