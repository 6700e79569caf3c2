#include "ledger.h"

#include <algorithm>
#include <map>
#include <stdexcept>

namespace order_saga {
namespace {

constexpr const char* kSchema = R"(
  CREATE TABLE IF NOT EXISTS orders (
    id TEXT PRIMARY KEY, sku TEXT, quantity INTEGER, cents INTEGER) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS stock (
    sku TEXT PRIMARY KEY, delivered INTEGER, on_shelf INTEGER) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS till (cents INTEGER);
  CREATE TABLE IF NOT EXISTS effects (
    key TEXT PRIMARY KEY, order_id TEXT, kind TEXT,
    reply INTEGER,       -- Reply: 0 done, 1 refused, 2 no answer yet
    reason TEXT,         -- of a refusal
    units INTEGER, cents INTEGER,  -- what this effect has moved
    deliveries INTEGER,  -- how often the service was asked
    duplicates INTEGER   -- how often after it had answered
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS effects_of_order ON effects(order_id);
  CREATE TABLE IF NOT EXISTS slips (
    number INTEGER PRIMARY KEY, order_id TEXT UNIQUE, packed INTEGER DEFAULT 0);
  CREATE INDEX IF NOT EXISTS open_slips ON slips(number) WHERE packed = 0;
)";

// What the workflow log calls done must be done in the ledger too, even after a power failure. So
// the ledger is synced as carefully as the log: synchronous = NORMAL in WAL mode would survive a
// killed process, but a power failure could take back effects that the log already counts on.
Database open_database(const std::filesystem::path& file) {
  Database database(file, Database::Mode::kReadWrite);
  database.run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
  database.run(kSchema);
  return database;
}

}  // namespace

// The first delivery of a key creates its row; later ones are counted in it.
Ledger::Statements::Statements(Database& database)
    : deliver(database.prepare("INSERT INTO effects VALUES (?, ?, ?, 2, '', 0, 0, 1, 0)"
                               " ON CONFLICT (key) DO UPDATE SET deliveries = deliveries + 1,"
                               " duplicates = duplicates + (reply <> 2)"
                               " RETURNING reply, reason, deliveries")),
      answer(database.prepare("UPDATE effects SET reply = ?, reason = ?, units = ?, cents = ?"
                              " WHERE key = ?")),
      move_stock(database.prepare("UPDATE stock SET on_shelf = on_shelf + ?1"
                                  " WHERE sku = ?2 AND on_shelf + ?1 >= 0")),
      move_money(database.prepare("UPDATE till SET cents = cents + ?")),
      add_slip(database.prepare("INSERT INTO slips (order_id) VALUES (?)")),
      pack_slip(database.prepare("UPDATE slips SET packed = 1 WHERE number = ?")) {}

Ledger::Ledger(const std::filesystem::path& file)
    : database_(open_database(file)), sql_(database_), writer_(database_) {}

void Ledger::open_for(const std::vector<Order>& orders) {
  writer_.write([&] {
    if (is_new()) return enter(orders);
    if (!is_for(orders))
      throw std::runtime_error(
          "the data directory belongs to another file of orders; give that file, or another "
          "directory");
    auto row = database_.prepare("SELECT ifnull(sum(deliveries), 0) FROM effects");
    if (row.step()) deliveries_ = row.number(0);
  });
}

bool Ledger::is_new() {
  return !database_.prepare("SELECT 1 FROM orders").step();
}

bool Ledger::is_for(const std::vector<Order>& orders) {
  auto known = database_.prepare(
      "SELECT 1 FROM orders WHERE id = ? AND sku = ? AND quantity = ? AND cents = ?");
  auto count = database_.prepare("SELECT count(*) FROM orders");
  return count.step() && count.number(0) == static_cast<std::int64_t>(orders.size()) &&
         std::ranges::all_of(orders, [&](const Order& order) {
           return known.with(order.id, order.sku, order.quantity, order.cents).step();
         });
}

void Ledger::enter(const std::vector<Order>& orders) {
  auto add = database_.prepare("INSERT INTO orders VALUES (?, ?, ?, ?)");
  std::map<std::string, int> delivered;
  for (const Order& order : orders) {
    add.with(order.id, order.sku, order.quantity, order.cents).run();
    delivered[order.sku] += order.flag == Flag::kSoldOut ? 0 : order.quantity;
  }
  auto stock = database_.prepare("INSERT INTO stock VALUES (?1, ?2, ?2)");
  for (const auto& [sku, units] : delivered) stock.with(sku, units).run();
  database_.run("INSERT INTO till VALUES (0)");
}

Answer Ledger::post(const Posting& posting) {
  Answer answer;
  writer_.write([&] { answer = apply(posting); });
  ++deliveries_;
  return answer;
}

Answer Ledger::apply(const Posting& posting) {
  sql_.deliver.with(posting.key, posting.order, posting.kind).step();
  Answer stored{static_cast<Reply>(sql_.deliver.number(0)), sql_.deliver.text(1)};
  const bool is_out = sql_.deliver.number(2) <= posting.outages;
  sql_.deliver.reset();
  if (stored.reply != Reply::kNoAnswer || is_out) return stored;

  Answer answer = decide(posting);
  const bool moves = answer.reply == Reply::kDone;
  const int reply = static_cast<int>(answer.reply);
  sql_.answer
      .with(reply, answer.reason, moves ? posting.units : 0, moves ? posting.cents : 0, posting.key)
      .run();
  return answer;
}

Answer Ledger::decide(const Posting& posting) {
  if (!posting.refusal.empty()) return {Reply::kRefused, std::string(posting.refusal)};
  if (posting.units != 0) {
    sql_.move_stock.with(posting.units, posting.sku).run();
    if (database_.changes() == 0) return {Reply::kRefused, "sold out"};
  }
  if (posting.cents != 0) sql_.move_money.with(posting.cents).run();
  if (posting.slip) sql_.add_slip.with(posting.order).run();
  return {Reply::kDone, ""};
}

void Ledger::mark_packed(const std::vector<Slip>& slips) {
  writer_.write([&] {
    for (const Slip& slip : slips) sql_.pack_slip.with(slip.number).run();
  });
}

}  // namespace order_saga
