// order_saga: 10,000 orders through a warehouse, a bank and a carrier, all of them in flight
// together, in a process that you may kill at any time.
//
//   $ ./order_saga run --orders orders.csv --data shop.data      brings every order to its end
//   $ ./order_saga verify --data shop.data                       and were they handled correctly?
//
// Kill the first command with SIGKILL as often as you like, and give it again: it goes on where it
// was. `verify` then compares what the workflows say happened (the store) with what the warehouse,
// the bank and the carrier did (ledger.db, a database of their own): nobody was charged twice,
// whoever was not sent a parcel has got the money back, and the stock balances.
//
// Start reading at checkout.cc, which is the life of an order, and contract.h, its types.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "commands.h"

namespace {

using namespace order_saga;

// The three commands and where their options go.
int run_command_line(int argc, char** argv) {
  CLI::App app("10,000 orders in flight together, in a process that you may kill at any time");
  app.require_subcommand(1);

  RunOptions options;
  std::int64_t deadline_seconds = options.pack_within.count() / 1'000;
  auto* const run = app.add_subcommand("run", "Bring every order to its end");
  run->add_option("--orders", options.orders, "The file of orders (CSV)")->required();
  run->add_option("--data", options.data, "The directory for store and ledger")->required();
  run->add_option("--deadline", deadline_seconds, "Seconds until an unpacked order gives up")
      ->capture_default_str()
      ->check(CLI::Range(1, 86'400));
  run->add_option("--threads", options.threads, "Activities under way at once")
      ->capture_default_str()
      ->check(CLI::Range(1, 1'024));

  auto* const status = app.add_subcommand("status", "Say how far the orders have come");
  status->add_option("--data", options.data, "The directory of a run")->required();
  auto* const verify = app.add_subcommand("verify", "Compare the store with the ledger");
  verify->add_option("--data", options.data, "The directory of a run")->required();
  CLI11_PARSE(app, argc, argv);

  options.pack_within = std::chrono::seconds(deadline_seconds);
  if (run->parsed()) return run_orders(options);
  return verify->parsed() ? verify_orders(options.data) : show_status(options.data);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run_command_line(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
