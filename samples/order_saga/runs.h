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

// The two parts of a data directory: Reprise's store, and the services' ledger.
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
  // Starts the orders without a run, all at once, and finds the runs of the others. When it
  // returns, every order is under way or has ended, whatever happens to this process.
  InFlight(const reprise::Client& client,
           const std::vector<Order>& orders,
           const Runs& known,
           reprise::Duration pack_within);

  // Checks which runs have ended; returns how many of all have. Never waits.
  std::size_t collect();
  const Verdicts& verdicts() const { return verdicts_; }
  // Orders whose run ended without a verdict, with the way it ended.
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
