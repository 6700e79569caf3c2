// The workflow of the snapshots of reports, in several versions.
#pragma once
#include <reprise/reprise.h>

namespace shop {

int checkout(reprise::Context& ctx, int order);  // reserve, then charge
int checkout_later(reprise::Context& ctx, int order);
int checkout_by_bill(reprise::Context& ctx, int order);
int checkout_for_nothing(reprise::Context& ctx, int order);
int checkout_when_packed(reprise::Context& ctx, int order);
int checkout_doubled(reprise::Context& ctx, int order);
int give_up_first(reprise::Context& ctx, int order);
int give_up_second(reprise::Context& ctx, int order);
int reserve_and_charge(reprise::Context& ctx, int order);
int charge_and_reserve(reprise::Context& ctx, int order);
int ask_price(reprise::Context& ctx, int order);
int ask_plain_price(reprise::Context& ctx, int order);
int with_fees(reprise::Context& ctx, int order);
int without_fees(reprise::Context& ctx, int order);
int pick(reprise::Context& ctx, int order);
int pick_number(reprise::Context& ctx, int order);
int charge_rich(reprise::Context& ctx, int order);
int charge_richest(reprise::Context& ctx, int order);
int tell_the_bank(reprise::Context& ctx, int order);
int tell_another_bank(reprise::Context& ctx, int order);
int show_text(reprise::Context& ctx, int order);
int show_number(reprise::Context& ctx, int order);
int renew(reprise::Context& ctx, int order);
int renew_yearly(reprise::Context& ctx, int order);
int renew_in_place(reprise::Context& ctx, int order);
int renew_doubled(reprise::Context& ctx, int order);
int ship(reprise::Context& ctx, int order);
int ship_letter(reprise::Context& ctx, int order);
int ship_elsewhere(reprise::Context& ctx, int order);
int ship_doubled(reprise::Context& ctx, int order);
int ship_number(reprise::Context& ctx, int order);
int ship_and_give_up(reprise::Context& ctx, int order);
int ship_and_wait(reprise::Context& ctx, int order);
int give_up_patiently(reprise::Context& ctx, int order);
int give_up_nothing(reprise::Context& ctx, int order);
int give_up_in_another_mode(reprise::Context& ctx, int order);
int two_strands(reprise::Context& ctx, int order);

}  // namespace shop
