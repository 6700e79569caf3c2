#include "books.h"

namespace order_saga {

Books::Books(const std::filesystem::path& file) : database_(file, Database::Mode::kReadOnly) {}

std::vector<Account> Books::accounts() {
  // Reply 0 is kDone: refused and unanswered requests have no effect.
  auto rows = database_.prepare(R"(
      SELECT o.id, o.sku, o.quantity, o.cents,
             count(*) FILTER (WHERE e.kind = 'charge'), count(*) FILTER (WHERE e.kind = 'refund'),
             count(*) FILTER (WHERE e.kind = 'reserve'), count(*) FILTER (WHERE e.kind = 'release'),
             count(*) FILTER (WHERE e.kind = 'ship'),
             ifnull(sum(e.units), 0), ifnull(sum(e.cents), 0)
      FROM orders o LEFT JOIN effects e ON e.order_id = o.id AND e.reply = 0
      GROUP BY o.id ORDER BY o.id)");
  const auto times = [&](int column) { return static_cast<int>(rows.number(column)); };
  std::vector<Account> accounts;
  while (rows.step())
    accounts.push_back({.id = rows.text(0),
                        .sku = rows.text(1),
                        .quantity = rows.number(2),
                        .cents = rows.number(3),
                        .charged = times(4),
                        .refunded = times(5),
                        .reserved = times(6),
                        .released = times(7),
                        .shipped = times(8),
                        .units_moved = rows.number(9),
                        .cents_moved = rows.number(10)});
  return accounts;
}

std::vector<Shelf> Books::shelves() {
  auto rows = database_.prepare("SELECT sku, delivered, on_shelf FROM stock ORDER BY sku");
  std::vector<Shelf> shelves;
  while (rows.step()) shelves.push_back({rows.text(0), rows.number(1), rows.number(2)});
  return shelves;
}

std::int64_t Books::till() {
  auto row = database_.prepare("SELECT ifnull(sum(cents), 0) FROM till");
  row.step();
  return row.number(0);
}

Deliveries Books::deliveries() {
  auto row = database_.prepare(
      "SELECT ifnull(sum(deliveries), 0), ifnull(sum(duplicates), 0) FROM effects");
  row.step();
  return {row.number(0), row.number(1)};
}

Standing Books::standing() {
  auto row = database_.prepare(R"(
      SELECT (SELECT count(*) FROM orders), count(DISTINCT order_id) FROM effects
      WHERE (kind IN ('ship', 'release') AND reply = 0) OR (kind = 'reserve' AND reply = 1))");
  row.step();
  return {row.number(0), row.number(1)};
}

std::vector<Slip> Books::slips(int packer, int packers, int limit) {
  auto rows = database_.prepare(
      "SELECT number, order_id FROM slips WHERE packed = 0 AND number % ? = ?"
      " ORDER BY number LIMIT ?");
  rows.with(packers, packer, limit);
  std::vector<Slip> slips;
  while (rows.step()) slips.push_back({rows.number(0), rows.text(1)});
  return slips;
}

}  // namespace order_saga
