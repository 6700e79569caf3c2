#include "runtime/engine/next_run.h"

#include <algorithm>
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
      end_(*event::ending(last)),
      run_timeout_ms_(run_timeout_ms),
      unread_(std::move(unread)) {}

RunState NextRun::state(store::RunNumber number, Names& names) const {
  RunState state;
  state.number = number;
  state.id = base::RunId::from_bytes(event::next_run_id(end_)).value_or(base::RunId());
  state.workflow_id = from_.workflow_id;
  state.workflow = from_.workflow;
  state.task_queue = from_.task_queue;
  if (is_retried()) return state;
  const proto::RunContinuedAsNew& command = end_.run_continued_as_new();
  state.workflow = names.intern(command.workflow());
  if (!command.task_queue().empty()) state.task_queue = names.intern(command.task_queue());
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
  if (next_ < inputs.size()) return true;
  add_pause(turn);
  return false;
}

// An operator has stopped what the runs of the chain do: a retry does not set it going.
void NextRun::add_pause(proto::Turn* turn) const {
  if (from_.paused() == nullptr) return;
  proto::RunPaused* const paused = turn->add_inputs()->mutable_run_paused();
  paused->set_reason(from_.paused()->reason);
  paused->set_principal(from_.paused()->principal);
}

void NextRun::fill_start(proto::RunStarted* started) const {
  fill_kept(from_, unread_, started);
  started->set_run_id(event::next_run_id(end_));
  is_retried() ? fill_retried(started) : fill_continued(started);
  started->set_continued_from_run_id(std::string(from_.id.bytes()));
  started->set_first_run_id(std::string(from_.first_of_chain().bytes()));
}

void fill_kept(const RunState& run,
               const replay::UnreadInputs& unread,
               proto::RunStarted* started) {
  // As stored: empty for the text of the id, which only a chain's first run can have, and for the
  // default queue.
  started->set_workflow_id(run.workflow_id);
  started->set_task_queue(std::string(run.stored_task_queue()));
  started->set_behaviours(replay::Behaviours::kNewest);
  started->set_carried(static_cast<std::uint32_t>(unread.inputs.size()));
  started->set_carried_new(unread.unrecorded);
  started->mutable_known_updates()->Assign(unread.known_updates.begin(),
                                           unread.known_updates.end());
  if (const Parent* const parent = run.parent(); parent != nullptr) {
    write(*parent, started->mutable_parent());
    started->set_on_parent_close(run.on_parent_close());
    started->set_depth(run.depth());
  }
  if (const RunTerms* const terms = run.terms(); terms != nullptr) {
    started->set_execution_due_ms(terms->execution_due_ms);
    if (terms->retry != nullptr) *started->mutable_retry() = *terms->retry;
    started->set_request_id(terms->request_id);
    if (terms->precedence != nullptr) *started->mutable_precedence() = *terms->precedence;
  }
}

void NextRun::fill_continued(proto::RunStarted* started) const {
  const proto::RunContinuedAsNew& command = end_.run_continued_as_new();
  started->set_workflow(command.workflow());
  if (const std::string_view queue = command.task_queue(); !queue.empty()) {
    started->set_task_queue(queue == kDefaultTaskQueue ? std::string() : std::string(queue));
  }
  started->set_input(command.input());
  started->set_run_timeout_ms(command.run_timeout_ms() != 0 ? command.run_timeout_ms()
                                                            : run_timeout_ms_);
  for (const auto& setting : from_.settings().list()) *started->add_settings() = setting;
  *started->mutable_headers() = command.headers();
}

void NextRun::fill_retried(proto::RunStarted* started) const {
  const proto::RunStarted& before = *unread_.start;
  const std::int64_t retry_in_ms =
      end_.has_run_failed() ? end_.run_failed().retry_in_ms() : end_.run_timed_out().retry_in_ms();
  started->set_workflow(before.workflow());
  started->set_input(before.input());
  started->set_run_timeout_ms(before.run_timeout_ms());
  *started->mutable_settings() = before.settings();
  *started->mutable_headers() = before.headers();
  if (retry_in_ms > 0) {
    started->set_delayed_until_ms(base::add_sat(last_.time_ms(), retry_in_ms));
  }
  // It saturates: a policy may allow attempts without end.
  started->set_attempt(std::max(from_.attempt(), from_.attempt() + 1));
}

// Code has seen the signals of a turn with code. What became of updates is in the history.
base::Result<replay::UnreadInputs> unread_in_history(const RunSource& run) {
  replay::UnreadInputs unread;
  const base::Status read = run.history([&](const proto::Turn& turn) {
    if (!turn.without_code()) {
      std::erase_if(unread.inputs,
                    [](const proto::Event& each) { return !each.has_update_received(); });
    }
    for (const proto::Event& input : turn.inputs()) {
      replay::know_update(input, &unread.known_updates);
      const bool unseen = turn.without_code() || input.has_update_received();
      const bool begins = input.has_run_started() || input.has_checkpoint_taken();
      if (unseen || begins) replay::add_unseen(input, &unread);
    }
    for (const proto::Event& command : turn.commands()) {
      if (!command.has_update_completed()) continue;
      const std::string& id = command.update_completed().update_id();
      std::erase_if(unread.inputs, [&](const proto::Event& each) {
        return each.has_update_received() && each.update_received().update_id() == id;
      });
    }
  });
  if (!read) return read.error();
  replay::keep_latest(&unread.known_updates);
  return unread;
}

}  // namespace reprise::runtime
