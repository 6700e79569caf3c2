// The program that tests/gdb/check.sh looks at with gdb.
//
//   debuggee replay|step ...        reprise::cli; with REPRISE_TEST_CHANGED set, other code
//   debuggee record FILE            the history of a finished order
//   debuggee record-parked FILE     the history of a run that an exception has parked
//   debuggee record-stock FILE      the history of a run that has taken a checkpoint
//   debuggee record-many FILE N     a history of N rounds
//   debuggee serve DIRECTORY        an engine with two waiting runs; until standard input ends
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <reprise/cli.h>
#include <reprise/history.h>
#include <reprise/testing/env.h>
#include <string>

#include "tests/gdb/shop.h"

namespace {

using namespace std::chrono_literals;

void save(const reprise::History& history, const char* path) {
  std::ofstream(path, std::ios::binary) << history.to_bytes();
}

void implement(reprise::testing::Env& env) {
  env.implement(shop::order, shop::run_order)
      .implement(shop::many, shop::run_many)
      .implement(shop::careless, shop::run_careless)
      .implement(shop::stock, shop::run_stock);
  env.stub(shop::reserve, [](int amount) { return amount + 1; });
  env.stub(shop::charge, [](int amount) { return amount; });
}

void record(const char* path) {
  reprise::testing::Env env;
  implement(env);
  auto run = env.start(shop::order(34), {.id = "order-1"});
  run.signal(shop::packed(2));
  (void)run.result();
  save(run.history(), path);
}

// The turn that throws is not recorded: its input is, and no code has taken it.
void record_parked(const char* path) {
  reprise::testing::Env env;
  implement(env);
  auto run = env.start(shop::careless(34), {.id = "careless-1"});
  run.signal(shop::packed(2));
  try {
    (void)run.result();
  } catch (const reprise::ParkedError&) {
    save(run.history(), path);
  }
}

void record_stock(const char* path) {
  reprise::testing::Env env;
  implement(env);
  auto run = env.start(shop::stock(1), {.id = "stock-1"});
  (void)run.result();
  save(run.history(), path);
}

void record_many(const char* path, int rounds) {
  reprise::testing::Env env({.replay = reprise::testing::Replay::kOff});
  implement(env);
  auto run = env.start(shop::many(rounds), {.id = "many-1"});
  (void)run.result();
  save(run.history(), path);
}

void implement(reprise::Worker& worker) {
  const bool changed = std::getenv("REPRISE_TEST_CHANGED") != nullptr;
  worker.implement(shop::order, changed ? shop::run_changed : shop::run_order);
  worker.implement(shop::many, shop::run_many);
  worker.implement(shop::careless, shop::run_careless);
  worker.implement(shop::stock, shop::run_stock);
  worker.implement(shop::reserve, [](reprise::ActivityContext&, const int& v) { return v + 1; });
  worker.implement(shop::charge, [](reprise::ActivityContext&, const int& v) { return v; });
}

// Runs that have paid and wait for their signal, in memory.
void serve(const char* directory) {
  const auto engine = reprise::Engine::open(directory);
  reprise::Worker worker(*engine);
  implement(worker);
  worker.start();
  reprise::Client client(*engine);
  for (const char* const id : {"order-1", "order-2"}) {
    const auto run = client.start(shop::order(34), {.id = id});
    for (std::string wait; !wait.starts_with("signal packed");) {
      const auto waits = run.describe().waiting_for;
      if (!waits.empty()) wait = waits.front();
    }
  }
  std::puts("ready");
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
}

}  // namespace

int main(int argc, char** argv) {
  reprise::Worker worker;
  implement(worker);
  if (const auto status = reprise::cli(argc, argv, worker)) return *status;
  const std::string command = argc > 1 ? argv[1] : "";
  if (command == "record" && argc == 3) return record(argv[2]), 0;
  if (command == "record-parked" && argc == 3) return record_parked(argv[2]), 0;
  if (command == "record-stock" && argc == 3) return record_stock(argv[2]), 0;
  if (command == "record-many" && argc == 4) return record_many(argv[2], std::atoi(argv[3])), 0;
  if (command == "serve" && argc == 3) return serve(argv[2]), 0;
  std::fputs(
      "usage: debuggee replay|step|record|record-parked|record-stock|record-many|"
      "serve ...\n",
      stderr);
  return 2;
}
