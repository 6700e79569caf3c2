#include "runtime/engine/unsent.h"

#include <utility>

#include "event/catalogue.h"
#include "runtime/engine/run_history.h"

namespace reprise::runtime {

using proto::Event;

Unsent::Unsent(const RunState& run)
    : sender_{run.workflow_id, run.id},
      after_(run.replay_after()),
      last_(run.last_seq),
      depth_(run.depth()),
      precedence_(run.precedence()) {
  for (const PendingOperation& operation : run.pending()) {
    if (operation.done) continue;
    if (operation.kind == OperationKind::kMessage) messages_.insert(operation.id);
    if (operation.kind == OperationKind::kChild) {
      children_.emplace(operation.id, operation.started);
    }
  }
}

class Unsent::Reading {
 public:
  Reading(const Unsent& unsent, Post& post)
      : unsent_(unsent), post_(post), messages_(unsent.messages_) {}

  // Nothing is sent before finish(): the rest may not open.
  void take(const proto::Turn& turn, store::Seq seq) {
    for (const Event& input : turn.inputs()) {
      if (input.has_child_started()) learn_start(input.child_started());
    }
    for (const Event& command : turn.commands()) {
      if (command.has_child_scheduled()) call(command);
      if (event::row_of(command).opens != event::Operation::kMessage) continue;
      if (messages_.erase(event::row_of(command).id(command)) == 0) continue;
      sent_.push_back(make_message(unsent_.sender_, command, seq));
    }
  }
  // `read`: did that go well?
  void finish(const base::Status& read) {
    for (Message& message : sent_) post_.send(std::move(message));
    for (auto& [id, call] : calls_) post_.send(std::move(call));
    const base::Error why =
        read ? base::Error{base::ErrorCode::kStoreDamaged, "the history does not have the message"}
             : read.error();
    for (const std::uint32_t id : messages_) post_.send(Receipt{unsent_.sender_, id, why});
  }

 private:
  void call(const Event& command) {
    const std::uint32_t id = command.child_scheduled().id();
    const auto child = unsent_.children_.find(id);
    if (child == unsent_.children_.end() || calls_.contains(id)) return;
    ChildCall& made = calls_[id];
    made = make_call(unsent_.sender_, unsent_.depth_, unsent_.precedence_, command);
    made.again = true;
    // Until the history says which run that is.
    if (child->second) made.started = base::RunId::from_bytes(made.scheduled().run_id());
  }
  void learn_start(const proto::ChildStarted& started) {
    const auto made = calls_.find(started.id());
    if (made != calls_.end()) made->second.started = base::RunId::from_bytes(started.run_id());
  }

  const Unsent& unsent_;
  Post& post_;
  std::set<std::uint32_t> messages_;  // not found yet
  std::vector<Message> sent_;
  std::map<std::uint32_t, ChildCall> calls_;
};

base::Status Unsent::send(const Shared& shared) const {
  Reading reading(*this, *shared.post);
  base::Status opened;
  const auto take = [&](const store::Record& record) -> base::Visited {
    proto::Turn turn;
    const base::Status read = shared.sealing.read_turn(record.body, &turn);
    if (read) reading.take(turn, record.seq);
    // What is no turn opens no operation either.
    if (!read && read.error().code != base::ErrorCode::kStoreDamaged) opened = read;
    return base::go_on_if(opened.has_value());
  };
  const base::Status read = read_run_history_after(*shared.store, after_, last_, take);
  if (opened) reading.finish(read);
  return opened;
}

void Unsent::refuse(Post& post, const base::Error& why) const {
  for (const std::uint32_t id : messages_) post.send(Receipt{sender_, id, why});
}

}  // namespace reprise::runtime
