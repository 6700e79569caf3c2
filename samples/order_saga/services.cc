#include "services.h"

#include <stdexcept>
#include <string>

#include "contract.h"

namespace order_saga {
namespace {

// What each request moves, and how the service answers.

Posting reserving(const Order& order) {
  return {.sku = order.sku,
          .units = -order.quantity,
          .refusal = order.flag == Flag::kSoldOut ? "sold out" : ""};
}

Posting releasing(const Order& order) {
  return {.sku = order.sku, .units = order.quantity};
}

Posting charging(const Order& order) {
  return {.cents = order.cents,
          .refusal = order.flag == Flag::kDeclined ? "the bank declined the card" : ""};
}

Posting refunding(const Order& order) {
  return {.cents = -order.cents};
}

Posting requesting_packing(const Order& order) {
  return {.slip = order.flag != Flag::kNeverPacked};
}

Posting shipping(const Order& order) {
  return {.refusal = order.flag == Flag::kUndeliverable ? "nobody lives at the address" : "",
          .outages = order.flag == Flag::kFlaky ? 2 : 0};
}

// Throws the right exception for the engine: no answer means another attempt, a "no" is final.
void deliver(Ledger& ledger,
             const reprise::ActivityContext& ctx,
             std::string_view kind,
             const Order& order,
             Posting posting) {
  posting.key = ctx.idempotency_key();
  posting.order = order.id;
  posting.kind = kind;
  const Answer answer = ledger.post(posting);
  if (answer.reply == Reply::kNoAnswer) throw std::runtime_error("the service did not answer");
  if (answer.reply == Reply::kRefused)
    throw reprise::ApplicationFailure("Refused", answer.reason, /*retryable=*/false);
}

}  // namespace

void implement_services(reprise::Worker& worker, Ledger& ledger) {
  using Definition = reprise::Activity<void(Order)>;
  const auto add = [&](const Definition& activity, Posting (*request)(const Order&)) {
    worker.implement(
        activity, [&ledger, activity, request](reprise::ActivityContext& ctx, const Order& order) {
          deliver(ledger, ctx, activity.name(), order, request(order));
        });
  };
  add(reserve, reserving);
  add(release, releasing);
  add(charge, charging);
  add(refund, refunding);
  add(request_packing, requesting_packing);
  worker.implement(ship, [&ledger](reprise::ActivityContext& ctx, const Order& order) {
    deliver(ledger, ctx, ship.name(), order, shipping(order));
    return "parcel-of-" + order.id;
  });
}

}  // namespace order_saga
