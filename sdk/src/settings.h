// Settings between the public surface and the layers below, and their checks.
#pragma once
#include <string_view>
#include <vector>

#include "proto/log.pb.h"
#include "replay/execution.h"
#include "reprise/settings.h"

namespace reprise::internal {

// What is recorded of a setting: InvalidOption RP3003 for its name, PayloadError RP3002, RP3001 or
// RP3012 for its value, InvalidOption RP3010 for its type.
void check(const Setting& setting);
// A name keeps its type while the run publishes it: UsageError RP3010.
void check_type(const replay::Execution& run, std::string_view name, SettingType type);

proto::SettingRecorded to_proto(const Setting& setting);
Setting to_public(const proto::SettingRecorded& setting);
Settings to_public(const std::vector<proto::SettingRecorded>& settings);

}  // namespace reprise::internal
