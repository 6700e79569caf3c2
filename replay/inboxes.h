// Signals of a run by name: those that nobody has asked for yet, and the operations that wait for
// the next one. Both are first in, first out, so signals keep the order of the log.
#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>

#include "replay/operation.h"

namespace reprise::replay {

class Inboxes {
 public:
  struct Arrival {
    std::uint64_t order = 0;  // see Operation::order
    std::string input;
    std::uint64_t event = 0;  // that brought it
  };

  bool has(std::string_view name) const;

  // The oldest unread signal, if there is one.
  std::optional<Arrival> take(std::string_view name);
  // Puts back one that was handed out and never read: it stays the oldest.
  void give_back(std::string_view name, Arrival arrival);

  // `operation` gets the next signal. Not counted: an operation that is dropped says so.
  void wait(std::string_view name, Operation* operation);
  void stop_waiting(std::string_view name, Operation* operation);

  // Who waits for the signal that has just arrived; nullptr: nobody, keep() it.
  Operation* next_waiting(std::string_view name);
  void keep(std::string_view name, Arrival arrival);

 private:
  struct Inbox {
    std::deque<Arrival> unread;
    std::deque<Operation*> waiting;
  };
  Inbox& inbox(std::string_view name);

  std::map<std::string, Inbox, std::less<>> inboxes_;
};

}  // namespace reprise::replay
