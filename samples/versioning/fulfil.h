// The workflow of this sample at every stage of a change. In a program of yours there is one
// function, and version control has the older ones; here all are needed to show what happens.
#pragma once
#include <reprise/reprise.h>
#include <string>

namespace versioning {

inline constexpr reprise::Workflow<std::string(std::string)> fulfil{"fulfil"};
inline constexpr reprise::Activity<void(std::string)> check_fraud{"check_fraud"};  // new
inline constexpr reprise::Activity<void(std::string)> pick{"pick"};
inline constexpr reprise::Activity<void(std::string)> ship{"ship"};
inline constexpr reprise::Signal<std::string> paid{"paid"};  // by whom

inline std::string run_fulfil_old(reprise::Context& ctx, const std::string& order) {
  ctx.call(pick(order));
  const std::string payer = ctx.inbox(paid).next().get();
  ctx.call(ship(order));
  return order + " was shipped and paid by " + payer;
}

// The change: orders are checked for fraud first. Like this it parks the orders that were picked
// without a check, with error RP2001: their logs do not know of one.
inline std::string run_fulfil_careless(reprise::Context& ctx, const std::string& order) {
  ctx.call(check_fraud(order));
  ctx.call(pick(order));
  const std::string payer = ctx.inbox(paid).next().get();
  ctx.call(ship(order));
  return order + " was shipped and paid by " + payer;
}

// Stage 1. patched() is false for a run that passed this place under the old code, and true for
// every other, for as long as it lives.
inline std::string run_fulfil_patched(reprise::Context& ctx, const std::string& order) {
  if (ctx.patched("fraud-check")) ctx.call(check_fraud(order));
  ctx.call(pick(order));
  const std::string payer = ctx.inbox(paid).next().get();
  ctx.call(ship(order));
  return order + " was shipped and paid by " + payer;
}

// Stage 2, when no run that was told false is open: the old branch is gone. Runs of stage 1 have
// an event that says "fraud-check", which the code must go on asking for.
inline std::string run_fulfil_deprecated(reprise::Context& ctx, const std::string& order) {
  ctx.deprecate_patch("fraud-check");
  ctx.call(check_fraud(order));
  ctx.call(pick(order));
  const std::string payer = ctx.inbox(paid).next().get();
  ctx.call(ship(order));
  return order + " was shipped and paid by " + payer;
}

// Stage 3, when no run of stage 1 is open either: nothing is left of the change but the change.
inline std::string run_fulfil_removed(reprise::Context& ctx, const std::string& order) {
  ctx.call(check_fraud(order));
  ctx.call(pick(order));
  const std::string payer = ctx.inbox(paid).next().get();
  ctx.call(ship(order));
  return order + " was shipped and paid by " + payer;
}

}  // namespace versioning
