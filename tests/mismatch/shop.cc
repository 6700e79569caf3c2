// Workflows whose code changed under their runs. With the #line directives the positions in the
// snapshots are those of an imaginary file, whatever is added above; a user's stack looks like
// this.
#include "tests/mismatch/shop.h"

#include <map>
#include <string>

namespace shop {

using namespace std::chrono_literals;
using reprise::Activity;
using reprise::Context;
using reprise::Signal;
using reprise::Workflow;

namespace {

constexpr Activity<int(int)> reserve{"reserve"};
constexpr Activity<int(int)> charge{"charge"};
constexpr Activity<int(int)> bill{"bill"};
constexpr Activity<std::map<std::string, int>(int)> price{"price"};
constexpr Activity<int(int)> plain_price{"price"};
constexpr Signal<int> packed{"packed"};
constexpr Workflow<int(int)> renewal{"renewal"};
constexpr Workflow<int(int)> yearly_renewal{"yearly-renewal"};
constexpr Workflow<std::string(int)> parcel{"parcel"};
constexpr Workflow<std::string(int)> letter{"letter"};
constexpr Workflow<int(int)> parcel_number{"parcel"};
constexpr Workflow<int(int)> in_place{"test"};

}  // namespace

// Not inlined, and with code after the call: so the frame exists whatever the compiler does.
// clang-format off
#line 10 "shop/checkout.cc"
[[gnu::noinline]] int take_money(Context& ctx, int order) {
  const int charged = ctx.call(charge(order));
  return charged + 1;
}

#line 20
[[gnu::noinline]] int take_money_later(Context& ctx, int order) {
  ctx.sleep(24h);
  return order + 1;
}

#line 30
[[gnu::noinline]] int send_bill(Context& ctx, int order) {
  const int billed = ctx.call(bill(order));
  return billed + 1;
}

#line 40
int checkout(Context& ctx, int order) {
  const int reserved = ctx.call(reserve(order));
  return reserved + take_money(ctx, order);
}

#line 50
int checkout_later(Context& ctx, int order) {
  const int reserved = ctx.call(reserve(order));
  return reserved + take_money_later(ctx, order);
}

#line 60
int checkout_by_bill(Context& ctx, int order) {
  const int reserved = ctx.call(reserve(order));
  return reserved + send_bill(ctx, order);
}

#line 70
int checkout_for_nothing(Context& ctx, int order) {
  const int reserved = ctx.call(reserve(order));
  return reserved + 1;
}

#line 80
int checkout_when_packed(Context& ctx, int order) {
  const int reserved = ctx.call(reserve(order));
  const int parcels = ctx.inbox(packed).next().get();
  return reserved + parcels + take_money(ctx, order);
}

#line 90
int checkout_doubled(Context& ctx, int order) {
  const int reserved = ctx.call(reserve(order));
  return reserved + take_money(ctx, 2 * order);
}

#line 100
int give_up_first(Context& ctx, int order) {
  auto first = ctx.start(reserve(order));
  auto second = ctx.start(reserve(order + 1));
  first.cancel();
  return second.get();
}

#line 110
int give_up_second(Context& ctx, int order) {
  auto first = ctx.start(reserve(order));
  auto second = ctx.start(reserve(order + 1));
  second.cancel();
  return first.get();
}

#line 120
int reserve_and_charge(Context& ctx, int order) {
  auto reserved = ctx.start(reserve(order));
  auto charged = ctx.start(charge(order));
  return reserved.get() + charged.get();
}

#line 130
int charge_and_reserve(Context& ctx, int order) {
  auto charged = ctx.start(charge(order));
  auto reserved = ctx.start(reserve(order));
  return reserved.get() + charged.get();
}

#line 140
int ask_price(Context& ctx, int order) {
  const auto prices = ctx.call(price(order));
  return prices.at("cents") + take_money(ctx, order);
}

#line 150
int ask_plain_price(Context& ctx, int order) {
  const int cents = ctx.call(plain_price(order));
  return cents + take_money(ctx, order);
}

#line 160
int with_fees(Context& ctx, int order) {
  const int fee = ctx.patched("fees") ? 5 : 0;
  return fee + take_money(ctx, order);
}

#line 170
int without_fees(Context& ctx, int order) {
  return take_money(ctx, order) - 1;
}

#line 180
int pick(Context& ctx, int order) {
  const auto shelf = ctx.step("pick", [order] { return std::to_string(order); });
  return static_cast<int>(shelf.size());
}

#line 190
int pick_number(Context& ctx, int order) {
  const int shelf = ctx.step("pick", [order] { return order; });
  return shelf + 1;
}

#line 200
int two_strands(Context& ctx, int order) {
  auto charged = ctx.spawn([&] { return take_money(ctx, order); });
  const int parcels = ctx.inbox(packed).next().get();
  return parcels + charged.get();
}

#line 210
int charge_rich(Context& ctx, int order) {
  const bool rich = ctx.decide("rich", order > 5);
  return rich ? take_money(ctx, order) + 1 : 0;
}

#line 220
int charge_richest(Context& ctx, int order) {
  const bool rich = ctx.decide("rich", order > 600);
  return rich ? take_money(ctx, order) + 1 : 0;
}

#line 230
int show_text(Context& ctx, int order) {
  ctx.set(reprise::Attribute<std::string>("order")(std::to_string(order)));
  return take_money(ctx, order) + 1;
}

#line 240
int show_number(Context& ctx, int order) {
  ctx.set(reprise::Attribute<std::int64_t>("order")(order));
  return take_money(ctx, order) + 1;
}

#line 250
int tell_the_bank(Context& ctx, int order) {
  ctx.external("bank").signal(packed(order));
  return take_money(ctx, order);
}

#line 260
int tell_another_bank(Context& ctx, int order) {
  ctx.external("bank-" + std::to_string(order)).signal(packed(order));
  return take_money(ctx, order);
}

#line 270
int renew(Context& ctx, int order) {
  const int charged = take_money(ctx, order);
  ctx.continue_as_new(renewal(charged));
}

#line 280
int renew_yearly(Context& ctx, int order) {
  const int charged = take_money(ctx, order);
  ctx.continue_as_new(yearly_renewal(charged));
}

#line 290
int ship(Context& ctx, int order) {
  const int reserved = ctx.call(reserve(order));
  const auto shipped = ctx.call(parcel(order), {.id = "parcel-1"});
  return reserved + static_cast<int>(shipped.size());
}

#line 300
int ship_letter(Context& ctx, int order) {
  const int reserved = ctx.call(reserve(order));
  const auto shipped = ctx.call(letter(order), {.id = "parcel-1"});
  return reserved + static_cast<int>(shipped.size());
}

#line 310
int ship_elsewhere(Context& ctx, int order) {
  const int reserved = ctx.call(reserve(order));
  const auto shipped = ctx.call(parcel(order), {.id = "parcel-" + std::to_string(order)});
  return reserved + static_cast<int>(shipped.size());
}

#line 320
int ship_doubled(Context& ctx, int order) {
  const int reserved = ctx.call(reserve(order));
  const auto shipped = ctx.call(parcel(2 * order), {.id = "parcel-1"});
  return reserved + static_cast<int>(shipped.size());
}

#line 330
int ship_number(Context& ctx, int order) {
  const int reserved = ctx.call(reserve(order));
  const int shipped = ctx.call(parcel_number(order), {.id = "parcel-1"});
  return reserved + shipped;
}

#line 340
int ship_and_give_up(Context& ctx, int order) {
  auto shipped = ctx.start(parcel(order), {.id = "parcel-1"});
  shipped.started();
  shipped.cancel();
  return static_cast<int>(shipped.get().size());
}

#line 350
int ship_and_wait(Context& ctx, int order) {
  auto shipped = ctx.start(parcel(order), {.id = "parcel-1"});
  shipped.started();
  return static_cast<int>(shipped.get().size());
}

#line 360
int give_up_patiently(Context& ctx, int order) {
  auto first = ctx.start(reserve(order), {.on_cancel = reprise::CancelMode::kWait});
  auto second = ctx.start(reserve(order + 1));
  first.cancel();
  return second.get();
}

#line 370
int give_up_nothing(Context& ctx, int order) {
  auto first = ctx.start(reserve(order), {.on_cancel = reprise::CancelMode::kWait});
  auto second = ctx.start(reserve(order + 1));
  return second.get() + first.get();
}

#line 380
int give_up_in_another_mode(Context& ctx, int order) {
  auto first = ctx.start(reserve(order), {.on_cancel = reprise::CancelMode::kAbandon});
  auto second = ctx.start(reserve(order + 1));
  first.cancel();
  return second.get();
}

#line 390
int renew_in_place(Context& ctx, int order) {
  const int charged = take_money(ctx, order);
  ctx.checkpoint(in_place(charged));
}

#line 400
int renew_doubled(Context& ctx, int order) {
  const int charged = take_money(ctx, order);
  ctx.checkpoint(in_place(2 * charged));
}
// clang-format on

}  // namespace shop
