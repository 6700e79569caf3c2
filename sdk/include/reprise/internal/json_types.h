// nlohmann's conversions for std::optional, std::variant, std::monostate and the durations and time
// points of std::chrono: NLOHMANN_DEFINE_TYPE_... uses them member by member. They are constrained,
// and so less specialized than a conversion of the program's own (template <class T> struct
// adl_serializer<std::optional<T>>), which is then used instead. As always, all files of a program
// must see the same one.
#pragma once
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

namespace reprise::internal {

// The value could not be read back if it were written, or does not have the type it is read as.
class JsonMismatch : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

template <class T>
inline constexpr bool kIsOptional = false;
template <class T>
inline constexpr bool kIsOptional<std::optional<T>> = true;
template <class T>
inline constexpr bool kIsVariant = false;
template <class... T>
inline constexpr bool kIsVariant<std::variant<T...>> = true;
template <class T>
inline constexpr bool kIsDuration = false;
template <class Rep, class Period>
inline constexpr bool kIsDuration<std::chrono::duration<Rep, Period>> = true;
template <class T>
inline constexpr bool kIsTimePoint = false;
template <class Clock, class D>
inline constexpr bool kIsTimePoint<std::chrono::time_point<Clock, D>> = true;

// A number that fits a Number exactly; nlohmann's own conversion truncates.
template <class Number, class Json>
Number exact_number(const Json& json) {
  if constexpr (std::is_floating_point_v<Number>) {
    if (json.is_number()) return json.template get<Number>();
  } else {
    if (json.is_number_unsigned()) {
      const auto number = json.template get<std::uint64_t>();
      if (std::in_range<Number>(number)) return static_cast<Number>(number);
    } else if (json.is_number_integer()) {
      const auto number = json.template get<std::int64_t>();
      if (std::in_range<Number>(number)) return static_cast<Number>(number);
    }
  }
  throw JsonMismatch("expected a number that fits its type, found " +
                     std::string(json.type_name()));
}

}  // namespace reprise::internal

namespace nlohmann {

// The value, or null.
template <class T>
requires reprise::internal::kIsOptional<T>
struct adl_serializer<T, void> {
  template <class Json>
  static void to_json(Json& json, const T& value) {
    if (!value) {
      json = nullptr;
      return;
    }
    json = Json(*value);
    if (!json.is_null()) return;
    throw reprise::internal::JsonMismatch(
        "an optional that holds null cannot be told apart from an empty one");
  }
  template <class Json>
  static void from_json(const Json& json, T& value) {
    if (json.is_null()) {
      value.reset();
    } else {
      value.emplace(json.template get<typename T::value_type>());
    }
  }
};

// [index, value], as in payloads: alternatives may be appended, not reordered.
template <class T>
requires reprise::internal::kIsVariant<T>
struct adl_serializer<T, void> {
  template <class Json>
  static void to_json(Json& json, const T& value) {
    json = Json::array();
    json.emplace_back(value.index());
    std::visit([&json](const auto& held) { json.emplace_back(held); }, value);
  }
  template <class Json>
  static void from_json(const Json& json, T& value) {
    using reprise::internal::JsonMismatch;
    if (!json.is_array()) {
      throw JsonMismatch("type must be [index, value], but is " + std::string(json.type_name()));
    }
    if (json.size() != 2) throw JsonMismatch("a variant is [index, value]");
    const auto index = reprise::internal::exact_number<std::size_t>(json[0]);
    const auto read = [&]<std::size_t I>(std::in_place_index_t<I>) {
      if (index != I) return false;
      value.template emplace<I>(json[1].template get<std::variant_alternative_t<I, T>>());
      return true;
    };
    const bool known = [&]<std::size_t... I>(std::index_sequence<I...>) {
      return (read(std::in_place_index<I>) || ...);
    }
    (std::make_index_sequence<std::variant_size_v<T>>{});
    if (!known) throw JsonMismatch("a variant has no alternative " + std::to_string(index));
  }
};

template <class T>
requires std::same_as<T, std::monostate>
struct adl_serializer<T, void> {
  template <class Json>
  static void to_json(Json& json, const T&) {
    json = nullptr;
  }
  template <class Json>
  static void from_json(const Json& json, T&) {
    if (json.is_null()) return;
    throw reprise::internal::JsonMismatch("type must be null, but is " +
                                          std::string(json.type_name()));
  }
};

// As the number of its periods; the unit is part of the type.
template <class T>
requires reprise::internal::kIsDuration<T>
struct adl_serializer<T, void> {
  template <class Json>
  static void to_json(Json& json, const T& value) {
    json = value.count();
  }
  template <class Json>
  static void from_json(const Json& json, T& value) {
    value = T(reprise::internal::exact_number<typename T::rep>(json));
  }
};

// As its duration since the clock's epoch.
template <class T>
requires reprise::internal::kIsTimePoint<T>
struct adl_serializer<T, void> {
  template <class Json>
  static void to_json(Json& json, const T& value) {
    json = value.time_since_epoch().count();
  }
  template <class Json>
  static void from_json(const Json& json, T& value) {
    value = T(typename T::duration(reprise::internal::exact_number<typename T::rep>(json)));
  }
};

}  // namespace nlohmann
