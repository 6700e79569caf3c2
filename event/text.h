// Events as text, for reports: one printable line each.
#pragma once
#include <cstdint>
#include <string>

#include "proto/log.pb.h"

namespace reprise::event {

// "ActivityScheduled charge", "TimerStarted 24h", "TimerFired #3": without the place in the code.
std::string describe(const proto::Event& event);

// "#3": of the operation that it begins or answers; empty: of none.
std::string id_of(const proto::Event& event);

// The text of describe() after the kind; empty: nothing. As recorded: it may not be printable.
std::string detail_of(const proto::Event& event);

// "shop/checkout.cc:38"; empty: it was not recorded.
std::string place_of(const proto::Event& event);

// Keeps what describe() shows of a command, and its place in the code: no payload, no stack.
void outline(const proto::Event& command, proto::Event* out);

// In its largest whole unit: "24h", "90min", "1500ms".
std::string short_duration(std::int64_t ms);

}  // namespace reprise::event
