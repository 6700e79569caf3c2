// The workflows of the orders, as the store knows them.
#pragma once
#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "audit.h"
#include "contract.h"

namespace order_saga {

// The two halves of a data directory: what Reprise keeps, and what the services keep.
std::filesystem::path store_directory(const std::filesystem::path& data);
std::filesystem::path ledger_file(const std::filesystem::path& data);

// Every run of the store, by its order's id.
using Runs = std::map<std::string, reprise::RunDescription>;
Runs read_runs(const reprise::Client& client);

bool has_ended(const reprise::RunDescription& run);
std::size_t count_ended(const Runs& runs);

// How the ended orders ended. A run that failed or was ended from outside has no verdict.
Verdicts read_verdicts(const reprise::Client& client, const Runs& runs);

// Orders on their way, from this process's start until the last has ended.
class InFlight {
 public:
  // Starts the orders that have no run yet, all at once, and finds the others again. When it
  // returns, every order is under way or has ended, and stays so whatever happens to this process.
  InFlight(const reprise::Client& client,
           const std::vector<Order>& orders,
           const Runs& known,
           reprise::Duration pack_within);

  // Looks which ones have ended; returns how many, of all, have by now. Never waits.
  std::size_t collect();
  const Verdicts& verdicts() const { return verdicts_; }
  // Orders whose run ended without a verdict, with what it ended with.
  const std::vector<std::string>& failures() const { return failures_; }

 private:
  struct Run {
    std::string order;
    reprise::Handle<Outcome> handle;
  };
  bool take_result(const Run& run);

  std::vector<Run> open_;
  Verdicts verdicts_;
  std::vector<std::string> failures_;
};

}  // namespace order_saga
