// Events as text. Everything returned is safe for a terminal.
#pragma once
#include <cstdint>
#include <string>

#include "proto/log.pb.h"
#include "tools/payload_text.h"

namespace reprise::tools {

std::string kind_of(const proto::Event& event);  // "ActivityScheduled"
// Its content besides its kind: name, id, payload, failure.
std::string details_of(const proto::Event& event, std::size_t longest = kShortPayload);

// "CardDeclined: not enough money", with its causes.
std::string failure_text(const proto::Failure& failure);

}  // namespace reprise::tools
