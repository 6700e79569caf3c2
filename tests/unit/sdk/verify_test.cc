// verify(): runs that one version of the code has left open in a store, and what another version
// would do to them.
#include "reprise/verify.h"

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reprise/cli.h"
#include "reprise/reprise.h"
#include "tests/support/child_lines.h"
#include "tests/support/scratch_directory.h"
#include "tests/support/service_over.h"

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

constexpr Workflow<int(int)> order{"order"};
constexpr Workflow<std::string(std::string)> order_by_name{"order"};
constexpr Activity<int(int)> pick{"pick"};
constexpr Activity<int(int)> charge{"charge"};
constexpr Activity<int(int)> ship{"ship"};
constexpr Signal<int> go{"go"};

using Code = std::function<int(Context&, const int&)>;

int wait_for_go(Context& ctx) {
  return ctx.inbox(go).next().get();
}

// What most tests leave runs of: event 2 is "pick", 4 is "ship", and then it waits.
int run_order(Context& ctx, const int& value) {
  ctx.call(pick(value));
  ctx.call(ship(value));
  return wait_for_go(ctx);
}

int throwing_code(Context& ctx, const int& value) {
  return run_order(ctx, value) + shop_code::price_of({}, "no such item");
}

// Does not leave memory when it is asked to.
int swallowing_code(Context& ctx, const int& value) {
  ctx.call(pick(value));
  ctx.call(ship(value));
  for (;;) {
    try {
      return wait_for_go(ctx);
    } catch (...) {
    }
  }
}

// The stages of a change that charges before it.
int run_patched(Context& ctx, const int& value) {
  if (ctx.patched("fees")) ctx.call(charge(value));
  return run_order(ctx, value);
}
int run_deprecated(Context& ctx, const int& value) {
  ctx.deprecate_patch("fees");
  ctx.call(charge(value));
  return run_order(ctx, value);
}
int run_removed(Context& ctx, const int& value) {
  ctx.call(charge(value));
  return run_order(ctx, value);
}

void implement(Worker& worker, const Code& code) {
  const auto done = [](ActivityContext&, const int& value) { return value; };
  worker.implement(order, code).implement(pick, done).implement(charge, done).implement(ship, done);
}

// An engine that works only when it is asked to, so that it is known when nothing is under way.
class Shop {
 public:
  Shop(const std::string& store, const Code& code, const std::string& queue)
      : Shop(open(store), code, queue) {}

  Handle<int> start(int value, const std::string& id) {
    const auto run = client_.submit(order(value), {.id = id, .task_queue = queue_});
    settle();
    return run;
  }
  void settle() {
    while (engine_->run_some()) {
    }
  }

 private:
  static std::unique_ptr<runtime::Engine> open(const std::string& store) {
    return std::move(runtime::Engine::open(store, {.threaded = false})).value();
  }
  Shop(std::unique_ptr<runtime::Engine> engine, const Code& code, const std::string& queue)
      : engine_(engine.get()),
        service_(std::move(engine)),
        queue_(queue),
        worker_(service_, {.task_queue = queue}),
        client_(service_) {
    implement(worker_, code);
    worker_.start();
  }

  runtime::Engine* engine_;
  testing::ServiceOver service_;
  const std::string queue_;
  Worker worker_;
  Client client_;
};

class VerifyTest : public ::testing::Test {
 protected:
  VerifyTest() : store_(directory_.path() + "/store") {}

  // Leaves runs of this code where it waits, and closes the engine.
  void leave(const Code& code,
             int runs = 1,
             const std::string& queue = "default",
             const std::string& id = "order-") {
    Shop shop(store_, code, queue);
    for (int i = 0; i < runs; ++i) shop.start(i, id + std::to_string(i));
  }
  void leave_closed(const Code& code) {
    Shop shop(store_, code, "default");
    const auto run = shop.start(0, "closed");
    const auto sent = run.submit_signal(go(1));
    shop.settle();
    sent.delivered();
  }

  // A run of which the code has seen all but a signal, because that made it throw.
  void leave_parked(const Code& code) {
    Shop shop(store_, code, "default");
    const auto run = shop.start(1, "parked");
    const auto sent = run.submit_signal(go(1));
    shop.settle();
    sent.delivered();
  }

  VerifyReport check(const Code& code,
                     const VerifyOptions& options = {},
                     const std::string& queue = "default") const {
    Worker worker({.task_queue = queue});
    implement(worker, code);
    return verify(store_, worker, options);
  }

  const testing::ScratchDirectory directory_;
  const std::string store_;
};

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

// Its runs go on, and what it leaves in memory is not kept from whoever deploys it.
TEST_F(VerifyTest, CodeThatSwallowsItsUnwindingIsReported) {
  leave(run_order, 3);
  EXPECT_THAT(check(run_order).given_up, IsEmpty());
  const VerifyReport report = check(swallowing_code, {.threads = 3});
  EXPECT_EQ(report.safe, 3U);
  EXPECT_EQ(report.exit_status(), 0);
  ASSERT_THAT(report.given_up, SizeIs(1));
  EXPECT_EQ(report.given_up[0].workflow, "order");
  EXPECT_EQ(report.given_up[0].strands, 3U);
  EXPECT_THAT(report.given_up[0].report, HasSubstr("RP2011 run 'order-0'"));
}

TEST_F(VerifyTest, TheCommandReportsCodeThatSwallowsItsUnwinding) {
  leave(run_order);
  Worker worker;
  implement(worker, swallowing_code);
  ::testing::internal::CaptureStdout();
  const char* const argv[] = {"shop", "verify", "--store", store_.c_str()};
  EXPECT_EQ(cli(4, argv, worker), 0);
  std::fflush(stdout);
  const std::string text = ::testing::internal::GetCapturedStdout();
  EXPECT_THAT(text, HasSubstr("workflow 'order': 1 strand swallows"));
  EXPECT_THAT(text, HasSubstr("RP2011 run 'order-0'"));
  EXPECT_THAT(text, HasSubstr("safe to deploy"));
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

// The turn that throws is not in the log: its input is, as deferred. It is tried all the same.
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

// ---- what it suggests -------------------------------------------------------------------------

struct Change {
  std::string name;
  Code before;
  Code after;
  std::string edit;  // a part of it
};

int value_of(Context&, const int& value) {
  return value;
}

const Change kChanges[] = {
    {"Added", [](Context& ctx, const int&) { return wait_for_go(ctx); },
     [](Context& ctx, const int& value) {
       ctx.call(charge(value));
       return wait_for_go(ctx);
     },
     "if (ctx.patched(\"add-charge\")) {\n  // the new call: activity 'charge' "
     "(sdk/verify_test.cc:"},
    {"AddedBeforeAnother", run_order,
     [](Context& ctx, const int& value) {
       ctx.call(charge(value));
       return run_order(ctx, value);
     },
     "if (ctx.patched(\"change-pick\")) {\n  // the code as it is: activity 'charge'"},
    {"Removed", run_order,
     [](Context& ctx, const int& value) {
       ctx.call(ship(value));
       return wait_for_go(ctx);
     },
     "if (!ctx.patched(\"remove-pick\")) {\n  // the old call: activity 'pick'"},
    {"RemovedBeforeAWait", run_order,
     [](Context& ctx, const int& value) {
       ctx.call(pick(value));
       return wait_for_go(ctx);
     },
     "if (!ctx.patched(\"remove-ship\")) {\n  // the old call: activity 'ship'"},
    {"EndsEarlier", run_order, value_of,
     "if (!ctx.patched(\"remove-pick\")) {\n  // the old call: activity 'pick'"},
    {"Timer", [](Context& ctx, const int&) { return wait_for_go(ctx); },
     [](Context& ctx, const int&) {
       ctx.sleep(24h);
       return wait_for_go(ctx);
     },
     "if (ctx.patched(\"add-timer\")) {\n  // the new call: TimerStarted 24h"},
    {"TheNameIsTaken",
     [](Context& ctx, const int&) {
       ctx.patched("add-charge");
       return wait_for_go(ctx);
     },
     [](Context& ctx, const int& value) {
       ctx.patched("add-charge");
       ctx.call(charge(value));
       return wait_for_go(ctx);
     },
     "if (ctx.patched(\"add-charge-2\"))"},
    {"MarkerRemoved",
     [](Context& ctx, const int& value) {
       ctx.patched("fees");
       return run_order(ctx, value);
     },
     run_order, "ctx.deprecate_patch(\"fees\");"},
    {"DeprecatedTooEarly", run_order,
     [](Context& ctx, const int& value) {
       ctx.deprecate_patch("fees");
       ctx.call(charge(value));
       return run_order(ctx, value);
     },
     "if (ctx.patched(\"fees\")) {\n  // the code as it is: activity 'charge'"},
};

class VerifyEdits : public VerifyTest, public ::testing::WithParamInterface<Change> {};

TEST_P(VerifyEdits, SayWhatKeepsTheRunGoing) {
  const Change& change = GetParam();
  leave(change.before);
  const VerifyReport report = check(change.after);
  ASSERT_THAT(report.groups, SizeIs(1));
  EXPECT_THAT(report.groups[0].edit, HasSubstr(change.edit));
  EXPECT_THAT(report.groups[0].edit_at, HasSubstr("sdk/verify_test.cc:"));
}

// A run was cancelled while it waited for an activity, and now a Shield is around that: no call of
// the code has given the activity up, so there is no place for an edit.
TEST_F(VerifyTest, NoEditIsProposedForWhatACancellationGaveUp) {
  const Code before = [](Context& ctx, const int&) {
    try {
      ctx.sleep(1h);
    } catch (const CancelledFailure&) {
    }
    const Shield shield(ctx);
    return wait_for_go(ctx);
  };
  {
    Shop shop(store_, before, "default");
    const auto run = shop.start(1, "cancelled");
    run.cancel("by a test");
    shop.settle();
  }
  const VerifyReport report = check([](Context& ctx, const int&) {
    const Shield shield(ctx);
    ctx.sleep(1h);
    return wait_for_go(ctx);
  });
  ASSERT_THAT(report.groups, SizeIs(1));
  EXPECT_EQ(report.groups[0].edit, "");
  EXPECT_EQ(report.groups[0].edit_at, "");
  EXPECT_THAT(report.groups[0].note, HasSubstr("no edit is known"));
}

INSTANTIATE_TEST_SUITE_P(All, VerifyEdits, ::testing::ValuesIn(kChanges), [](const auto& row) {
  return row.param.name;
});

// ---- how far changes are ----------------------------------------------------------------------

class VerifyPatches : public VerifyTest {
 protected:
  // The only change, with the code of this stage.
  VerifyPatch fees(const Code& code) {
    const VerifyReport report = check(code);
    EXPECT_THAT(report.patches, SizeIs(1));
    return report.patches.empty() ? VerifyPatch{} : report.patches[0];
  }
};

TEST_F(VerifyPatches, RunsOnTheOldBranchKeepIt) {
  leave(run_order, 2);
  leave(run_patched, 3, "default", "new-");
  const VerifyPatch patch = fees(run_patched);
  EXPECT_EQ(patch.change_id, "fees");
  EXPECT_EQ(patch.workflow, "order");
  EXPECT_EQ(patch.old_branch, 2U);
  EXPECT_EQ(patch.advice(), "keep both branches: the old one is taken by 2 runs");
  EXPECT_THAT(fees(run_deprecated).advice(), HasSubstr("too early: go back to"));
}

TEST_F(VerifyPatches, WithoutOneTheOldBranchCanGo) {
  leave(run_patched, 3);
  const VerifyPatch patch = fees(run_patched);
  EXPECT_EQ(patch.old_branch, 0U);
  EXPECT_EQ(patch.new_branch, 3U);
  EXPECT_THAT(patch.advice(), HasSubstr("the old branch can go"));
  EXPECT_THAT(fees(run_deprecated).advice(),
              HasSubstr("keep ctx.deprecate_patch(\"fees\"): 3 runs"));
  EXPECT_THAT(fees(run_removed).advice(), HasSubstr("put ctx.deprecate_patch(\"fees\") back"));
}

TEST_F(VerifyPatches, ADeprecatedOneCanBeRemoved) {
  leave(run_deprecated, 3);
  const VerifyPatch patch = fees(run_deprecated);
  EXPECT_EQ(patch.deprecated, 3U);
  EXPECT_THAT(patch.advice(), HasSubstr("can be removed"));
  EXPECT_EQ(check(run_removed).safe, 3U);
  EXPECT_EQ(fees(run_removed).advice(), "removed, and no run misses it");
  EXPECT_EQ(check(run_patched).safe, 3U);
}

TEST_F(VerifyPatches, RunsThatAreNotThereYetDoNotKeepTheOldBranch) {
  const Code late = [](Context& ctx, const int& value) {
    const int first = wait_for_go(ctx);
    if (ctx.patched("fees")) ctx.call(charge(value));
    return first + wait_for_go(ctx);
  };
  {
    Shop shop(store_, late, "default");
    shop.start(0, "not-there");
    const auto sent = shop.start(1, "there").submit_signal(go(1));
    shop.settle();
    sent.delivered();
  }
  const VerifyPatch patch = fees(late);
  EXPECT_EQ(patch.new_branch, 1U);
  EXPECT_EQ(patch.unmarked, 1U);
  EXPECT_THAT(patch.advice(), HasSubstr("the old branch can go"));
}

// ---- beside a running engine, and when the code crashes ---------------------------------------

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

#if !REPRISE_SANITIZED
TEST_F(VerifyTest, ACrashNamesItsRun) {
  leave(run_order, 3);
  const auto child = testing::lines_of_child(false, [&](const auto&) {
    const std::string log = directory_.path() + "/stderr";
    if (std::freopen(log.c_str(), "w", stderr) == nullptr) ::_exit(9);
    Worker worker;
    implement(worker, [](Context& ctx, const int& value) {
      ctx.call(pick(value));
      if (value == 1) ::raise(SIGSEGV);
      ctx.call(ship(value));
      return wait_for_go(ctx);
    });
    const char* const argv[] = {"shop", "verify", "--store", store_.c_str()};
    (void)cli(4, argv, worker);
  });
  EXPECT_TRUE(WIFSIGNALED(child.status));
  std::ifstream file(directory_.path() + "/stderr");
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  EXPECT_THAT(text,
              HasSubstr("the code crashed (SIGSEGV) while it replayed run order-1 of workflow "
                        "'order'\n  look at it          shop replay --store " +
                        store_ + " --run order-1\n"));
}
#endif

}  // namespace
}  // namespace reprise::verify_test
