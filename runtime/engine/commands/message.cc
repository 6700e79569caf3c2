// Messages to other runs: sent once the command is durable.
#include "runtime/engine/commands/row.h"

namespace reprise::runtime::commands {
namespace {

void send(const Recording& recording, const proto::Event& event) {
  recording.outbox.send(recording.run, event);
}

}  // namespace

const Row kSignalSent{.follow = send};
const Row kCancelSent{.follow = send};

}  // namespace reprise::runtime::commands
