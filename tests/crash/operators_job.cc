// Another job that is killed: what operators and publishers ask for. It does the rest of it when it
// is started again, and says at its end what has become of it all.
//
//   operators_job DIRECTORY [WHERE N]      as crash_job
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "reprise/reprise.h"
#include "runtime/engine/embedded_engine.h"
#include "sdk/src/schedule/own_worker.h"
#include "tests/crash/killing_store.h"
#include "tests/support/service_over.h"

namespace reprise::testing {
namespace {

using namespace std::chrono_literals;

constexpr int kMessages = 4;

constexpr Workflow<void()> kTick{"tick"};
constexpr Workflow<std::string()> kReader{"reader"};
constexpr Workflow<std::string()> kLedger{"ledger"};
constexpr Topic<int> kNews{"news"};
constexpr Activity<int()> kBook{"book"};

std::string read_news(Context& ctx) {
  std::string all;
  for (int i = 0; i < kMessages; ++i) {
    all += std::to_string(ctx.receive(kNews, "key").get()) + ",";
  }
  return all;
}

std::string keep_ledger(Context& ctx) {
  const ActivityOptions soon{.retry = {.initial_interval = Duration(2)}};
  return std::to_string(ctx.call(kBook(), soon) + ctx.call(kBook(), soon));
}

// Each due time of a past day, and none of this one.
void backfill(const Client& client) {
  const Time day{std::chrono::hours(24 * 20'000)};
  try {
    (void)client.create_schedule("s", {.every = 6h, .until = day + 23h}, kTick(), {},
                                 {.overlap = Overlap::kAllow});
  } catch (const AlreadyStarted&) {
  }
  client.schedule("s").backfill(day, day + 23h);
}

void publish(const Client& client) {
  (void)client.try_start(kReader(), {.id = "reader", .id_reuse = IdReuse::kReject});
  for (int i = 1; i <= kMessages; ++i) {
    (void)client.publish(kNews, "key", i, {.id = std::to_string(i), .keep = 24h});
  }
}

void reset(const Client& client) {
  (void)client.try_start(kLedger(), {.id = "ledger", .id_reuse = IdReuse::kReject});
  const RunDescription run = client.describe("ledger");
  if (run.origin) return;  // an earlier process has
  (void)client.attach(kLedger, "ledger", run.run_id).result();
  (void)client.handle("ledger", run.run_id).reset({.event = 4, .reason = "once more"});
}

void wait_for_ticks(const Client& client) {
  while (client.count("WorkflowType = 'tick' AND Status = 'Completed'") < 4) {
    std::this_thread::yield();
  }
}

int run(const std::string& directory, KillPlan& plan) {
  auto opened = store::open_store(directory + "/store");
  if (!opened) {
    std::fprintf(stderr, "%s\n", opened.error().text().c_str());
    return 1;
  }
  runtime::EngineOptions options;
  options.archive_slice = 16;
  options.cached_runs = 2;
  auto engine = runtime::EmbeddedEngine::over(
      std::make_unique<KillingStore>(std::move(*opened), plan), std::move(options));
  if (!engine) {
    std::fprintf(stderr, "%s\n", engine.error().text().c_str());
    return 1;
  }
  ServiceOver service(std::move(*engine));
  const auto own = internal::start_own_worker(internal::ServiceAccess::state(service));
  Worker worker(service);
  worker.implement(kTick, [](Context&) {}).implement(kReader, read_news);
  worker.implement(kLedger, keep_ledger).implement(kBook, [](ActivityContext&) { return 1; });
  worker.start();
  const Client client(service);
  backfill(client);
  publish(client);
  reset(client);
  const std::string read = client.attach(kReader, "reader").result();
  const std::string booked = client.attach(kLedger, "ledger").result();
  wait_for_ticks(client);
  std::printf("%s %s", read.c_str(), booked.c_str());
  for (const char* const workflow : {"tick", "reader", "ledger"}) {
    const auto runs = client.count("WorkflowType = '" + std::string(workflow) + "'");
    std::printf(" %s=%llu", workflow, static_cast<unsigned long long>(runs));
  }
  std::printf("\n");
  return 0;
}

}  // namespace
}  // namespace reprise::testing

int main(int argc, char** argv) {
  if (argc != 2 && argc != 4) return 2;
  reprise::testing::KillPlan plan;
  if (argc == 4) {
    plan.at = std::atoi(argv[3]);
    plan.where = std::string(argv[2]) == "before_append"
                     ? reprise::testing::KillPlan::Where::kBeforeAppend
                     : reprise::testing::KillPlan::Where::kAfterAppend;
  }
  return reprise::testing::run(argv[1], plan);
}
