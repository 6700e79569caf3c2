#include "tools/setting_text.h"

#include <nlohmann/json.hpp>
#include <optional>

#include "event/payload_json.h"
#include "event/setting.h"
#include "tools/console.h"
#include "tools/time_text.h"

namespace reprise::tools {
namespace {

using nlohmann::json;
using proto::SettingRecorded;

// A time that a calendar has: others are shown as they are recorded, in milliseconds.
std::optional<std::int64_t> time_of(const SettingRecorded& setting) {
  constexpr std::int64_t kYear1 = -62'135'596'800'000;
  constexpr std::int64_t kYear10000 = 253'402'300'800'000;
  if (setting.type() != SettingRecorded::TIME || setting.value().empty()) return std::nullopt;
  const json value = event::payload_json(setting.value());
  if (!value.is_number_integer()) return std::nullopt;
  const bool fits = !value.is_number_unsigned() ||
                    value.get<std::uint64_t>() < static_cast<std::uint64_t>(kYear10000);
  if (!fits) return std::nullopt;
  const auto ms = value.get<std::int64_t>();
  return ms >= kYear1 && ms < kYear10000 ? std::optional(ms) : std::nullopt;
}

}  // namespace

std::string setting_text(const SettingRecorded& setting, std::size_t longest) {
  std::string text = safe_text(setting.name());
  if (setting.type() != SettingRecorded::VALUE) {
    text += " (" + std::string(event::to_string(setting.type())) + ")";
  }
  if (setting.value().empty()) return text + ": unset";
  if (const auto time = time_of(setting)) return text + " = " + utc_millis(*time);
  return text + " = " + event::payload_text(setting.value(), longest);
}

json setting_value_json(const SettingRecorded& setting) {
  if (const auto time = time_of(setting)) return utc_iso(*time);
  return event::payload_json(setting.value());
}

json settings_json(const runtime::Settings& settings) {
  json shown = json::object();
  for (const SettingRecorded& setting : settings.list()) {
    shown[setting.name()] = {{"type", event::to_string(setting.type())},
                             {"value", setting_value_json(setting)}};
  }
  return shown;
}

}  // namespace reprise::tools
