// Messages between runs, across all histories: each is recorded once by its receiver if its sender
// was told so, and never if it was refused.
#include <map>
#include <set>
#include <string>
#include <utility>

#include "tests/simulation/history.h"

namespace reprise::simulation {

namespace {

using proto::Event;

struct Sent {
  std::string receiver;
  std::string run_id;  // one of its chain; empty: whichever has the id
  std::string content;
  bool delivered = false;
  bool refused = false;
  bool sender_closed = false;
};
using Key = std::pair<std::string, std::uint32_t>;  // the sender's run id, and its operation

class Messages {
 public:
  explicit Messages(Verdict* verdict) : verdict_(verdict) {}

  void add_sent(const History& history) {
    chains_[history.started().run_id()] = chain_of(history);
    for (const proto::Turn& turn : history.turns) {
      for (const Event& input : turn.inputs()) answer(history, input);
      for (const Event& command : turn.commands()) {
        if (command.has_signal_sent()) {
          const auto& signal = command.signal_sent();
          add(history, signal.id(), signal.workflow_id(), signal.run_id(), signal.input());
        } else if (command.has_cancel_sent()) {
          const auto& cancel = command.cancel_sent();
          add(history, cancel.id(), cancel.workflow_id(), cancel.run_id(), cancel.reason());
        } else if (command.has_child_scheduled()) {
          children_.insert({history.started().run_id(), command.child_scheduled().id()});
        }
      }
    }
  }

  void add_received(const History& history) {
    RecordedAgain again(recorded_before(history));
    for (const proto::Turn& turn : history.turns) {
      for (const Event& input : turn.inputs()) {
        if (again.is(input)) continue;
        if (input.has_signal_received() && input.signal_received().has_sender()) {
          const auto& signal = input.signal_received();
          receive(history, signal.sender(), signal.input());
        } else if (input.has_cancel_requested() && input.cancel_requested().has_sender()) {
          const auto& cancel = input.cancel_requested();
          receive(history, cancel.sender(), cancel.reason());
        }
      }
    }
  }

  void check() {
    for (const auto& [key, sent] : sent_) {
      const bool received = received_[key] > 0;
      if (sent.delivered && !received) bad(sent, "counts as delivered and is not in the log");
      if (sent.refused && received) bad(sent, "counts as refused and is in the log");
      if (sent.sender_closed && !sent.delivered && !sent.refused) {
        bad(sent, "is under way, and its sender has ended");
      }
    }
  }

 private:
  void bad(const Sent& sent, const std::string& what) {
    verdict_->found(Flaw::kMessage, sent.content + " to " + sent.receiver + " " + what);
  }
  void add(const History& history,
           std::uint32_t id,
           const std::string& receiver,
           const std::string& run_id,
           const std::string& content) {
    sent_[{history.started().run_id(), id}] = {.receiver = receiver,
                                               .run_id = run_id,
                                               .content = content,
                                               .sender_closed = history.closed()};
  }
  void answer(const History& history, const Event& input) {
    const std::string& run = history.started().run_id();
    if (input.has_message_delivered())
      sent_[{run, input.message_delivered().id()}].delivered = true;
    if (input.has_message_refused()) sent_[{run, input.message_refused().id()}].refused = true;
  }
  void receive(const History& history, const proto::Sender& sender, const std::string& content) {
    const Key key{sender.run_id(), sender.id()};
    if (children_.contains(key)) return;  // its parent has ended: see family.cc
    const auto sent = sent_.find(key);
    if (sent == sent_.end()) {
      return verdict_->found(Flaw::kMessage,
                             name_of(history) + " got " + content + ", which nobody has sent");
    }
    if (++received_[key] > 1) bad(sent->second, "arrived more than once");
    if (sent->second.content != content) bad(sent->second, "arrived as " + content);
    const std::string& run_id = sent->second.run_id;
    if (sent->second.receiver != id_of(history) ||
        (!run_id.empty() && chains_[run_id] != chain_of(history))) {
      bad(sent->second, "went to another run");
    }
  }

  static const std::string& chain_of(const History& history) {
    const proto::RunStarted& started = history.started();
    return started.first_run_id().empty() ? started.run_id() : started.first_run_id();
  }

  Verdict* const verdict_;
  std::map<std::string, std::string> chains_;  // by run id: the first run of its chain
  std::set<Key> children_;                     // which operations are no messages
  std::map<Key, Sent> sent_;
  std::map<Key, int> received_;
};

}  // namespace

void check_messages(const std::vector<History>& histories, Verdict* verdict) {
  Messages messages(verdict);
  for (const History& history : histories) messages.add_sent(history);
  for (const History& history : histories) messages.add_received(history);
  messages.check();
}

}  // namespace reprise::simulation
