// Updates: the sender is answered once the outcome is durable.
#include "runtime/engine/commands/row.h"

namespace reprise::runtime::commands {
namespace {

void answer_update(const Recording& recording, const proto::Event& event) {
  recording.outbox.answer_update(recording.run, event.update_completed());
}

}  // namespace

const Row kUpdateCompleted{.follow = answer_update};

}  // namespace reprise::runtime::commands
