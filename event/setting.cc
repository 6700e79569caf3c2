#include "event/setting.h"

#include <array>

namespace reprise::event {

std::string_view to_string(proto::SettingRecorded::Type type) {
  static constexpr std::array<std::string_view, proto::SettingRecorded::Type_ARRAYSIZE> kNames = {
      "value", "bool", "int64", "double", "text", "texts", "time"};
  const auto number = static_cast<std::size_t>(type);
  return number < kNames.size() ? kNames[number] : "unknown";
}

}  // namespace reprise::event
