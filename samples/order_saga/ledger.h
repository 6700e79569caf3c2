// The books of the warehouse, the bank and the carrier: a SQLite database of their own, which knows
// nothing of workflows.
#pragma once
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "contract.h"
#include "group_commit.h"
#include "sqlite.h"

namespace order_saga {

// One request to a service, and what it moves.
struct Posting {
  std::string_view key =
      "";  // the activity's idempotency key: the same however often it is delivered
  std::string_view order = "";
  std::string_view kind = "";
  std::string_view sku = "";
  int units = 0;                  // onto the shelf; negative: off it
  int cents = 0;                  // into the till; negative: out of it
  std::string_view refusal = "";  // not empty: the service says no, and this is why
  int outages = 0;                // how many deliveries get no answer before one does
  bool slip = false;              // puts a slip with the order's id on the packer's desk
};

enum class Reply : std::uint8_t { kDone, kRefused, kNoAnswer };

struct Answer {
  Reply reply = Reply::kNoAnswer;
  std::string reason;  // of a refusal
};

struct Slip {
  std::int64_t number = 0;
  std::string order;
};

// Applies postings. Thread-safe; each call returns once its effect is on disk, in a commit shared
// with other threads.
//
// An effect happens once for each key: delivered again, the posting gets the answer that was stored
// the first time, nothing moves, and the delivery is counted as a duplicate. This is what makes
// activities, which run at least once, safe to repeat.
class Ledger {
 public:
  explicit Ledger(const std::filesystem::path& file);

  // Enters the orders and stocks the shelves for them, the first time. Later it only compares, and
  // throws std::runtime_error if the ledger belongs to other orders.
  void open_for(const std::vector<Order>& orders);

  Answer post(const Posting& posting);
  // How many postings have been delivered, in this process and before.
  std::int64_t deliveries() const { return deliveries_; }

  // Takes these slips off the packer's desk.
  void mark_packed(const std::vector<Slip>& slips);

 private:
  // The SQL, prepared once. Used by the writer's thread only.
  struct Statements {
    explicit Statements(Database& database);
    Statement deliver, answer, move_stock, move_money, add_slip, pack_slip;
  };

  Answer apply(const Posting& posting);
  Answer decide(const Posting& posting);
  bool is_new();
  bool is_for(const std::vector<Order>& orders);
  void enter(const std::vector<Order>& orders);

  std::atomic<std::int64_t> deliveries_ = 0;
  Database database_;
  Statements sql_;
  GroupCommit writer_;
};

}  // namespace order_saga
