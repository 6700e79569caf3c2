// Reads the ledger, while it is written or when nothing runs.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "ledger.h"
#include "sqlite.h"

namespace order_saga {

// What was ordered, and what the services have really done.
struct Account {
  std::string id;
  std::string sku;
  std::int64_t quantity = 0;
  std::int64_t cents = 0;

  int charged = 0;  // how often
  int refunded = 0;
  int reserved = 0;
  int released = 0;
  int shipped = 0;
  std::int64_t units_moved = 0;  // onto the shelf, less off it
  std::int64_t cents_moved = 0;  // into the till, less out of it
};

struct Shelf {
  std::string sku;
  std::int64_t delivered = 0;
  std::int64_t on_shelf = 0;
};

struct Deliveries {
  std::int64_t all = 0;         // requests that reached a service
  std::int64_t duplicates = 0;  // of them, the ones whose effect had happened already
};

// The progress of the services.
struct Standing {
  std::int64_t orders = 0;
  // Orders that have had their last effect, whether or not their workflow knows yet: the goods are
  // shipped, put back on the shelf, or were never there.
  std::int64_t settled = 0;
};

// Used by one thread at a time.
class Books {
 public:
  explicit Books(const std::filesystem::path& file);

  std::vector<Account> accounts();
  std::vector<Shelf> shelves();
  std::int64_t till();
  Deliveries deliveries();

  Standing standing();

  // The oldest slips on the desk for this one of the `packers`: every slip is for one of them.
  std::vector<Slip> slips(int packer, int packers, int limit);

 private:
  Database database_;
};

}  // namespace order_saga
