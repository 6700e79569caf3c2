// The JSON form of histories: docs/history_format.md.
#pragma once
#include <string>
#include <string_view>

#include "proto/history.pb.h"
#include "reprise/history.h"

namespace reprise::internal {

std::string history_to_json(const proto::History& history, JsonLayout layout);

// Does it begin like a JSON form? No binary form does.
bool looks_like_json(std::string_view bytes);

// Either layout. Throws HistoryError, which names the line or the event.
proto::History history_from_json(std::string_view text);

}  // namespace reprise::internal
