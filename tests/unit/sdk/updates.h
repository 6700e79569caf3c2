// Workflows that handle updates, for tests.
#pragma once
#include <chrono>
#include <string>

#include "reprise/reprise.h"

namespace reprise::updates {

// "RP3035", or the type of an ApplicationFailure that `call` throws.
template <class Fn>
std::string error_of(Fn call) {
  try {
    call();
    return "none";
  } catch (const Error& error) {
    return std::string(error.code());
  } catch (const ApplicationFailure& failure) {
    return std::string(failure.type());
  }
}

inline constexpr Workflow<int()> counter{"counter"};
inline constexpr Update<int(int)> add{"add"};
inline constexpr Update<int(int)> subtract{"subtract"};
inline constexpr Signal<int> number{"number"};
inline constexpr Signal<> finish{"finish"};

// Adds up; `check` is called before.
template <class Check>
auto counting(Check check) {
  return [check](Context& ctx) {
    int sum = 0;
    const auto registration = ctx.accept(
        add, [&](int value) { return sum += value; },
        [&, check](int value) { check(ctx, sum, value); });
    const auto numbers = ctx.spawn([&] {
      for (auto inbox = ctx.inbox(number);;) sum += inbox.next().get();
    });
    ctx.inbox(finish).next().get();
    ctx.finish_handlers();
    return sum;
  };
}

inline void positive(Context&, int, int value) {
  if (value <= 0) throw ApplicationFailure("NotPositive", std::to_string(value));
}

// Each update takes an hour.
inline int count_slowly(Context& ctx) {
  int sum = 0;
  const auto registration = ctx.accept(add, [&](int value) {
    ctx.sleep(std::chrono::hours(1));
    return sum += value;
  });
  const auto other = ctx.accept(subtract, [&](int value) { return sum -= value; });
  ctx.inbox(finish).next().get();
  ctx.finish_handlers();
  return sum;
}

inline constexpr Workflow<int(int, int)> chain{"chain"};

inline int run_chain(Context& ctx, int links, int sum) {
  const auto registration = ctx.accept(add, [&](int value) { return sum += value; });
  ctx.inbox(number).next().get();
  if (links > 0) ctx.continue_as_new(chain(links - 1, sum));
  return sum;
}

}  // namespace reprise::updates
