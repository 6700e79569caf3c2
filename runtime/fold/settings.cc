#include "runtime/fold/settings.h"

#include <utility>

#include "event/setting.h"

namespace reprise::runtime {

void Settings::apply(const proto::SettingRecorded& setting) {
  if (!setting.value().empty()) {
    values_.insert_or_assign(setting.name(), Value{setting.value(), setting.type()});
    return;
  }
  if (const auto known = values_.find(setting.name()); known != values_.end()) values_.erase(known);
}

void Settings::open_values(base::FunctionRef<std::string(std::string)> open) {
  for (auto& [name, value] : values_) value.payload = open(std::move(value.payload));
}

const Settings::Value* Settings::find(std::string_view name) const {
  const auto known = values_.find(name);
  return known == values_.end() ? nullptr : &known->second;
}

std::size_t Settings::bytes() const {
  std::size_t bytes = 0;
  for (const auto& [name, value] : values_) {
    bytes += event::setting_bytes(name, value.payload.size());
  }
  return bytes;
}

std::vector<proto::SettingRecorded> Settings::list() const {
  std::vector<proto::SettingRecorded> all;
  all.reserve(values_.size());
  for (const auto& [name, value] : values_) {
    proto::SettingRecorded& setting = all.emplace_back();
    setting.set_name(name);
    setting.set_value(value.payload);
    setting.set_type(value.type);
  }
  return all;
}

}  // namespace reprise::runtime
