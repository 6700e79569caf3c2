#include <chrono>
#include <cstdio>
#include <memory>
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
    std::printf(
        "Starting all of them; one that is not packed within %s gives up.\n"
        "Kill this process when you like, and run it again.\n",
        as_seconds(options.pack_within).c_str());
  else
    std::printf("Resuming: %s have ended, %s go on where they were, %s are new.\n",
                show(ended).c_str(), show(known.size() - ended).c_str(),
                show(orders.size() - known.size()).c_str());
  std::fflush(stdout);
}

// Everything that must be open before an order can be touched.
struct Shop {
  Shop(const std::filesystem::path& data, const std::vector<Order>& orders)
      : ledger(ledger_file(data)),
        engine(reprise::Engine::open(store_directory(data))),
        client(*engine) {
    ledger.open_for(orders);
  }

  Ledger ledger;
  std::unique_ptr<reprise::Engine> engine;
  reprise::Client client;
};

void wait_for_all(InFlight& in_flight,
                  std::size_t orders,
                  const Ledger& ledger,
                  Progress& progress) {
  for (;;) {
    const std::size_t ended = in_flight.collect();
    progress.show(ended, ledger.deliveries());
    if (ended == orders) return;
    std::this_thread::sleep_for(kLookEvery);
  }
}

// Starting an order needs no worker: when the worker begins to work, all orders are under way.
void work_until_all_end(Shop& shop,
                        const RunOptions& options,
                        std::size_t orders,
                        InFlight& in_flight,
                        Progress& progress) {
  reprise::Worker worker(*shop.engine, {.activity_threads = options.threads});
  implement_checkout(worker);
  implement_services(worker, shop.ledger);
  worker.start();
  const Packers packers(shop.client, shop.ledger, ledger_file(options.data));
  wait_for_all(in_flight, orders, shop.ledger, progress);
}

}  // namespace

int run_orders(const RunOptions& options) {
  const auto orders = read_orders(options.orders);  // before anything is made or started
  std::filesystem::create_directories(options.data);
  Shop shop(options.data, orders);
  const Runs known = read_runs(shop.client);
  announce(options, orders, known);

  Progress progress(stdout, orders.size(), count_ended(known));
  progress.show(count_ended(known), shop.ledger.deliveries());
  InFlight in_flight(shop.client, orders, known, options.pack_within);
  work_until_all_end(shop, options, orders.size(), in_flight, progress);
  progress.end();
  print_summary(stdout, read_runs(shop.client), in_flight, options.data);
  return in_flight.failures().empty() ? 0 : 1;
}

}  // namespace order_saga
