#include <chrono>
#include <cstdio>
#include <thread>

#include "checkout.h"
#include "commands.h"
#include "csv.h"
#include "packer.h"
#include "progress.h"
#include "runs.h"
#include "services.h"
#include "summary.h"

namespace order_saga {
namespace {

constexpr std::chrono::milliseconds kLookEvery{50};

std::string show(std::size_t number) {
  return with_commas(static_cast<std::int64_t>(number));
}

void announce(const RunOptions& options, const std::vector<Order>& orders, const Runs& known) {
  const std::size_t ended = count_ended(known);
  std::printf("%s orders from %s, data in %s\n", show(orders.size()).c_str(),
              options.orders.c_str(), options.data.c_str());
  if (known.empty())
    std::printf("Starting all of them. Kill this process when you like, and run it again.\n");
  else
    std::printf("Resuming: %s have ended, %s go on where they were, %s are new.\n",
                show(ended).c_str(), show(known.size() - ended).c_str(),
                show(orders.size() - known.size()).c_str());
  std::fflush(stdout);
}

// Starts the orders that are new, and waits until all have ended.
InFlight bring_to_end(const reprise::Client& client,
                      const std::vector<Order>& orders,
                      const Runs& known,
                      const Ledger& ledger,
                      reprise::Duration pack_within) {
  Progress progress(stdout, orders.size(), count_ended(known));
  progress.show(count_ended(known), ledger.deliveries());
  InFlight in_flight(client, orders, known, pack_within);
  for (;;) {
    const std::size_t ended = in_flight.collect();
    progress.show(ended, ledger.deliveries());
    if (ended == orders.size()) return in_flight;
    std::this_thread::sleep_for(kLookEvery);
  }
}

}  // namespace

int run_orders(const RunOptions& options) {
  const auto orders = read_orders(options.orders);  // before anything is made or started
  std::filesystem::create_directories(options.data);
  Ledger ledger(ledger_file(options.data));
  ledger.open_for(orders);

  const auto engine = reprise::Engine::open(store_directory(options.data));
  const reprise::Client client(*engine);
  const Runs known = read_runs(client);
  announce(options, orders, known);

  reprise::Worker worker(*engine, {.activity_threads = options.threads});
  implement_checkout(worker);
  implement_services(worker, ledger);
  worker.start();
  const Packers packers(client, ledger, ledger_file(options.data));

  const InFlight ended = bring_to_end(client, orders, known, ledger, options.pack_within);
  print_summary(stdout, read_runs(client), ended, options.data);
  return ended.failures().empty() ? 0 : 1;
}

}  // namespace order_saga
