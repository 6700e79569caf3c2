// order_saga: 10,000 orders through a warehouse, a bank and a carrier, all of them in flight
// together, in a process that you may kill at any time.
//
//   $ ./order_saga run --orders orders.csv --data shop.data      brings every order to its end
//   $ ./order_saga audit --data shop.data                        and were they handled correctly?
//
// Kill the first command with SIGKILL as often as you like, and give it again: it goes on where it
// was. `audit` then compares what the workflows say happened (the store) with what the warehouse,
// the bank and the carrier did (ledger.db, a database of their own): nobody was charged twice,
// customers without a parcel have their money back, and the stock balances.
//
//   $ ./order_saga step --store shop.data/store --run order-00001    walks through one order's life
//   $ ./order_saga replay --store shop.data/store --run order-00001  does this code still do that?
//   $ ./order_saga verify --store shop.data/store                    ... for every order under way?
//
// Start reading at checkout.cc, which is the life of an order, and contract.h, its types.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <reprise/cli.h>

#include "checkout.h"
#include "commands.h"

namespace {

using namespace order_saga;

constexpr int kUsage = 2;

// The commands and where their options go.
int run_command_line(int argc, char** argv) {
  CLI::App app("10,000 orders in flight together, in a process that you may kill at any time");
  app.require_subcommand(0, 1);  // 0: so that a word that is no command is named

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
  auto* const audit = app.add_subcommand("audit", "Compare the store with the ledger");
  audit->add_option("--data", options.data, "The directory of a run")->required();
  app.footer(
      "And, with the code of this program, on the store in DATA/store: verify, replay, step\n"
      "(order_saga verify --help).");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  }
  if (app.get_subcommands().empty()) return std::fputs(app.help().c_str(), stderr), kUsage;

  options.pack_within = std::chrono::seconds(deadline_seconds);
  if (run->parsed()) return run_orders(options);
  return audit->parsed() ? audit_orders(options.data) : show_status(options.data);
}

}  // namespace

int main(int argc, char** argv) {
  reprise::Worker worker;  // of these, the commands need only the workflow
  implement_checkout(worker);
  if (const auto status = reprise::cli(argc, argv, worker)) return *status;
  try {
    return run_command_line(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
