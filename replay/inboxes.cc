#include "replay/inboxes.h"

#include <algorithm>

namespace reprise::replay {

Inboxes::Inbox& Inboxes::inbox(std::string_view name) {
  const auto found = inboxes_.find(name);
  if (found != inboxes_.end()) return found->second;
  return inboxes_.emplace(std::string(name), Inbox{}).first->second;
}

bool Inboxes::has(std::string_view name) const {
  const auto found = inboxes_.find(name);
  return found != inboxes_.end() && !found->second.unread.empty();
}

std::optional<Inboxes::Arrival> Inboxes::take(std::string_view name) {
  auto& unread = inbox(name).unread;
  if (unread.empty()) return std::nullopt;
  Arrival arrival = std::move(unread.front());
  unread.pop_front();
  return arrival;
}

void Inboxes::give_back(std::string_view name, Arrival arrival) {
  auto& unread = inbox(name).unread;
  const auto place = std::find_if(unread.begin(), unread.end(), [&](const Arrival& other) {
    return other.order > arrival.order;
  });
  unread.insert(place, std::move(arrival));
}

void Inboxes::wait(std::string_view name, Operation* operation) {
  inbox(name).waiting.push_back(operation);
}

void Inboxes::stop_waiting(std::string_view name, Operation* operation) {
  std::erase(inbox(name).waiting, operation);
}

Operation* Inboxes::next_waiting(std::string_view name) {
  auto& waiting = inbox(name).waiting;
  if (waiting.empty()) return nullptr;
  Operation* operation = waiting.front();
  waiting.pop_front();
  return operation;
}

void Inboxes::keep(std::string_view name, Arrival arrival) {
  inbox(name).unread.push_back(std::move(arrival));
}

}  // namespace reprise::replay
