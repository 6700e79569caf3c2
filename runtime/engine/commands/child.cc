// Children: started once the command is durable.
#include "runtime/engine/commands/row.h"

namespace reprise::runtime::commands {
namespace {

void call(const Recording& recording, const proto::Event& event) {
  recording.outbox.call_child(recording.run, event);
}

}  // namespace

const Row kChildScheduled{.follow = call};

}  // namespace reprise::runtime::commands
