// The faults that a control makes on a simulated disk while the machine is down.
#include <cstdlib>
#include <functional>

#include "tests/simulation/world.h"

namespace reprise::simulation {

namespace {

bool swap_signals(std::string* body) {
  proto::Turn turn;
  (void)turn.ParseFromString(*body);
  for (int i = 0; i < turn.inputs_size(); ++i) {
    for (int j = i + 1; j < turn.inputs_size(); ++j) {
      if (!turn.inputs(i).has_signal_received() || !turn.inputs(j).has_signal_received()) continue;
      const std::string& one = turn.inputs(i).signal_received().input();
      const std::string& other = turn.inputs(j).signal_received().input();
      if (one.substr(0, 3) != other.substr(0, 3)) continue;
      turn.mutable_inputs()->SwapElements(i, j);
      *body = turn.SerializeAsString();
      return true;
    }
  }
  return false;
}

bool repeat_message(std::string* body) {
  proto::Turn turn;
  (void)turn.ParseFromString(*body);
  for (const proto::Event& input : turn.inputs()) {
    if (!input.signal_received().has_sender()) continue;
    const proto::Event again = input;
    *turn.add_inputs() = again;
    *body = turn.SerializeAsString();
    return true;
  }
  return false;
}

// What is left is a signal of nobody.
bool lose_message(std::string* body) {
  proto::Turn turn;
  (void)turn.ParseFromString(*body);
  for (proto::Event& input : *turn.mutable_inputs()) {
    if (!input.signal_received().has_sender()) continue;
    input.mutable_signal_received()->clear_sender();
    *body = turn.SerializeAsString();
    return true;
  }
  return false;
}

// Of the first child in the journal, given to the next run that a client has started. The child's
// own start is what the disk keeps.
class ParentStealer {
 public:
  bool operator()(std::string* body) {
    proto::Turn turn;
    (void)turn.ParseFromString(*body);
    if (turn.inputs_size() == 0 || !turn.inputs(0).has_run_started()) return false;
    proto::RunStarted& started = *turn.mutable_inputs(0)->mutable_run_started();
    if (!started.continued_from_run_id().empty()) return false;
    if (started.has_parent()) {
      child_ = started;
      return false;
    }
    if (!child_.has_parent()) return false;
    *started.mutable_parent() = child_.parent();
    started.set_on_parent_close(child_.on_parent_close());
    started.set_depth(child_.depth());
    *body = turn.SerializeAsString();
    return true;
  }

 private:
  proto::RunStarted child_;
};

// An input that ends the operation all the same, so that the engine does not ask for it again.
bool lose_child_end(std::string* body) {
  proto::Turn turn;
  (void)turn.ParseFromString(*body);
  for (proto::Event& input : *turn.mutable_inputs()) {
    if (!input.has_child_completed()) continue;
    const std::uint32_t id = input.child_completed().id();
    input.mutable_message_delivered()->set_id(id);
    *body = turn.SerializeAsString();
    return true;
  }
  return false;
}

bool make_orphan(std::string* body) {
  proto::Turn turn;
  (void)turn.ParseFromString(*body);
  if (turn.inputs_size() == 0 || !turn.inputs(0).run_started().has_parent()) return false;
  proto::RunStarted& started = *turn.mutable_inputs(0)->mutable_run_started();
  if (started.on_parent_close() == proto::ChildScheduled::ABANDON) return false;
  started.set_on_parent_close(proto::ChildScheduled::ABANDON);
  *body = turn.SerializeAsString();
  return true;
}

// Of one transaction: `change` gets what it has recorded.
bool tamper_transaction(std::string* body,
                        const std::function<void(proto::TransactionCompleted&)>& change) {
  proto::Turn turn;
  (void)turn.ParseFromString(*body);
  for (proto::Event& input : *turn.mutable_inputs()) {
    if (!input.has_transaction_completed()) continue;
    change(*input.mutable_transaction_completed());
    *body = turn.SerializeAsString();
    return true;
  }
  return false;
}

bool change_twice(std::string* body) {
  return tamper_transaction(body, [](proto::TransactionCompleted& completed) {
    for (proto::RowChange& row : *completed.mutable_changes()) {
      row.set_value(std::to_string(std::strtoll(row.value().c_str(), nullptr, 10) + 1));
    }
  });
}

bool lose_changes(std::string* body) {
  return tamper_transaction(body, [](proto::TransactionCompleted& made) { made.clear_changes(); });
}

bool repeat_result(std::string* body) {
  proto::Turn turn;
  (void)turn.ParseFromString(*body);
  for (const proto::Event& input : turn.inputs()) {
    if (!input.has_activity_completed()) continue;
    const proto::Event again = input;
    *turn.add_inputs() = again;
    *body = turn.SerializeAsString();
    return true;
  }
  return false;
}

bool repeat_completion(std::string* body) {
  proto::Turn turn;
  (void)turn.ParseFromString(*body);
  for (const proto::Event& input : turn.inputs()) {
    if (!input.activity_completed().elsewhere()) continue;
    const proto::Event again = input;
    *turn.add_inputs() = again;
    *body = turn.SerializeAsString();
    return true;
  }
  return false;
}

bool change_result(std::string* body) {
  proto::Turn turn;
  (void)turn.ParseFromString(*body);
  for (proto::Event& input : *turn.mutable_inputs()) {
    if (!input.has_activity_completed()) continue;
    input.mutable_activity_completed()->set_result("another");
    *body = turn.SerializeAsString();
    return true;
  }
  return false;
}

bool change_end(std::string* body) {
  proto::Turn turn;
  (void)turn.ParseFromString(*body);
  for (proto::Event& command : *turn.mutable_commands()) {
    if (!command.has_run_completed()) continue;
    command.mutable_run_completed()->set_result("another");
    *body = turn.SerializeAsString();
    return true;
  }
  return false;
}

// The policy's digit comes last but one (parse_start()).
bool change_policy(std::string* body) {
  proto::Turn turn;
  (void)turn.ParseFromString(*body);
  if (turn.inputs_size() == 0 || !turn.inputs(0).has_run_started()) return false;
  std::string& input = *turn.mutable_inputs(0)->mutable_run_started()->mutable_input();
  input[input.size() - 2] = static_cast<char>('0' + static_cast<int>(runtime::IdReuse::kReject));
  *body = turn.SerializeAsString();
  return true;
}

// How the first input of a turn calls the code: of a run, or of a segment.
using StartOf = proto::RunStarted* (*)(proto::Event*);
proto::RunStarted* start_of_run(proto::Event* first) {
  return first->has_run_started() ? first->mutable_run_started() : nullptr;
}
proto::RunStarted* start_of_segment(proto::Event* first) {
  return first->has_checkpoint_taken() ? first->mutable_checkpoint_taken()->mutable_start()
                                       : nullptr;
}

// The first of the signals that had been recorded before; -1: there is none in this turn.
int signal_on_the_way(proto::Turn* changed, StartOf start_of) {
  if (changed->inputs_size() == 0 || start_of(changed->mutable_inputs(0)) == nullptr) return -1;
  const proto::RunStarted& started = *start_of(changed->mutable_inputs(0));
  const proto::Turn& turn = *changed;
  const int along = static_cast<int>(started.carried()) - static_cast<int>(started.carried_new());
  for (int i = 1; i <= along && i < turn.inputs_size(); ++i) {
    if (turn.inputs(i).has_signal_received()) return i;
  }
  return -1;
}

template <StartOf start_of>
bool lose_on_the_way(std::string* body) {
  proto::Turn turn;
  (void)turn.ParseFromString(*body);
  const int lost = signal_on_the_way(&turn, start_of);
  if (lost < 0) return false;
  turn.mutable_inputs()->DeleteSubrange(lost, 1);
  proto::RunStarted& started = *start_of(turn.mutable_inputs(0));
  started.set_carried(started.carried() - 1);
  *body = turn.SerializeAsString();
  return true;
}

template <StartOf start_of>
bool double_on_the_way(std::string* body) {
  proto::Turn turn;
  (void)turn.ParseFromString(*body);
  const int doubled = signal_on_the_way(&turn, start_of);
  if (doubled < 0) return false;
  const proto::Event again = turn.inputs(doubled);
  *turn.add_inputs() = again;
  for (int i = turn.inputs_size() - 1; i > doubled; --i) {
    turn.mutable_inputs()->SwapElements(i, i - 1);
  }
  proto::RunStarted& started = *start_of(turn.mutable_inputs(0));
  started.set_carried(started.carried() + 1);
  *body = turn.SerializeAsString();
  return true;
}

bool lose_attempt(std::string* body) {
  proto::Turn turn;
  (void)turn.ParseFromString(*body);
  for (proto::Event& command : *turn.mutable_commands()) {
    if (command.run_failed().next_run_id().empty()) continue;
    command.mutable_run_failed()->clear_next_run_id();
    command.mutable_run_failed()->clear_retry_in_ms();
    *body = turn.SerializeAsString();
    return true;
  }
  return false;
}

// The delay that the start asks for is longer than the one that was kept.
bool lengthen_delay(std::string* body) {
  proto::Turn turn;
  (void)turn.ParseFromString(*body);
  if (turn.inputs_size() == 0 || turn.inputs(0).run_started().delayed_until_ms() == 0) return false;
  proto::RunStarted& started = *turn.mutable_inputs(0)->mutable_run_started();
  constexpr std::int64_t kDayMs = 86'400'000;
  started.set_delayed_until_ms(started.delayed_until_ms() + kDayMs);
  *body = turn.SerializeAsString();
  return true;
}

}  // namespace

void World::break_disk(bool power) {
  switch (control_) {
    case Control::kLostCommit:
      disk_.lose_last_commit();
      break;
    case Control::kSwappedSignals:
      broken_ = broken_ || disk_.tamper(swap_signals);
      break;
    case Control::kRepeatedMessage:
      broken_ = broken_ || disk_.tamper(repeat_message);
      break;
    case Control::kLostMessage:
      broken_ = broken_ || disk_.tamper(lose_message);
      break;
    case Control::kSecondChild:
      broken_ = broken_ || disk_.tamper(ParentStealer());
      break;
    case Control::kLostChildEnd:
      broken_ = broken_ || disk_.tamper(lose_child_end);
      break;
    case Control::kOrphan:
      broken_ = broken_ || disk_.tamper(make_orphan);
      break;
    case Control::kRepeatedResult:
      broken_ = broken_ || disk_.tamper(repeat_result);
      break;
    case Control::kRepeatedCompletion:
      broken_ = broken_ || disk_.tamper(repeat_completion);
      break;
    case Control::kChangedRecord:
      broken_ = broken_ || disk_.tamper(change_result);
      break;
    case Control::kChangedEnd:
      broken_ = broken_ || disk_.tamper(change_end);
      break;
    case Control::kChangedPolicy:
      broken_ = broken_ || disk_.tamper(change_policy);
      break;
    case Control::kLostOnTheWay:
      broken_ = broken_ || disk_.tamper(lose_on_the_way<start_of_run>);
      break;
    case Control::kLostAtCheckpoint:
      broken_ = broken_ || disk_.tamper(lose_on_the_way<start_of_segment>);
      break;
    case Control::kDoubledAtCheckpoint:
      broken_ = broken_ || disk_.tamper(double_on_the_way<start_of_segment>);
      break;
    case Control::kDoubledOnTheWay:
      broken_ = broken_ || disk_.tamper(double_on_the_way<start_of_run>);
      break;
    case Control::kLostAttempt:
      broken_ = broken_ || disk_.tamper(lose_attempt);
      break;
    case Control::kEarlyCode:
      broken_ = broken_ || disk_.tamper(lengthen_delay);
      break;
    case Control::kChangedTwice:
      broken_ = broken_ || disk_.tamper(change_twice);
      break;
    case Control::kLostChanges:
      broken_ = broken_ || disk_.tamper(lose_changes);
      break;
    case Control::kForgottenAttempts:
      if (!power) disk_.marks.clear();
      break;
    default:
      break;
  }
}

}  // namespace reprise::simulation
