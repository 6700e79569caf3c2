// Log lines name runs, definitions and places in the code. They have no data of the runs: a log is
// read by more people than a store.
#include <algorithm>
#include <mutex>
#include <reprise/engine.h>
#include <reprise/reprise.h>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temporary_directory.h"

namespace reprise::log_lines_test {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kSecret = "4711-0815-secret";

constexpr Workflow<std::string(std::string)> pays{"pays"};
constexpr Activity<std::string(std::string)> charge{"charge"};
constexpr Activity<std::string(std::string)> decline{"decline"};
constexpr Signal<std::string> correct{"correct"};
constexpr Query<std::string(std::string)> show{"show"};

class LogLines : public ::testing::Test {
 protected:
  std::unique_ptr<Engine> open() {
    return Engine::open(directory_ / "store",
                        {.strict = true, .logger = [this](LogLevel, std::string_view line) {
                           const std::lock_guard lock(mutex_);
                           lines_ += std::string(line) + "\n";
                         }});
  }
  std::string lines() {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

  testing::TemporaryDirectory directory_;
  std::mutex mutex_;
  std::string lines_;
};

std::string run_with(Context& ctx, std::string card, const std::string& suffix) {
  const auto answering = ctx.answer(show, [&](const std::string& prefix) { return prefix + card; });
  card = ctx.side_effect([&] { return card; });
  card = ctx.step("mask", [&] { return card; });
  try {
    ctx.call(decline(card + suffix), {.retry = {.initial_interval = 1ms, .maximum_attempts = 2}});
  } catch (const ActivityFailure&) {
  }
  card = ctx.inbox(correct).next().get();
  return ctx.call(charge(card));
}

std::string run_pays(Context& ctx, std::string card) {
  return run_with(ctx, std::move(card), {});
}

std::string run_changed(Context& ctx, std::string card) {
  return run_with(ctx, std::move(card), "-changed");
}

std::string run_decline(ActivityContext&, const std::string& card) {
  throw ApplicationFailure("Declined", "card " + card);
}

void implement(Worker& worker, std::string (*run)(Context&, std::string)) {
  worker.implement(pays, run)
      .implement(decline, run_decline)
      .implement(charge, [](ActivityContext&, const std::string& card) { return card; });
  worker.start();
}

TEST_F(LogLines, HoldNoPayload) {
  const std::string secret(kSecret);
  {
    const auto engine = open();
    Worker worker(*engine);
    implement(worker, run_pays);
    const Client client(*engine);
    const auto paid = client.start(pays(secret), {.id = "paid"});
    EXPECT_EQ(paid.query(show(secret)), secret + secret);
    paid.signal(correct(secret));
    EXPECT_EQ(paid.result(), secret);
    const auto open_run = client.start(pays(secret), {.id = "open"});
    (void)open_run.query(show(secret));
    // The engine must not close before the activity is in the log: otherwise nothing would
    // contradict the other code, and it would never be parked.
    const auto declined = [&] {
      return open_run.history().to_bytes().find("decline") != std::string::npos;
    };
    while (!declined()) std::this_thread::yield();
  }
  // The same run with code that gives an activity another input: it is parked, and the log says so.
  const auto engine = open();
  Worker worker(*engine);
  implement(worker, run_changed);
  const Client client(*engine);
  const auto run = client.attach(pays, "open");
  run.signal(correct(secret));
  while (!run.describe().parked) std::this_thread::yield();
  EXPECT_THAT(lines(), ::testing::HasSubstr("run 'open'"));
  EXPECT_THAT(lines(), ::testing::HasSubstr("RP2001"));
  EXPECT_THAT(lines(), ::testing::Not(::testing::HasSubstr(secret)));
}

}  // namespace
}  // namespace reprise::log_lines_test
