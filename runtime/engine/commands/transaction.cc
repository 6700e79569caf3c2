// Transactions: executed once the command is durable.
#include "runtime/engine/commands/row.h"

namespace reprise::runtime::commands {
namespace {

void start_transaction(const Recording& recording, const proto::Event& event) {
  if (!recording.run.state.open()) return;
  recording.effects.add({.kind = Effect::Kind::kTransact,
                         .operation = event.transaction_requested().id(),
                         .run = &recording.run});
}

}  // namespace

const Row kTransactionRequested{.follow = start_transaction};

}  // namespace reprise::runtime::commands
