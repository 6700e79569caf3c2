#include "tests/gdb/shop.h"

namespace shop {

namespace {

using namespace std::chrono_literals;

int pay(reprise::Context& ctx, int reserved) {
  int fee = 7;
  const int total = ctx.call(charge(reserved + fee));
  return total + fee;
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

int run_many(reprise::Context& ctx, const int& rounds) {
  int sum = 0;
  for (int round = 0; round < rounds; ++round) sum += ctx.call(reserve(round));
  return sum;
}

}  // namespace shop
