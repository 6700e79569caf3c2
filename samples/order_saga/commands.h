// What the program can do. Each returns the exit code; an exception is an error to show.
#pragma once
#include <cstddef>
#include <filesystem>
#include <reprise/time.h>

namespace order_saga {

struct RunOptions {
  std::filesystem::path orders;          // the CSV file
  std::filesystem::path data;            // created if it does not exist
  reprise::Duration pack_within{5'000};  // an order that is not packed by then gives up
  std::size_t threads = 64;              // activities under way at once
};

// Runs every order of the file to its end, and continues those that an earlier process left.
int run_orders(const RunOptions& options);

// Prints the services' progress on one line. Reads only the ledger, so it may be called while
// another process runs the orders.
int show_status(const std::filesystem::path& data);

// Compares the store with the ledger; 1 if they contradict each other. No workflow code runs.
int audit_orders(const std::filesystem::path& data);

}  // namespace order_saga
