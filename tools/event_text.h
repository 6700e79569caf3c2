// Events as text. Everything returned is safe for a terminal.
#pragma once
#include <cstdint>
#include <string>

#include "event/failure_text.h"
#include "event/payload_text.h"
#include "proto/log.pb.h"

namespace reprise::tools {

std::string kind_of(const proto::Event& event);  // "ActivityScheduled"
// Is "by ann" shown, where the event has the principal of a client?
enum class Principal { kShown, kLeftOut };
// Its content besides its kind: name, id, payload, failure.
std::string details_of(const proto::Event& event,
                       std::size_t longest = event::kShortPayload,
                       Principal principal = Principal::kShown);

// What a cancellation does to an activity: "wait" or "abandon"; empty: what it does by default.
std::string on_cancel_name(proto::ActivityScheduled::OnCancel mode);

using event::failure_text;

}  // namespace reprise::tools
