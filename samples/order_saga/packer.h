// The people who pack: they take slips off the desk and tell the orders' workflows.
#pragma once
#include <filesystem>
#include <reprise/reprise.h>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "books.h"
#include "ledger.h"

namespace order_saga {

// The desk is a table of the ledger, so a killed process loses no slip. A slip leaves the desk
// after its signal is durable; killed in between, the packer signals again, which the workflow
// ignores.
class Packers {
 public:
  // `client` and `ledger` must outlive it.
  Packers(const reprise::Client& client, Ledger& ledger, const std::filesystem::path& ledger_file);
  ~Packers() = default;  // stops them and waits

 private:
  void work(const std::stop_token& stop, int packer, const std::filesystem::path& ledger_file);
  bool pack_some(Books& books, int packer);

  const reprise::Client& client_;
  Ledger& ledger_;
  std::vector<std::jthread> threads_;
};

}  // namespace order_saga
