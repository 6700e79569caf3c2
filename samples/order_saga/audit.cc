#include "audit.h"

#include <algorithm>
#include <optional>

namespace order_saga {
namespace {

using Accounts = std::vector<Account>;

std::optional<Verdict> verdict_on(const Account& order, const Verdicts& verdicts) {
  const auto found = verdicts.find(order.id);
  if (found == verdicts.end()) return std::nullopt;
  return found->second;
}

std::string describe(const Account& order) {
  const auto times = [](const char* what, int count) {
    return std::string(", ") + what + " " + std::to_string(count) + "x";
  };
  return order.id + times("reserved", order.reserved) + times("released", order.released) +
         times("charged", order.charged) + times("refunded", order.refunded) +
         times("shipped", order.shipped) + ", " + std::to_string(order.cents_moved) + " of " +
         std::to_string(order.cents) + " cents in the till, " + std::to_string(-order.units_moved) +
         " of " + std::to_string(order.quantity) + " units off the shelf";
}

bool sums_to_zero(const Account& order) {
  return order.cents_moved == 0 && order.units_moved == 0 && order.shipped == 0;
}

bool is_sold(const Account& order) {
  return order.charged == 1 && order.refunded == 0 && order.cents_moved == order.cents &&
         order.reserved == 1 && order.released == 0 && order.units_moved == -order.quantity &&
         order.shipped == 1;
}

bool is_undone(const Account& order) {
  return order.charged == 1 && order.refunded == 1 && order.reserved == 1 && order.released == 1 &&
         sums_to_zero(order);
}

bool is_turned_down(const Account& order) {
  return order.charged == 0 && order.refunded == 0 && order.reserved == order.released &&
         sums_to_zero(order);
}

Check all_ended(const Accounts& accounts, const Verdicts& verdicts) {
  Check check{"every order has ended", {}};
  for (const Account& order : accounts)
    if (!verdicts.contains(order.id)) check.problems.push_back(order.id + " has not ended");
  return check;
}

Check all_with(Verdict verdict,
               std::string claim,
               bool (*holds)(const Account&),
               const Accounts& accounts,
               const Verdicts& verdicts) {
  Check check{std::move(claim), {}};
  for (const Account& order : accounts)
    if (verdict_on(order, verdicts) == verdict && !holds(order))
      check.problems.push_back(describe(order));
  return check;
}

Check stock_balances(const Accounts& accounts, const Verdicts& verdicts, Books& books) {
  std::map<std::string, std::int64_t> sold;
  for (const Account& order : accounts)
    if (verdict_on(order, verdicts) == Verdict::kCompleted) sold[order.sku] += order.quantity;

  Check check{"the stock balances: what was delivered is on the shelf or sold", {}};
  for (const Shelf& shelf : books.shelves())
    if (shelf.on_shelf != shelf.delivered - sold[shelf.sku])
      check.problems.push_back(shelf.sku + ": " + std::to_string(shelf.delivered) + " delivered, " +
                               std::to_string(sold[shelf.sku]) + " sold, but " +
                               std::to_string(shelf.on_shelf) + " on the shelf");
  return check;
}

Check till_balances(const Accounts& accounts, const Verdicts& verdicts, Books& books) {
  std::int64_t earned = 0;
  for (const Account& order : accounts)
    if (verdict_on(order, verdicts) == Verdict::kCompleted) earned += order.cents;

  Check check{"the till balances: it holds what the completed orders cost", {}};
  if (const auto till = books.till(); till != earned)
    check.problems.push_back("the completed orders cost " + std::to_string(earned) +
                             " cents, but the till holds " + std::to_string(till));
  return check;
}

}  // namespace

std::size_t count(const Verdicts& verdicts, Verdict wanted) {
  return static_cast<std::size_t>(std::ranges::count_if(
      verdicts, [wanted](const auto& entry) { return entry.second == wanted; }));
}

std::vector<Check> audit(Books& books, const Verdicts& verdicts) {
  const Accounts accounts = books.accounts();
  return {
      all_ended(accounts, verdicts),
      all_with(Verdict::kCompleted, "each completed order was charged once and shipped once",
               is_sold, accounts, verdicts),
      all_with(Verdict::kCompensated,
               "each compensated order sums to zero: refunded once, goods back on the shelf",
               is_undone, accounts, verdicts),
      all_with(Verdict::kRejected, "no rejected order was charged, shipped or kept its goods",
               is_turned_down, accounts, verdicts),
      stock_balances(accounts, verdicts, books),
      till_balances(accounts, verdicts, books),
  };
}

}  // namespace order_saga
