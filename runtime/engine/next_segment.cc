#include "runtime/engine/next_segment.h"

#include <string>
#include <utility>

#include "base/check.h"
#include "runtime/engine/next_run.h"

namespace reprise::runtime {

NextSegment::NextSegment(const RunState& run, const proto::Turn& last, replay::UnreadInputs unread)
    : run_(run), last_(last), event_(run.events + 1), unread_(std::move(unread)) {
  REPRISE_CHECK(unread_.checkpoint != nullptr, "the code has taken a checkpoint");
}

bool NextSegment::fill_turn(std::size_t most_inputs, proto::Turn* turn) {
  turn->set_time_ms(last_.time_ms());
  turn->set_without_code(true);
  if (unread_.checkpoint != nullptr) {
    proto::CheckpointTaken* const taken = turn->add_inputs()->mutable_checkpoint_taken();
    *taken = std::move(*std::exchange(unread_.checkpoint, nullptr));
    taken->set_event(event_);
    fill_start(taken->mutable_start());
  }
  std::vector<proto::Event>& inputs = unread_.inputs;
  while (next_ < inputs.size() && static_cast<std::size_t>(turn->inputs_size()) < most_inputs) {
    turn->add_inputs()->Swap(&inputs[next_++]);
  }
  return next_ < inputs.size();
}

// As the run is: whoever tries it again later starts it in this way.
void NextSegment::fill_start(proto::RunStarted* started) const {
  fill_kept(run_, unread_, started);
  started->set_run_id(std::string(run_.id.bytes()));
  started->set_workflow_id(std::string(run_.stored_workflow_id()));
  started->set_workflow(*run_.workflow);
  started->set_input(last_.commands(last_.commands_size() - 1).checkpoint().input());
  started->set_run_timeout_ms(run_.run_timeout_ms());
  if (run_.attempt() > 1) started->set_attempt(run_.attempt());
  if (run_.continued_from() != base::RunId()) {
    started->set_continued_from_run_id(std::string(run_.continued_from().bytes()));
    started->set_first_run_id(std::string(run_.first_of_chain().bytes()));
  }
  for (auto& setting : run_.settings().list()) *started->add_settings() = std::move(setting);
}

}  // namespace reprise::runtime
