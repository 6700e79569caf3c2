// The workflow of this sample: an order is refunded if a person agrees. The person decides in
// another program, perhaps days later.
#pragma once
#include <chrono>
#include <reprise/reprise.h>
#include <string>

namespace human_task {

using namespace std::chrono_literals;

inline constexpr reprise::Activity<bool(std::string)> ask_desk{"ask_desk"};
inline constexpr reprise::Activity<void(std::string)> pay_back{"pay_back"};
inline constexpr reprise::Workflow<std::string(std::string)> refund{"refund"};

// `ask_desk` looks like any other activity here. Its attempt is open until the desk decides, or for
// a week; then it asks once more.
inline std::string run_refund(reprise::Context& ctx, const std::string& order) {
  const bool agreed =
      ctx.call(ask_desk(order), {.start_to_close = 24h * 7, .retry = {.maximum_attempts = 2}});
  if (!agreed) return order + " is not refunded";
  ctx.call(pay_back(order));
  return order + " is refunded";
}

}  // namespace human_task
