// How a function hands out, one at a time, what is too much or too short-lived to be returned. What
// it takes is a Visitor, and what it returns is a Status:
//
//   base::Status scan(base::Visitor<std::string_view> visit) {
//     for (...) {
//       if (const Visited seen = visit(bytes); !seen.goes_on()) return seen.status();
//     }
//     return {};
//   }
//
// An error of the visitor ends the visit and is what the function returns; so nobody needs a
// variable for it. A visitor that has seen enough ends it without an error.
#pragma once
#include <memory>
#include <type_traits>
#include <utility>

#include "base/result.h"

namespace reprise::base {

enum class Next : bool { kStop, kGoOn };
constexpr Next go_on_if(bool more) {
  return more ? Next::kGoOn : Next::kStop;
}

// What a visitor answers.
class [[nodiscard]] Visited {
 public:
  Visited(Next next) : goes_on_(next == Next::kGoOn) {}  // NOLINT(google-explicit-constructor)
  Visited(Error error) : status_(std::move(error)) {}    // NOLINT(google-explicit-constructor)
  // An error, or everything is well: go on.
  Visited(Status status)  // NOLINT(google-explicit-constructor)
      : status_(std::move(status)), goes_on_(status_.has_value()) {}

  bool goes_on() const { return goes_on_; }
  // Of the visit that ends with this answer.
  const Status& status() const { return status_; }

 private:
  Status status_;
  bool goes_on_ = false;
};

// Refers to a callable, as a FunctionRef does. It returns what it has to say: nothing when it wants
// to see everything, Next when it may have seen enough, Status when it may fail, Visited when both.
template <class... A>
class Visitor {
 public:
  template <class F, class R = std::invoke_result_t<F&, A...>>
  requires(!std::is_same_v<std::remove_cvref_t<F>, Visitor> &&
           (std::is_void_v<R> || std::is_convertible_v<R, Visited>))
      Visitor(F&& callable)  // NOLINT(google-explicit-constructor)
      : object_(const_cast<void*>(static_cast<const void*>(std::addressof(callable)))),
        call_(&call<std::remove_reference_t<F>>) {}

  Visited operator()(A... args) const { return call_(object_, std::forward<A>(args)...); }

 private:
  template <class F>
  static Visited call(void* object, A... args) {
    F& callable = *static_cast<F*>(object);
    if constexpr (std::is_void_v<std::invoke_result_t<F&, A...>>) {
      callable(std::forward<A>(args)...);
      return Next::kGoOn;
    } else {
      return callable(std::forward<A>(args)...);
    }
  }

  void* object_;
  Visited (*call_)(void*, A...);
};

}  // namespace reprise::base
