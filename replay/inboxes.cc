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

Inboxes::Arrival* Inboxes::first(std::string_view name) {
  const auto found = inboxes_.find(name);
  if (found == inboxes_.end() || found->second.unread.empty()) return nullptr;
  return &found->second.unread.front();
}

void Inboxes::keep(std::string_view name, Arrival arrival) {
  auto& unread = inbox(name).unread;
  const auto place = std::upper_bound(
      unread.begin(), unread.end(), arrival.order,
      [](std::uint64_t order, const Arrival& other) { return order < other.order; });
  unread.insert(place, std::move(arrival));
}

void Inboxes::wait(std::string_view name, Operation* operation) {
  inbox(name).waiting.push_back(operation);
}

void Inboxes::stop_waiting(std::string_view name, Operation* operation) {
  std::erase(inbox(name).waiting, operation);
}

Operation* Inboxes::first_waiting(std::string_view name) {
  const auto found = inboxes_.find(name);
  if (found == inboxes_.end() || found->second.waiting.empty()) return nullptr;
  return found->second.waiting.front();
}

std::vector<std::pair<std::string, Inboxes::Arrival>> Inboxes::take_unasked() {
  std::vector<std::pair<std::string, Arrival>> taken;
  for (auto& [name, inbox] : inboxes_) {
    if (inbox.asked_for) continue;
    for (Arrival& arrival : std::exchange(inbox.unread, {})) {
      taken.emplace_back(name, std::move(arrival));
    }
  }
  std::sort(taken.begin(), taken.end(), [](const auto& one, const auto& other) {
    return one.second.order < other.second.order;
  });
  return taken;
}

bool Inboxes::is_asked_for(std::string_view name) const {
  const auto found = inboxes_.find(name);
  return found != inboxes_.end() && found->second.asked_for;
}

void Inboxes::note_reader(std::string_view name, ReadSignal read) {
  Inbox& of_name = inbox(name);
  of_name.asked_for = true;
  if (of_name.reader == nullptr) of_name.reader = read;
  of_name.has_others = of_name.has_others || of_name.reader != read;
}

ReadSignal Inboxes::reader(std::string_view name) const {
  const auto found = inboxes_.find(name);
  if (found == inboxes_.end()) return nullptr;
  const Inbox& inbox = found->second;
  if (!inbox.waiting.empty()) return inbox.waiting.front()->read_signal();
  return inbox.has_others ? nullptr : inbox.reader;
}

}  // namespace reprise::replay
