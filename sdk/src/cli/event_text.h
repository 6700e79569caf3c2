// Events of a history on one line each, and in full, for people.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proto/history.pb.h"

namespace reprise::internal {

// An event and its place in its history. Refers to the history.
struct NumberedEvent {
  std::uint64_t number = 0;  // from 1, as everywhere
  int turn = 0;              // from 0
  const proto::Event* event = nullptr;
};

// All of them in order: of each turn the inputs, then the commands.
std::vector<NumberedEvent> numbered_events(const proto::History& history);

// "ActivityScheduled charge        shop/checkout.cc:38".
std::string event_line(const proto::Event& event);
// Every field on a line of its own, payloads as JSON.
std::string event_in_full(const proto::Event& event);

}  // namespace reprise::internal
