#include "tests/gdb/shop.h"

#include <map>

namespace shop {

namespace {

using namespace std::chrono_literals;

int pay(reprise::Context& ctx, int reserved) {
  int fee = 7;
  const int total = ctx.call(charge(reserved + fee));
  return total + fee;
}

[[gnu::noinline]] int price_of(const std::map<int, int>& prices, int parcels) {
  int shelf = parcels + 40;
  return prices.at(shelf) + shelf;
}

}  // namespace

int run_order(reprise::Context& ctx, const int& amount) {
  const int reserved = ctx.call(reserve(amount));
  auto reminder = ctx.spawn([&ctx] { ctx.sleep(24h); });
  const int total = pay(ctx, reserved);
  const int parcels = ctx.inbox(packed).next().get();
  return total * parcels;
}

int run_changed(reprise::Context& ctx, const int& amount) {
  int surprise = 5;
  const int reserved = ctx.call(reserve(amount));
  ctx.sleep(surprise * 1h);
  return pay(ctx, reserved) + surprise;
}

int run_careless(reprise::Context& ctx, const int& amount) {
  std::map<int, int> prices{{1, ctx.call(reserve(amount))}};
  int parcels = ctx.inbox(packed).next().get();
  const int price = price_of(prices, parcels);
  return price * parcels;
}

int run_many(reprise::Context& ctx, const int& rounds) {
  int sum = 0;
  for (int round = 0; round < rounds; ++round) sum += ctx.call(reserve(round));
  return sum;
}

int run_stock(reprise::Context& ctx, const int& round) {
  int stored = ctx.transaction("store goods", [round](reprise::Transaction& rows) {
    rows.put(shelves, "here", round);
    return round * 10;
  });
  if (round == 1) ctx.checkpoint(stock(round + 1));
  return stored;
}

}  // namespace shop
