// What an observer of a replay is told, and how it leaves.
#include "replay/execution_state.h"

namespace reprise::replay {

void Execution::State::tell_applying(std::uint64_t number, const proto::Event& event) {
  if (is_told()) observer->applying(number, event);
}

void Execution::State::tell_command(const proto::Event& command) {
  if (observer != nullptr && log.replaying()) tell_command(command, log.next_number());
}

void Execution::State::tell_command(const proto::Event& command, std::uint64_t number) {
  if (observer == nullptr || !log.replaying() || left) return;
  if (!observer->asks(number, command)) leave();
}

void Execution::State::tell_marker(std::string_view change_id) {
  if (observer == nullptr) return;
  if (const proto::Event* marker = log.marker(change_id)) {
    tell_command(*marker, log.marker_number());
  }
  enter();
}

void Execution::State::tell_resumed() {
  if (!is_told() || scheduler.halted()) return;
  if (!observer->resumed()) leave();
  if (left) scheduler.current()->strand.leave();
}

void Execution::State::tell_trouble() {
  if (is_told()) observer->differs(*trouble);
}

void Execution::State::tell_thrown(const std::string& what) {
  if (!scheduler.halted()) observer->throws(what);
}

void Execution::State::tell_settled() {
  if (!is_told() || left) return;
  if (!observer->settled()) leave();
}

// No code of the run goes on: its strands leave at their next call, and at the latest when the
// execution is gone.
void Execution::State::leave() {
  left = true;
  scheduler.halt();
}

}  // namespace reprise::replay
