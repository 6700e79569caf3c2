// Published state: values that a run shows under names to those who do not run its code. They are
// readable with no worker, and after the run has ended: docs/language/published_state.md.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <reprise/internal/is_payload.h>
#include <reprise/internal/payload.h>
#include <reprise/time.h>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace reprise {

inline constexpr std::size_t kMaxAttributeBytes = 2'000;  // of one encoded attribute

// What a setting is: a value of any type, or an attribute of one of these. Numbers are recorded.
enum class SettingType : std::uint8_t {
  kValue = 0,
  kBool,
  kInt64,
  kDouble,
  kText,   // std::string
  kTexts,  // std::vector<std::string>
  kTime,
};
std::string_view to_string(SettingType type);

// A name with a value, made by a Value or an Attribute and passed to Context::set() or in
// StartOptions::settings. A plain value: owns its text; two threads may use two of them.
struct Setting {
  std::string name;
  std::string payload;  // the encoded value
  SettingType type = SettingType::kValue;

  // Of an attribute, so that runs can be found by it.
  bool indexed() const { return type != SettingType::kValue; }
  friend bool operator==(const Setting&, const Setting&) = default;
};
using Settings = std::vector<Setting>;

namespace internal {

// The payload that has this name, checked to be of this type (PayloadError RP3001); nullptr: none.
const std::string* find_payload(const Settings& settings, std::string_view name, SettingType type);

// PayloadError RP3012 if a text is not UTF-8.
std::string encode_attribute(bool value);
std::string encode_attribute(std::int64_t value);
std::string encode_attribute(double value);
std::string encode_attribute(const std::string& value);
std::string encode_attribute(const std::vector<std::string>& value);
std::string encode_attribute(Time value);

template <class T>
inline constexpr SettingType kAttributeType = SettingType::kValue;  // of no attribute
template <>
inline constexpr SettingType kAttributeType<bool> = SettingType::kBool;
template <>
inline constexpr SettingType kAttributeType<std::int64_t> = SettingType::kInt64;
template <>
inline constexpr SettingType kAttributeType<double> = SettingType::kDouble;
template <>
inline constexpr SettingType kAttributeType<std::string> = SettingType::kText;
template <>
inline constexpr SettingType kAttributeType<std::vector<std::string>> = SettingType::kTexts;
template <>
inline constexpr SettingType kAttributeType<Time> = SettingType::kTime;

// Exists for its error alone.
template <class T>
struct RequireAttribute {
  static_assert(kAttributeType<T> != SettingType::kValue,
                "an Attribute is a bool, std::int64_t, double, std::string, "
                "std::vector<std::string> or reprise::Time, which filters can compare; a "
                "reprise::Value may be of any type");
};

template <class T>
std::optional<T> find_value(const Settings& settings, std::string_view name, SettingType type) {
  const std::string* const payload = find_payload(settings, name, type);
  return payload == nullptr ? std::nullopt : std::optional<T>(decode_payload<T>(*payload));
}

}  // namespace internal

// The name and the type of a value that runs publish: Value<Progress> progress{"progress"}. Called
// with a value it makes the setting: ctx.set(progress({.done = 3})). A constant, shared by workflow
// and readers like a definition; thread-safe; owns nothing. The name, 1 to kMaxIdBytes bytes of
// UTF-8, is recorded. T needs a codec. Calls throw PayloadError (RP3012) for what cannot be read
// back. Usable everywhere; records nothing by itself.
template <class T>
class Value {
 public:
  constexpr explicit Value(std::string_view name) : name_(name) {}
  constexpr std::string_view name() const { return name_; }

  Setting operator()(const T& value) const {
    return {std::string(name_), internal::encode_payload<T>(value), SettingType::kValue};
  }
  // What RunDescription::settings have under this name; nullopt: nothing. PayloadError (RP3001): an
  // attribute, or not a T. StoreError (RP1012, RP1013): it does not open (docs/codecs.md).
  std::optional<T> find_in(const Settings& settings) const {
    return internal::find_value<T>(settings, name_, SettingType::kValue);
  }

 private:
  static_assert(sizeof(internal::NoPayload<typename internal::WithoutCodec<T>::Type>));

  std::string_view name_;
};

// The same for a value of a simple type, by which runs can be found: bool, std::int64_t, double,
// std::string, std::vector<std::string> or Time. At most kMaxAttributeBytes when encoded
// (PayloadError RP3002 where it is set). Texts are UTF-8, or the call throws PayloadError (RP3012).
template <class T>
class Attribute {
 public:
  constexpr explicit Attribute(std::string_view name) : name_(name) {}
  constexpr std::string_view name() const { return name_; }

  Setting operator()(const T& value) const {
    return {std::string(name_), internal::encode_attribute(value), internal::kAttributeType<T>};
  }
  std::optional<T> find_in(const Settings& settings) const {
    return internal::find_value<T>(settings, name_, internal::kAttributeType<T>);
  }

 private:
  static_assert(sizeof(internal::RequireAttribute<T>));

  std::string_view name_;
};

}  // namespace reprise
