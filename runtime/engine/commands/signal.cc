// Signals that the code did not see: logged for people.
#include <string>
#include <utility>

#include "base/printable_text.h"
#include "runtime/engine/commands/row.h"

namespace reprise::runtime::commands {
namespace {

std::string unreadable_text(const RunState& run,
                            const proto::SignalSetAside& signal,
                            std::uint64_t number) {
  std::string line = base::to_string(base::ErrorCode::kSignalUnreadable) + " run '" +
                     base::printable_text(run.workflow_id) + "' (" + run.id.to_string() +
                     ") of workflow '" + base::printable_text(*run.workflow) +
                     "' goes on without signal '" + base::printable_text(signal.name()) +
                     "', event " + std::to_string(signal.event()) + ": " +
                     base::printable_text(signal.why()) + "; send it again as its code reads it";
  if (number >= LogTally::kAllTold) {
    line += " (" + std::to_string(number) +
            " so far; most of those that follow are in the "
            "history only)";
  }
  return line;
}

void tell_unreadable(const Recording& recording, const proto::Event& event) {
  const proto::SignalSetAside& signal = event.signal_set_aside();
  const RunState& run = recording.run.state;
  const std::uint64_t number = recording.set_aside.add(run.number, signal.name());
  if (!LogTally::is_told(number)) return;
  recording.effects.add(
      {.act = [&shared = recording.shared, line = unreadable_text(run, signal, number)] {
        shared.log(LogLevel::kError, line);
      }});
}

}  // namespace

const Row kSignalSetAside{.follow = tell_unreadable};

}  // namespace reprise::runtime::commands
