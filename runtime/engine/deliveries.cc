#include "runtime/engine/deliveries.h"

#include <algorithm>
#include <vector>

#include "proto/parse.h"
#include "runtime/engine/run_history.h"
#include "runtime/engine/stored_run.h"

namespace reprise::runtime {
namespace {

using proto::Event;

Parent sender_of(const Message& message) {
  return {message.sender.workflow_id, *message.sender.run_id, message.id};
}

bool starts_receiver(const Message& message) {
  return message.command->has_signal_sent() && message.command->signal_sent().has_start();
}

StartRequest request_of(const Message& message) {
  const proto::SignalSent& sent = message.command->signal_sent();
  StartRequest request;
  request.workflow = sent.start().workflow();
  request.workflow_id = sent.workflow_id();
  request.task_queue = sent.start().task_queue();
  request.input = sent.start().input();
  request.signal = FirstSignal{sent.name(), sent.input(), sender_of(message)};
  return request;
}

void fill(const Message& message, Event* input) {
  if (message.command->has_signal_sent()) {
    const proto::SignalSent& sent = message.command->signal_sent();
    proto::SignalReceived* const received = input->mutable_signal_received();
    received->set_name(sent.name());
    received->set_input(sent.input());
    *received->mutable_headers() = sent.headers();
    return write(sender_of(message), received->mutable_sender());
  }
  proto::CancelRequested* const requested = input->mutable_cancel_requested();
  requested->set_reason(message.command->cancel_sent().reason());
  write(sender_of(message), requested->mutable_sender());
}

const proto::Sender* sender_of(const Event& input) {
  if (input.has_signal_received() && input.signal_received().has_sender()) {
    return &input.signal_received().sender();
  }
  if (input.has_cancel_requested() && input.cancel_requested().has_sender()) {
    return &input.cancel_requested().sender();
  }
  return nullptr;
}

proto::Failure failure_of(const base::Error& why) {
  proto::Failure failure;
  failure.set_kind(proto::Failure::EXTERNAL);
  failure.set_type(base::to_string(why.code));
  failure.set_message(why.message);
  return failure;
}

}  // namespace

// ---- messages ---------------------------------------------------------------------------------

void Deliveries::take(const MessageRef& message) {
  if (parts_.intake.full()) {
    return parts_.intake.hold(std::function<void()>([this, message] { take(message); }));
  }
  const std::string& receiver = message->receiver.workflow_id;
  if (const auto waiting = waiting_.find(receiver); waiting != waiting_.end()) {
    return waiting->second.push_back(message);  // in order
  }
  if (message->since == 0) return receive(message);
  waiting_[receiver].push_back(message);
  look_back(receiver);
}

void Deliveries::receive(const MessageRef& message) {
  if (starts_receiver(*message)) return start_with(message);
  const RunKey& key = message->receiver;
  const auto open = parts_.finder.find_open(key);
  if (!open) {
    return parts_.outbox.refuse(parts_.finder.find(key), open.error(), receipt_for(message));
  }
  KnownRun& run = **open;
  if (const auto room = parts_.round.may_grow(run); !room) {
    return parts_.outbox.refuse(&run, room.error(), receipt_for(message));
  }
  parts_.round.add_input(
      run, [&](Event* input) { fill(*message, input); }, receipt_for(message));
  parts_.round.run_turn_if_full(run);
}

// The open run with that id gets it, or a new one.
void Deliveries::start_with(const MessageRef& message) {
  parts_.starts.start(request_of(*message), nullptr,
                      [this, message](const base::Result<StartedRun>& started) {
                        // There was no room while it waited for something else.
                        if (!started && parts_.intake.full()) return take(message);
                        receipt_for(message)(started ? base::Status() : started.error());
                      });
}

Reply<void> Deliveries::receipt_for(const MessageRef& message) const {
  return [post = parts_.shared.post, message](const base::Status& delivered) {
    // It is not known whether the receiver has it: asked by the next engine.
    if (!delivered && is_passing(delivered.error())) return;
    post->send(Receipt{message->sender, message->id, delivered});
  };
}

// ---- messages that are sent again -------------------------------------------------------------

// Everything that the newest run has now must be on the disk first, to be read there.
void Deliveries::look_back(const std::string& workflow_id) {
  const KnownRun* const newest = parts_.runs.find(workflow_id);
  if (newest == nullptr) return take_waiting(workflow_id, 0, 0);
  if (newest->has_unrecorded()) {
    return parts_.loading.when_in_log(*newest, [this, workflow_id] { look_back(workflow_id); });
  }
  const store::Seq last = newest->state.last_seq;
  parts_.effects.call_after(last, [this, workflow_id, number = newest->state.number, last] {
    take_waiting(workflow_id, number, last);
  });
}

void Deliveries::take_waiting(const std::string& workflow_id,
                              store::RunNumber newest,
                              store::Seq last) {
  const std::deque<MessageRef> waiting = std::move(waiting_.extract(workflow_id).mapped());
  store::Seq since = waiting.front()->since;
  for (const MessageRef& message : waiting) {
    if (message->since != 0) since = std::min(since, message->since);
  }
  const auto known = received(workflow_id, newest, last, since);
  for (const MessageRef& message : waiting) {
    if (message->since == 0) {
      receive(message);
    } else if (!known) {
      receipt_for(message)(
          base::Error{known.error().code, "it is not known whether run '" + workflow_id +
                                              "' has got this: " + known.error().message});
    } else if (known->contains({*message->sender.run_id, message->id})) {
      receipt_for(message)({});
    } else {
      receive(message);
    }
  }
}

// What the runs with that id have got after record `since`, from the newest to the oldest.
base::Result<Deliveries::Ids> Deliveries::received(const std::string& workflow_id,
                                                   store::RunNumber newest,
                                                   store::Seq last,
                                                   store::Seq since) const {
  Ids ids;
  std::set<store::RunNumber> seen;
  for (const KnownRun* run = parts_.runs.find(newest); run != nullptr; run = run->older) {
    const store::Seq until = run->state.number == newest ? last : run->state.last_seq;
    // The last record of a damaged run is not known.
    if (until < since && run->state.damaged_at() == 0) return ids;
    seen.insert(run->state.number);
    if (const auto read = add_received(run->state, until, since, &ids); !read) return read.error();
  }
  std::vector<RunState> archived;
  bool unreadable = false;
  const auto found = parts_.shared.store->archive().find(
      workflow_id, [&](store::RunNumber number, std::string_view bytes) {
        proto::RunSummary summary;
        unreadable = !proto::parse(bytes, &summary);
        if (unreadable) return true;
        RunState state = RunState::from_summary(number, summary, parts_.names);
        if (state.workflow_id != workflow_id) return false;
        // And so are those before it.
        if (state.last_seq < since && state.damaged_at() == 0) return true;
        if (!seen.contains(number)) archived.push_back(std::move(state));
        return false;
      });
  if (!found) return found.error();
  if (unreadable) return base::Error{base::ErrorCode::kStoreDamaged, "a summary is not readable"};
  for (const RunState& run : archived) {
    if (const auto read = add_received(run, run.last_seq, since, &ids); !read) return read.error();
  }
  return ids;
}

base::Status Deliveries::add_received(const RunState& run,
                                      store::Seq last,
                                      store::Seq since,
                                      Ids* ids) const {
  store::ChainEnd after = run.replay_after();
  if (after.seq > since) after = {.run = run.number};
  const StoredRun stored(parts_.shared, run, last, after, RunLabel());
  const base::Status read = stored.structure([&](const proto::Turn& turn) {
    for (const Event& input : turn.inputs()) {
      const proto::Sender* const sender = sender_of(input);
      if (sender == nullptr) continue;
      if (const auto id = base::RunId::from_bytes(sender->run_id())) {
        ids->emplace(*id, sender->id());
      }
    }
  });
  // It had ended, and retention has removed it meanwhile.
  if (!read && read.error().code == base::ErrorCode::kNotFound) return {};
  return read;
}

// ---- receipts ---------------------------------------------------------------------------------

void Deliveries::take(const std::shared_ptr<const Receipt>& receipt) {
  if (parts_.intake.full()) {
    return parts_.intake.hold(std::function<void()>([this, receipt] { take(receipt); }));
  }
  KnownRun* const run = parts_.finder.find(receipt->sender);
  if (run == nullptr || run->damaged || run->state.find(receipt->id) == nullptr) return;
  Event* const input = parts_.round.add_input(*run);
  if (receipt->delivered) {
    input->mutable_message_delivered()->set_id(receipt->id);
  } else {
    input->mutable_message_refused()->set_id(receipt->id);
    *input->mutable_message_refused()->mutable_failure() = failure_of(receipt->delivered.error());
  }
  parts_.round.run_turn_if_full(*run);
}

}  // namespace reprise::runtime
