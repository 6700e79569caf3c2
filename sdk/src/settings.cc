#include "sdk/src/settings.h"

#include <algorithm>

#include "base/place_holder.h"
#include "base/printable_text.h"
#include "reprise/codec.h"
#include "reprise/error.h"
#include "sdk/src/checks.h"
#include "sdk/src/enums.h"
#include "sdk/src/errors.h"

namespace reprise {

std::string_view to_string(SettingType type) {
  return event::to_string(internal::to_event(type));
}

namespace internal {
namespace {

std::string quoted(std::string_view name) {
  return "'" + base::printable_text(name) + "'";
}

// "a value", "an attribute of type int64".
std::string phrase(SettingType type) {
  if (type == SettingType::kValue) return "a value";
  return "an attribute of type " + std::string(to_string(type));
}

template <class T>
std::string encode(const T& value) {
  CborWriter out;
  Codec<T>::encode(out, value);
  return out.finish();
}

// As an Attribute encodes it: equal values have equal bytes.
template <class T>
void check_attribute(const Setting& setting) {
  if (encode_attribute(decode_payload<T>(setting.payload)) == setting.payload) return;
  throw PayloadError(code_text(base::ErrorCode::kPayloadDecode),
                     "the value of attribute " + quoted(setting.name) +
                         " is not encoded as an Attribute encodes it");
}

// One CBOR item of the type. Settings that a Value or an Attribute has made are; others may be
// anything.
void check_payload(const Setting& setting) {
  switch (setting.type) {
    case SettingType::kValue: {
      CborReader in(setting.payload);
      (void)in.item();
      return in.finish();
    }
    case SettingType::kBool:
      return check_attribute<bool>(setting);
    case SettingType::kInt64:
      return check_attribute<std::int64_t>(setting);
    case SettingType::kDouble:
      return check_attribute<double>(setting);
    case SettingType::kText:
      return check_attribute<std::string>(setting);
    case SettingType::kTexts:
      return check_attribute<std::vector<std::string>>(setting);
    case SettingType::kTime:
      return check_attribute<Time>(setting);
  }
}

void check_attribute_size(const Setting& setting) {
  if (!setting.indexed() || setting.payload.size() <= kMaxAttributeBytes) return;
  throw PayloadError(code_text(base::ErrorCode::kPayloadTooLarge),
                     "the value of attribute " + quoted(setting.name) + ": " +
                         std::to_string(setting.payload.size()) +
                         " bytes when encoded; the limit is " + std::to_string(kMaxAttributeBytes) +
                         ". Publish what is large as a Value");
}

}  // namespace

// ---- attributes -------------------------------------------------------------------------------

std::string encode_attribute(bool value) {
  return encode(value);
}
std::string encode_attribute(std::int64_t value) {
  return encode(value);
}
std::string encode_attribute(double value) {
  return encode(value);
}
std::string encode_attribute(Time value) {
  return encode(value);
}

std::string encode_attribute(const std::string& value) {
  CborWriter out;
  out.utf8(value);
  return out.take();
}

std::string encode_attribute(const std::vector<std::string>& value) {
  CborWriter out;
  out.array(value.size());
  for (const std::string& text : value) out.utf8(text);
  return out.take();
}

// ---- checks -----------------------------------------------------------------------------------

void check(const Setting& setting) {
  check_id("the setting's name", setting.name);
  if (setting.type > SettingType::kTime) {
    throw InvalidOption(code_text(base::ErrorCode::kInvalidOption),
                        "the setting " + quoted(setting.name) + " has no known type");
  }
  if (setting.payload.empty()) {
    throw PayloadError(code_text(base::ErrorCode::kPayloadEncode),
                       "the setting " + quoted(setting.name) +
                           " has no value; Context::unset() takes a name back");
  }
  check_payload_size(setting.payload, "the value of setting", setting.name);
  check_attribute_size(setting);
  check_payload(setting);
}

void check_type(const replay::Execution& run, std::string_view name, SettingType type) {
  const auto known = run.setting_type(name);
  if (!known || *known == to_event(type)) return;
  misused("the run publishes " + quoted(name) + " as " + phrase(to_public(*known)) +
          ", and now as " + phrase(type) + "; unset() it first, or use another name");
}

const std::string* find_payload(const Settings& settings, std::string_view name, SettingType type) {
  const auto found = std::find_if(settings.begin(), settings.end(),
                                  [&](const Setting& setting) { return setting.name == name; });
  if (found == settings.end()) return nullptr;
  if (const auto holder = base::place_holder_text(found->payload)) {
    throw_error({*holder == base::kDamagedContent ? base::ErrorCode::kSealBroken
                                                  : base::ErrorCode::kKeyMissing,
                 "what the run publishes as " + quoted(name) +
                     " does not open here: " + std::string(*holder)});
  }
  if (found->type == type) return &found->payload;
  throw PayloadError(code_text(base::ErrorCode::kPayloadDecode),
                     "the run publishes " + quoted(name) + " as " + phrase(found->type) +
                         ", and it is read as " + phrase(type));
}

// ---- conversions ------------------------------------------------------------------------------

proto::SettingRecorded to_proto(const Setting& setting) {
  proto::SettingRecorded recorded;
  recorded.set_name(setting.name);
  recorded.set_value(setting.payload);
  recorded.set_type(to_event(setting.type));
  return recorded;
}

Setting to_public(const proto::SettingRecorded& setting) {
  return {setting.name(), setting.value(), to_public(setting.type())};
}

Settings to_public(const std::vector<proto::SettingRecorded>& settings) {
  Settings all;
  all.reserve(settings.size());
  for (const auto& setting : settings) all.push_back(to_public(setting));
  return all;
}

}  // namespace internal
}  // namespace reprise
