// The shop of the documentation: a contract that workflow, worker, client and test share.
#pragma once
#include <reprise/json.h>
#include <reprise/reprise.h>
#include <string>

namespace shop {

struct Order {
  std::string sku;
  int cents = 0;
};
struct Receipt {
  std::string charge_id;
};
struct Approval {
  std::string by;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Order, sku, cents)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Receipt, charge_id)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Approval, by)
enum class Stage { kWaiting, kCharging, kShipping, kDone };

inline constexpr reprise::Workflow<Receipt(Order)> checkout{"checkout"};
inline constexpr reprise::Activity<Receipt(Order)> charge{"charge"};
inline constexpr reprise::Activity<void(Order)> ship{"ship"};
inline constexpr reprise::Activity<void(Receipt)> refund{"refund"};
inline constexpr reprise::Activity<int(std::string, Order)> quote{"quote"};
inline constexpr reprise::Signal<Approval> approve{"approve"};
inline constexpr reprise::Query<Stage()> stage{"stage"};
inline constexpr reprise::Update<int(int)> set_limit{"set_limit"};

}  // namespace shop
