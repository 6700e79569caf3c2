// The workflow of this sample before and after a change. In a program of yours there is one
// function, and version control has the old one; here both are needed to show what happens.
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

// The change: orders are checked for fraud first. A run that has picked its order already must not
// be checked any more, because its log does not know of a check. patched() tells the two apart:
// false for a run that passed this place under the old code, true for every other, for as long as
// it lives.
//
// Without patched() the old runs would be parked with error RP2001 until this line is put right.
// Once no old run is left, the condition can go.
inline std::string run_fulfil_new(reprise::Context& ctx, const std::string& order) {
  if (ctx.patched("fraud-check")) ctx.call(check_fraud(order));
  ctx.call(pick(order));
  const std::string payer = ctx.inbox(paid).next().get();
  ctx.call(ship(order));
  return order + " was shipped and paid by " + payer;
}

}  // namespace versioning
