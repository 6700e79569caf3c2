#include "replay/commands/setting.h"

#include "base/check.h"
#include "event/setting.h"
#include "replay/execution_state.h"

namespace reprise::replay {

void Execution::set(std::string_view name,
                    std::string_view value,
                    SettingType type,
                    base::CallSite site) try {
  state_->core.enter();
  state_->settings.set(name, value, type, site);
} catch (const std::bad_alloc&) {
  out_of_memory();
}

std::optional<Execution::SettingType> Execution::setting_type(std::string_view name) const {
  return state_->settings.type_of(name);
}

void Settings::given(const proto::RunStarted& start) {
  for (const auto& setting : start.settings()) {
    note(setting.name(), setting.value().size(), setting.type());
  }
}

void Settings::set(std::string_view name, std::string_view value, Type type, base::CallSite site) {
  if (!run_.log.replaying()) require_room(name, value);
  // The log has the value that counts: another one is only a mismatch in strict mode.
  const proto::Event* const recorded = run_.log.peek();
  auto* setting = run_.log.draft(site)->mutable_setting_recorded();
  setting->set_name(name.data(), name.size());
  setting->set_value(value.data(), value.size());
  setting->set_type(type);
  run_.submit(event::setting_bytes(name, value.size()));
  Lifecycle life(Lifecycle::Kind::kSetting);
  REPRISE_CHECK(life.on(Lifecycle::Trigger::kRecord), "a setting is recorded once");
  note(name, recorded != nullptr ? recorded->setting_recorded().value().size() : value.size(),
       type);
}

std::optional<Settings::Type> Settings::type_of(std::string_view name) const {
  const auto known = known_.find(name);
  if (known == known_.end()) return std::nullopt;
  return known->second.type;
}

// What makes it smaller is always possible: the limit may have been lowered since.
void Settings::require_room(std::string_view name, std::string_view value) {
  if (value.empty()) return;
  const bool one_more = !known_.contains(name);
  if (one_more && known_.size() >= run_.limits.settings) {
    park_at("more settings", "settings", run_.limits.settings);
  }
  const std::size_t before = bytes_of(name);
  const std::size_t after = event::setting_bytes(name, value.size());
  if (after > before && bytes_ - before + after > run_.limits.settings_bytes) {
    park_at("settings of more bytes", "settings_bytes", run_.limits.settings_bytes);
  }
}

void Settings::park_at(std::string_view what, std::string_view limit, std::size_t value) {
  run_.parking.park(base::ErrorCode::kRunLimit,
                    "the run publishes " + std::string(what) + " than EngineLimits::" +
                        std::string(limit) + " = " + std::to_string(value) +
                        " allows; unset some of them, publish a reference to what is large, or "
                        "raise the limit");
  throw Evicted{};
}

void Settings::note(std::string_view name, std::size_t value_bytes, Type type) {
  bytes_ -= bytes_of(name);
  if (value_bytes == 0) {
    if (const auto known = known_.find(name); known != known_.end()) known_.erase(known);
    return;
  }
  const std::size_t bytes = event::setting_bytes(name, value_bytes);
  known_.insert_or_assign(std::string(name), Known{type, bytes});
  bytes_ += bytes;
}

std::size_t Settings::bytes_of(std::string_view name) const {
  const auto known = known_.find(name);
  return known == known_.end() ? 0 : known->second.bytes;
}

}  // namespace reprise::replay
