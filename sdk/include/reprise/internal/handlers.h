// Handlers of signals, queries and updates, as functions of bytes.
#pragma once
#include <functional>
#include <reprise/error.h>
#include <reprise/failure.h>
#include <reprise/internal/opaque.h>
#include <reprise/internal/payload.h>
#include <reprise/pending.h>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace reprise {

class Context;

namespace internal {

// Reads a handler's signals, as the type named.
struct SignalReader {
  ReadSignal read;
  std::string_view type;
};
template <class T>
constexpr SignalReader signal_reader() {
  return {&read_signal<T>, type_name<T>()};
}

// Handlers that stay until the run's code leaves memory.
struct Handlers {
  // The handler is called with the SpawnBox into which `reader` has decoded the signal.
  static void signal(Context& ctx,
                     std::string_view name,
                     SignalReader reader,
                     std::function<void(SpawnResult&)> handler);
  static void query(Context& ctx,
                    std::string_view name,
                    std::function<std::string(std::string_view)> handler);
  static void update(Context& ctx,
                     std::string_view name,
                     std::function<std::string(std::string_view)> handler,
                     std::function<void(std::string_view)> check = {});
};

template <class Fn, class S>
inline constexpr bool kHandles = false;
template <class Fn, class R, class... A>
inline constexpr bool kHandles<Fn, R(A...)> = std::is_invocable_r_v<R, Fn&, const A&...>;

// A request that does not decode is its sender's mistake: it fails, and the run goes on.
template <class... A>
std::tuple<A...> decode_request(std::string_view input) {
  try {
    return decode_arguments<A...>(input);
  } catch (const PayloadError& error) {
    throw ApplicationFailure(std::string(error.code()), error.what(), false);
  }
}

// A typed handler as bytes to bytes.
template <class R, class... A, class Fn>
std::function<std::string(std::string_view)> erase_handler(Fn fn) {
  return [fn = std::move(fn)](std::string_view input) mutable {
    const std::tuple<A...> arguments = decode_request<A...>(input);
    return encode_call<R>([&] { return std::apply(fn, arguments); });
  };
}

// The check of a handler: a function of the same arguments that returns nothing.
template <class Fn, class S>
inline constexpr bool kChecks = false;
template <class Fn, class R, class... A>
inline constexpr bool kChecks<Fn, R(A...)> = std::is_invocable_r_v<void, Fn&, const A&...>;

template <class... A, class Fn>
std::function<void(std::string_view)> erase_check(Fn fn) {
  return [fn = std::move(fn)](std::string_view input) mutable {
    const std::tuple<A...> arguments = decode_request<A...>(input);
    std::apply(fn, arguments);
  };
}

template <class S>
struct CheckOf;
template <class R, class... A>
struct CheckOf<R(A...)> {
  template <class Fn>
  static std::function<void(std::string_view)> erase(Fn fn) {
    return erase_check<A...>(std::move(fn));
  }
};

}  // namespace internal
}  // namespace reprise
