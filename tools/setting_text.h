// What runs publish, the same in every command.
#pragma once
#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "event/payload_text.h"
#include "proto/log.pb.h"
#include "runtime/fold/settings.h"

namespace reprise::tools {

// "stage = "paid"", "amount (int64) = 12"; times in UTC; without a value "stage: unset". Safe for a
// terminal; the value is cut after `longest` characters.
std::string setting_text(const proto::SettingRecorded& setting,
                         std::size_t longest = event::kShortPayload);

// The value alone: times as text.
nlohmann::json setting_value_json(const proto::SettingRecorded& setting);
// {"stage": {"type": "text", "value": "paid"}}
nlohmann::json settings_json(const runtime::Settings& settings);

}  // namespace reprise::tools
