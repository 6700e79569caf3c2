#include "runs.h"

#include <algorithm>
#include <chrono>
#include <limits>

namespace order_saga {
namespace {

using namespace std::chrono_literals;

// An order id never names a second run, not even once the first has ended.
reprise::StartOptions options_for(const Order& order) {
  return {.id = order.id, .id_reuse = reprise::IdReuse::kReject};
}

}  // namespace

std::filesystem::path store_directory(const std::filesystem::path& data) {
  return data / "store";
}
std::filesystem::path ledger_file(const std::filesystem::path& data) {
  return data / "ledger.db";
}

Runs read_runs(const reprise::Client& client) {
  Runs runs;
  for (auto& run : client.list({.workflow = std::string(checkout.name()),
                   .limit = std::numeric_limits<std::size_t>::max()}))
    runs.emplace(run.workflow_id, std::move(run));
  return runs;
}

bool has_ended(const reprise::RunDescription& run) {
  return run.closed.has_value();
}

std::size_t count_ended(const Runs& runs) {
  return static_cast<std::size_t>(
      std::ranges::count_if(runs, [](const auto& run) { return has_ended(run.second); }));
}

Verdicts read_verdicts(const reprise::Client& client, const Runs& runs) {
  Verdicts verdicts;
  for (const auto& [order, run] : runs)
    if (run.status == reprise::RunStatus::kCompleted)
      verdicts.emplace(order, client.attach(checkout, order).result().verdict);
  return verdicts;
}

InFlight::InFlight(const reprise::Client& client,
                   const std::vector<Order>& orders,
                   const Runs& known,
                   reprise::Duration pack_within)
    : verdicts_(read_verdicts(client, known)) {
  for (const Order& order : orders) {
    const auto run = known.find(order.id);
    if (run == known.end())
      open_.push_back({order.id, client.submit(checkout(order, pack_within), options_for(order))});
    else if (!has_ended(run->second))
      open_.push_back({order.id, client.attach(checkout, order.id)});
    else if (!verdicts_.contains(order.id))
      failures_.push_back(order.id + " ended as " + std::string(to_string(run->second.status)));
  }
  // Submitted together, the starts share commits: this waits for few of them, not for thousands.
  for (const Run& run : open_) run.handle.started();
}

std::size_t InFlight::collect() {
  std::erase_if(open_, [this](const Run& run) { return take_result(run); });
  return verdicts_.size() + failures_.size();
}

bool InFlight::take_result(const Run& run) {
  try {
    const auto outcome = run.handle.result_for(0ms);
    if (outcome) verdicts_.emplace(run.order, outcome->verdict);
    return outcome.has_value();
  } catch (const reprise::Failure& failure) {
    failures_.push_back(run.order + ": " + failure.what());
    return true;
  }
}

}  // namespace order_saga
