// verify(): what another version of the code would do to runs that are open.
#include "reprise/verify.h"

#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reprise/reprise.h"
#include "tests/unit/sdk/verify_fixture.h"

// As a user's: stacks leave out what is in our own namespace.
namespace shop_code {
[[gnu::noinline]] int price_of(const std::map<std::string, int>& prices, const std::string& item) {
  return prices.at(item) + 1;
}
}  // namespace shop_code

namespace reprise::verify_test {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr Workflow<std::string(std::string)> order_by_name{"order"};

int throwing_code(Context& ctx, const int& value) {
  return run_order(ctx, value) + shop_code::price_of({}, "no such item");
}

// ---- what it says of runs ---------------------------------------------------------------------

TEST_F(VerifyTest, TheSameCodeIsSafe) {
  leave(run_order, 100);
  const VerifyReport report = check(run_order);
  EXPECT_EQ(report.checked, 100U);
  EXPECT_EQ(report.safe, 100U);
  EXPECT_EQ(report.events, 500U);
  EXPECT_THAT(report.groups, IsEmpty());
  EXPECT_EQ(report.exit_status(), 0);
}

TEST_F(VerifyTest, AStoreWithoutOpenRunsIsSafe) {
  leave_closed(run_order);
  const VerifyReport report = check([](Context& ctx, const int&) { return wait_for_go(ctx); });
  EXPECT_EQ(report.checked, 0U);
  EXPECT_EQ(report.exit_status(), 0);
}

TEST_F(VerifyTest, ClosedRunsAreCheckedWhenAsked) {
  leave_closed(run_order);
  EXPECT_EQ(check(run_order, {.closed_runs = true}).safe, 1U);
  const Code changed = [](Context& ctx, const int&) { return wait_for_go(ctx); };
  EXPECT_EQ(check(changed, {.closed_runs = true}).exit_status(), 1);
}

TEST_F(VerifyTest, GroupsRunsByPlaceAndEvent) {
  leave(run_order, 40);
  const Code changed = [](Context& ctx, const int& value) {
    ctx.call(pick(value));
    if (value % 4 == 0) ctx.sleep(1h + 1min * value);  // one group, whatever the duration
    ctx.call(ship(value));
    return value % 4 == 1 ? value : wait_for_go(ctx);
  };
  for (const unsigned threads : {1U, 8U}) {
    const VerifyReport report = check(changed, {.threads = threads, .examples = 2});
    EXPECT_EQ(report.safe, 20U);
    EXPECT_EQ(report.diverged, 20U);
    EXPECT_EQ(report.exit_status(), 1);
    ASSERT_THAT(report.groups, SizeIs(2));
    for (const VerifyGroup& group : report.groups) {
      const bool sleeps = group.attempted.starts_with("TimerStarted");
      EXPECT_EQ(group.workflow, "order");
      EXPECT_EQ(group.code, "RP2001");
      EXPECT_EQ(group.runs, 10U);
      ASSERT_THAT(group.examples, SizeIs(2));
      EXPECT_EQ(group.examples[0].workflow_id, sleeps ? "order-0" : "order-1");
      EXPECT_EQ(group.examples[1].workflow_id, sleeps ? "order-4" : "order-5");
      EXPECT_EQ(group.examples[0].event, sleeps ? 4U : 6U);
      EXPECT_THAT(group.report, HasSubstr("RP2001 nondeterminism: workflow 'order'"));
    }
  }
}

TEST_F(VerifyTest, ExceptionsAreGroupedWhateverNumbersTheySay) {
  leave(run_order, 10);
  const VerifyReport report = check([](Context& ctx, const int& value) -> int {
    ctx.call(pick(value));
    throw std::runtime_error("no stock for order " + std::to_string(value));
  });
  ASSERT_THAT(report.groups, SizeIs(1));
  EXPECT_EQ(report.groups[0].what, "exception");
  EXPECT_EQ(report.groups[0].code, "RP2002");
  EXPECT_EQ(report.groups[0].runs, 10U);
  EXPECT_THAT(report.groups[0].report, HasSubstr("no stock for order 0"));
}

// The turn that throws is not in the log: its input is, as deferred. It is tried nevertheless.
TEST_F(VerifyTest, ARunThatAnExceptionParksIsFound) {
  leave_parked(throwing_code);
  const VerifyReport report = check(throwing_code);
  EXPECT_EQ(report.exit_status(), 1);
  ASSERT_THAT(report.groups, SizeIs(1));
  const VerifyGroup& group = report.groups[0];
  EXPECT_EQ(group.code, "RP2002");
  EXPECT_EQ(group.what, "exception");
  EXPECT_EQ(group.recorded, "SignalReceived go");
  EXPECT_EQ(group.attempted, "throws std::out_of_range: map::at");
  EXPECT_THAT(group.attempted_at, HasSubstr("sdk/verify_test.cc:"));
  EXPECT_EQ(group.examples.at(0).event, 6U);
  EXPECT_THAT(group.report, HasSubstr("shop_code::price_of"));
  EXPECT_EQ(check(run_order).exit_status(), 0) << "the code without the bug takes it";
}

// What would follow is not known: nothing is executed.
TEST_F(VerifyTest, ASideEffectIsNotMadeForInputsThatNoCodeHasSeen) {
  leave_parked(throwing_code);
  int made = 0;
  const Code code = [&made](Context& ctx, const int& value) -> int {
    run_order(ctx, value);
    (void)ctx.side_effect([&made] { return ++made; });
    throw std::logic_error("not reached");
  };
  EXPECT_EQ(check(code, {.threads = 1}).exit_status(), 0);
  EXPECT_EQ(made, 0);
}

TEST_F(VerifyTest, ARunThatWasNeverRunIsTried) {
  {
    auto engine = std::move(runtime::Engine::open(store_, {.threaded = false})).value();
    runtime::Engine* const driven = engine.get();
    testing::ServiceOver service(std::move(engine));
    const Client client(service);
    (void)client.submit(order(1), {.id = "no worker yet"});
    while (driven->run_some()) {
    }
  }
  const VerifyReport report = check([](Context&, const int&) -> int { throw 42; });
  ASSERT_THAT(report.groups, SizeIs(1));
  EXPECT_EQ(report.groups[0].attempted, "throws int");
  EXPECT_EQ(check(run_order).safe, 1U);
}

TEST_F(VerifyTest, AChangedTypeIsFound) {
  leave(run_order);
  Worker worker;
  worker.implement(order_by_name, [](Context&, const std::string& name) { return name; });
  const VerifyReport report = verify(store_, worker);
  EXPECT_EQ(report.diverged, 1U);
  EXPECT_THAT(report.groups.at(0).report, HasSubstr("the recorded payload is of another type"));
}

TEST_F(VerifyTest, AMissingWorkflowWouldParkItsRuns) {
  leave(run_patched, 2);
  const VerifyReport report = verify(store_, Worker());
  EXPECT_EQ(report.exit_status(), 1);
  ASSERT_THAT(report.groups, SizeIs(1));
  EXPECT_EQ(report.groups[0].what, "not implemented");
  EXPECT_EQ(report.groups[0].code, "RP2003");
  EXPECT_EQ(report.groups[0].runs, 2U);
  EXPECT_THAT(report.patches, IsEmpty());  // there is no code to give advice about
}

TEST_F(VerifyTest, RunsOfOtherTaskQueuesAreCounted) {
  leave(run_order, 1);
  leave(run_order, 3, "billing", "bill-");
  const Code broken = [](Context& ctx, const int&) { return wait_for_go(ctx); };
  const VerifyReport report = check(broken, {}, "shipping");
  EXPECT_EQ(report.exit_status(), 0);
  EXPECT_EQ(report.checked, 0U);
  EXPECT_THAT(report.other_task_queues,
              ElementsAre(std::pair("billing", 3U), std::pair("default", 1U)));
  EXPECT_EQ(check(broken, {.every_task_queue = true}, "shipping").diverged, 4U);
}

TEST_F(VerifyTest, StrictComparesInputs) {
  leave(run_order);
  const Code changed = [](Context& ctx, const int& value) {
    ctx.call(pick(value + 1));
    ctx.call(ship(value));
    return wait_for_go(ctx);
  };
  EXPECT_EQ(check(changed).exit_status(), 0);
  const VerifyReport report = check(changed, {.strict = true});
  EXPECT_EQ(report.exit_status(), 1);
  EXPECT_THAT(report.groups.at(0).note, HasSubstr("EngineOptions::strict"));
}

TEST_F(VerifyTest, ALimitTakesTheOldest) {
  leave(run_order, 5);
  const VerifyReport report = check([](Context&, const int& value) { return value; }, {.limit = 2});
  EXPECT_EQ(report.checked, 2U);
  EXPECT_EQ(report.beyond_limit, 3U);
  EXPECT_EQ(report.groups.at(0).examples.at(1).workflow_id, "order-1");
}

TEST_F(VerifyTest, AWorkflowThatNobodyKnowsIsAnError) {
  leave(run_order);
  EXPECT_EQ(check(run_order, {.workflow = "order"}).checked, 1U);
  EXPECT_THROW(check(run_order, {.workflow = "ordre"}), UnknownWorkflow);
  EXPECT_THROW(check(run_order, {.examples = 0}), UsageError);
  EXPECT_THROW(verify(directory_.path() + "/none", Worker()), StoreError);
}

TEST_F(VerifyTest, ExecutesNothing) {
  const Code busy = [](Context& ctx, const int& value) {
    ctx.log().info("a line");
    const int made = ctx.side_effect([] { return 1; });
    ctx.step("once", [] { return 1; });
    return ctx.call(pick(value + made)) + wait_for_go(ctx);
  };
  leave(busy);
  std::atomic<int> executed = 0;
  Worker worker;
  worker.implement(order, [&](Context& ctx, const int& value) {
    ctx.log().info("a line");
    const int made = ctx.side_effect([&] { return ++executed; });
    ctx.step("once", [&] { return ++executed; });
    return ctx.call(pick(value + made)) + wait_for_go(ctx);
  });
  worker.implement(pick, [&](ActivityContext&, const int&) { return ++executed; });
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(verify(store_, worker, {.strict = true}).safe, 1U);
  EXPECT_EQ(::testing::internal::GetCapturedStdout() + ::testing::internal::GetCapturedStderr(),
            "");
  EXPECT_EQ(executed, 0);
}

TEST_F(VerifyTest, TellsItsProgress) {
  leave(run_order, 20);
  VerifyProgress last;
  check(run_order, {.progress = [&](const VerifyProgress& progress) { last = progress; }});
  EXPECT_EQ(last.runs, 20U);
  EXPECT_EQ(last.done, 20U);
  EXPECT_EQ(last.diverged, 0U);
}

TEST_F(VerifyTest, ADamagedRunIsCountedAndTheOthersAreChecked) {
  leave(run_order, 3);
  const std::string file = store_ + "/journal/data.mdb";
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(stream)), {});
  for (auto at = bytes.find("order-1"); at != std::string::npos;
       at = bytes.find("order-1", at + 1)) {  // older pages have it too
    stream.clear();
    stream.seekp(static_cast<std::streamoff>(at));
    stream.put('O');
  }
  stream.close();
  const VerifyReport report = check(run_order);
  EXPECT_EQ(report.quarantined, 1U);
  EXPECT_EQ(report.groups.at(0).what, "quarantined");
  EXPECT_EQ(report.groups.at(0).runs, 1U);
  EXPECT_EQ(report.safe, 2U);
  EXPECT_EQ(report.exit_status(), 0);
}

// ---- beside a running engine ------------------------------------------------------------------

TEST_F(VerifyTest, ReadsBesideAnEngineThatGoesOn) {
  int ready[2];
  int stop[2];
  ASSERT_EQ(::pipe(ready), 0);
  ASSERT_EQ(::pipe(stop), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::close(stop[1]);
    std::thread([&] {
      char none = 0;
      (void)!::read(stop[0], &none, 1);  // until the parent closes its end
      ::_exit(0);
    }).detach();
    const auto engine = Engine::open(store_);
    Worker worker(*engine);
    implement(worker, run_order);
    worker.start();
    const Client client(*engine);
    for (int i = 0;; ++i) {
      const auto run = client.start(order(i));
      if (i % 2 == 0) run.signal(go(i));
      if (i == 50) (void)!::write(ready[1], "r", 1);
    }
  }
  ::close(ready[1]);
  char one = 0;
  ASSERT_EQ(::read(ready[0], &one, 1), 1);
  for (int i = 0; i < 10; ++i) {
    const VerifyReport report = check(run_order);
    EXPECT_EQ(report.exit_status(), 0);
    EXPECT_EQ(report.safe, report.checked);
    EXPECT_GE(report.checked + report.ended, 20U);
  }
  ::close(stop[1]);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace reprise::verify_test
