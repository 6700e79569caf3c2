// Transactions: how many per second runs make, of which each moves money between two of 10,000
// accounts. Each run makes a hundred, one after the other, and continues as a new run.
#include <atomic>
#include <cstdint>
#include <vector>

#include "bench/gauge.h"
#include "bench/loads/loads.h"
#include "bench/workbench.h"

namespace reprise::bench {
namespace {

constexpr Workflow<void(std::uint64_t)> kTeller{"teller"};
constexpr Table<std::uint64_t, std::int64_t> kAccounts{"accounts"};
constexpr std::uint64_t kAccountCount = 10'000;
constexpr int kPerRun = 100;

void move_money(Transaction& rows, std::uint64_t from, std::uint64_t to) {
  rows.put(kAccounts, from, rows.get(kAccounts, from).value_or(0) - 1);
  rows.put(kAccounts, to, rows.get(kAccounts, to).value_or(0) + 1);
}

struct TransactionBench : Workbench {
  explicit TransactionBench(const Settings& settings) : Workbench(settings) {
    worker.implement(kTeller, [this](Context& ctx, std::uint64_t number) {
      for (int i = 0; i < kPerRun && !stopping; ++i) {
        const std::uint64_t from = (number * 7'919 + static_cast<std::uint64_t>(i) * 104'729);
        ctx.transaction("move", [&](Transaction& rows) {
          move_money(rows, from % kAccountCount, (from + 4'711) % kAccountCount);
        });
        if (!ctx.replaying()) ++ended;
      }
      if (!stopping) ctx.continue_as_new(kTeller(number + 1));
    });
    worker.start();
  }
  std::atomic<std::uint64_t> ended = 0;
  std::atomic<bool> stopping = false;
};

Figures measure(const Settings& settings, const std::string& name, std::size_t size) {
  // What asks for it, what it has changed, and the rows.
  constexpr RunShape kTwoRecords{
      .records = 2, .record_bytes = 160, .history_bytes = 320, .rows = 2};
  Gauge gauge(runs_per_second(size, kTwoRecords), runs_per_second(size, kTwoRecords));
  gauge.measure(settings);
  Figure figure{.name = name, .unit = "transactions/s"};
  {
    TransactionBench bench(settings);
    std::vector<Handle<void>> tellers;
    for (std::size_t i = 0; i < size; ++i) tellers.push_back(bench.client.submit(kTeller(i)));
    measure_rate(settings, bench.ended, &figure);
    bench.stopping = true;
    for (const auto& teller : tellers) teller.result();
  }
  gauge.measure(settings);
  figure.floors = gauge.floors();
  return {figure};
}

}  // namespace

void add_transaction_loads(Loads& loads) {
  add_in_two_sizes(loads, "transactions", 16, 128, measure);
}

}  // namespace reprise::bench
