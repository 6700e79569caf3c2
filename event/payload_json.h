// Payloads as values for JSON output.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string_view>

namespace reprise::event {

// The same content as payload_text(), uncut, as a value; null: empty.
nlohmann::json payload_json(std::string_view payload);

}  // namespace reprise::event
