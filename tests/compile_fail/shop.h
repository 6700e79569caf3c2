// The contract that the misuses are about.
#pragma once
#include <reprise/reprise.h>
#include <string>

namespace shop {

struct Order {
  std::string sku;
  int cents = 0;
};
struct Approval {
  std::string by;
};
enum class Stage { kWaiting, kDone };

inline constexpr reprise::Workflow<std::string(Order)> checkout{"checkout"};
inline constexpr reprise::Activity<std::string(Order)> charge{"charge"};
inline constexpr reprise::Activity<int(std::string, Order)> quote{"quote"};
inline constexpr reprise::Signal<Approval> approve{"approve"};
inline constexpr reprise::Query<Stage()> stage{"stage"};
inline constexpr reprise::Update<int(int)> set_limit{"set_limit"};

}  // namespace shop

template <>
struct reprise::Codec<shop::Order> {
  static void encode(CborWriter& out, const shop::Order& order);
  static shop::Order decode(CborReader& in);
};
template <>
struct reprise::Codec<shop::Approval> {
  static void encode(CborWriter& out, const shop::Approval& approval);
  static shop::Approval decode(CborReader& in);
};
