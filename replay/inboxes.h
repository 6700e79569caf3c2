// Signals of a run by name: those not asked for yet, and the operations that wait for the next one.
// Both are first in, first out, so signals keep the order of the log.
#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "replay/operation.h"

namespace reprise::replay {

class Inboxes {
 public:
  struct Arrival {
    std::uint64_t order = 0;  // see Operation::order
    std::string input{};
    std::uint64_t event = 0;  // that brought it
    std::uint32_t looks = 0;  // how often a new reader has accepted it
    SignalValue value{};      // by which reader last, with the decoded value
    SignalHeaders headers{};
  };

  bool has(std::string_view name) const;

  // The oldest unread signal, if there is one; first() leaves it there.
  std::optional<Arrival> take(std::string_view name);
  Arrival* first(std::string_view name);
  // A signal without a waiting operation. It may have been handed over and not taken: then it keeps
  // its place before later ones.
  void keep(std::string_view name, Arrival arrival);

  // Calls `visit(name, arrival)` for each unread signal.
  template <class Visit>
  void for_each_unread(const Visit& visit) const {
    for (const auto& [name, inbox] : inboxes_) {
      for (const Arrival& arrival : inbox.unread) visit(name, arrival);
    }
  }

  // `operation` gets the next signal. Not a counted reference: a dropped operation removes itself.
  void wait(std::string_view name, Operation* operation);
  void stop_waiting(std::string_view name, Operation* operation);

  // The operation that has waited longest; nullptr: none waits.
  Operation* first_waiting(std::string_view name);

  // Signals that nothing has ever asked for by name, in the order of their arrival.
  std::vector<std::pair<std::string, Arrival>> take_unasked();
  bool is_asked_for(std::string_view name) const;

  // The code has asked for signals of that name. How it decodes them, as far as it has shown;
  // nullptr: unknown, or it uses several types and none waits.
  void note_reader(std::string_view name, ReadSignal read);
  ReadSignal reader(std::string_view name) const;

 private:
  struct Inbox {
    std::deque<Arrival> unread;
    std::deque<Operation*> waiting;
    ReadSignal reader = nullptr;  // the first one
    bool has_others = false;      // than that
    bool asked_for = false;
  };
  Inbox& inbox(std::string_view name);

  std::map<std::string, Inbox, std::less<>> inboxes_;
};

}  // namespace reprise::replay
