#include "runtime/engine/next_run.h"

#include <string>
#include <utility>

#include "event/turn.h"

namespace reprise::runtime {

NextRun::NextRun(const RunState& from,
                 const proto::Turn& last,
                 std::int64_t run_timeout_ms,
                 replay::UnreadInputs unread)
    : from_(from),
      last_(last),
      command_(event::ending(last)->run_continued_as_new()),
      run_timeout_ms_(command_.run_timeout_ms() != 0 ? command_.run_timeout_ms() : run_timeout_ms),
      unread_(std::move(unread)) {}

RunState NextRun::state(store::RunNumber number, Names& names) const {
  RunState state;
  state.number = number;
  state.id = base::RunId::from_bytes(command_.run_id()).value_or(base::RunId());
  state.workflow_id = from_.workflow_id;
  state.workflow = names.intern(command_.workflow());
  state.task_queue =
      command_.task_queue().empty() ? from_.task_queue : names.intern(command_.task_queue());
  return state;
}

bool NextRun::fill_turn(std::size_t most_inputs, proto::Turn* turn) {
  turn->set_time_ms(last_.time_ms());
  turn->set_without_code(true);
  if (!std::exchange(started_, true)) fill_start(turn->add_inputs()->mutable_run_started());
  std::vector<proto::Event>& inputs = unread_.inputs;
  while (next_ < inputs.size() && static_cast<std::size_t>(turn->inputs_size()) < most_inputs) {
    turn->add_inputs()->Swap(&inputs[next_++]);
  }
  return next_ < inputs.size();
}

void NextRun::fill_start(proto::RunStarted* started) const {
  started->set_run_id(command_.run_id());
  // As stored: empty for the text of the id, which only a chain's first run can have, and for the
  // default queue.
  started->set_workflow_id(from_.workflow_id);
  started->set_workflow(command_.workflow());
  const std::string_view queue = command_.task_queue();
  if (queue.empty()) {
    started->set_task_queue(std::string(from_.stored_task_queue()));
  } else if (queue != kDefaultTaskQueue) {
    started->set_task_queue(std::string(queue));
  }
  started->set_input(command_.input());
  started->set_run_timeout_ms(run_timeout_ms_);
  started->set_behaviours(replay::Behaviours::kNewest);
  started->set_continued_from_run_id(std::string(from_.id.bytes()));
  started->set_first_run_id(std::string(from_.first_of_chain().bytes()));
  for (const auto& setting : from_.settings().list()) *started->add_settings() = setting;
  started->set_carried(static_cast<std::uint32_t>(unread_.inputs.size()));
  started->set_carried_new(unread_.unrecorded);
}

}  // namespace reprise::runtime
