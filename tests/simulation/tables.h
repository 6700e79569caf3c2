// Transactions of simulated runs: what their closures do, and what must be true of them across all
// histories and of the tables in the end.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "replay/execution.h"
#include "runtime/client_service.h"
#include "tests/simulation/history.h"

namespace reprise::simulation {

// Counts itself among all transactions and among those of its run, and returns the first count. Now
// and then it fails instead, after its changes. `loses_updates`, a control: it does not always read
// what is newest.
replay::Outcome count_transaction(const replay::RunInfo& run,
                                  std::uint64_t detail,
                                  bool loses_updates);

using Rows = std::map<std::string, std::string>;  // of the one table
Rows rows_of(runtime::ClientService& engine, Verdict* verdict);

// In the order of the log each transaction has seen all before it, and what it has changed follows
// from that.
void check_transactions(const std::vector<History>& histories, Verdict* verdict);
// The rows are those that all of them together make.
void check_rows(const std::vector<History>& histories, const Rows& rows, Verdict* verdict);

}  // namespace reprise::simulation
