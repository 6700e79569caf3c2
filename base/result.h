// Result<T>: a value or an Error, with the member names of std::expected. No exception crosses a
// layer below the SDK, so every fallible function there returns one of these.
#pragma once
#include <optional>
#include <utility>
#include <variant>

#include "base/check.h"
#include "base/error.h"

namespace reprise::base {

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value)
      : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT(google-explicit-constructor)
  Result(Error error)
      : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }
  T& value() & {
    REPRISE_CHECK(has_value(), "value() of an error");
    return *std::get_if<0>(&state_);
  }
  const T& value() const& {
    REPRISE_CHECK(has_value(), "value() of an error");
    return *std::get_if<0>(&state_);
  }
  T&& value() && { return std::move(value()); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(value()); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  const Error& error() const {
    REPRISE_CHECK(!has_value(), "error() of a value");
    return *std::get_if<1>(&state_);
  }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

  bool has_value() const { return !error_.has_value(); }
  explicit operator bool() const { return has_value(); }
  const Error& error() const {
    REPRISE_CHECK(error_.has_value(), "error() of a value");
    return *error_;
  }

 private:
  std::optional<Error> error_;
};

using Status = Result<void>;

}  // namespace reprise::base
