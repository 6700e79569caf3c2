// What is traced: an order reserves an article, and a child run ships it.
#pragma once
#include <reprise/reprise.h>
#include <string>

namespace tracing {

inline constexpr reprise::Activity<void(std::string)> reserve{"reserve"};
inline constexpr reprise::Activity<std::string(std::string)> print_label{"print_label"};
inline constexpr reprise::Workflow<std::string(std::string)> order{"order"};
inline constexpr reprise::Workflow<std::string(std::string)> ship{"ship"};

inline std::string run_order(reprise::Context& ctx, const std::string& id) {
  ctx.call(reserve(id));
  return ctx.call(ship(id));
}

inline std::string run_ship(reprise::Context& ctx, const std::string& id) {
  return "shipped with label " + ctx.call(print_label(id));
}

}  // namespace tracing
