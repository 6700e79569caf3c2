// Client::incidents() and RunHandle::audit(): what is wrong now, and who did what. First the code
// of docs/operations.md; a test makes sure that it is that code.
#include <chrono>
#include <cstdio>
#include <limits>
#include <nlohmann/json.hpp>
#include <reprise/reprise.h>
#include <reprise/testing/env.h>
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/page_code.h"
#include "tests/support/temporary_directory.h"

namespace operations_page_test {

// ---- the page ---------------------------------------------------------------------------------

void print_trail(const reprise::RunHandle& run) {
  reprise::AuditOptions options;
  do {
    const reprise::AuditPage page = run.audit(options);
    for (const reprise::AuditEntry& entry : page.entries) {
      std::printf("%s %s %s\n", entry.kind.c_str(), entry.principal.c_str(), entry.payload.c_str());
    }
    options.before = page.next;
  } while (options.before != 0);
}

void page_somebody(const reprise::Client& client) {
  for (const reprise::Incident& incident : client.incidents({.failures = 10})) {
    std::printf("%s %s: %s\n", incident.code.c_str(), incident.workflow_id.c_str(),
                incident.resolve.c_str());
  }
}

}  // namespace operations_page_test

namespace reprise::incidents_test {
namespace {

using namespace std::chrono_literals;
using testing::Crash;
using ::testing::ElementsAre;
using testing::Env;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr Activity<std::string(std::string)> charge{"charge"};
constexpr Workflow<std::string(std::string)> order{"order"};
constexpr Signal<std::string> note{"note"};

std::string run_order(Context& ctx, const std::string& what) {
  if (what == "bug") throw std::logic_error("a bug");
  if (what == "wait") return ctx.inbox(note).next().get();
  (void)ctx.decide("is it an order?", true);
  return ctx.call(charge(what), {.retry = {.initial_interval = 10s, .backoff_coefficient = 1.0}});
}

std::string always_busy(ActivityContext&, const std::string&) {
  throw ApplicationFailure("Unavailable", "busy");
}

std::vector<std::string> kinds_in(const std::vector<Incident>& all) {
  std::vector<std::string> kinds;
  for (const Incident& each : all) {
    constexpr const char* kNames[] = {"quarantined", "parked", "failing", "breaker"};
    kinds.push_back(kNames[static_cast<int>(each.kind)] + (" " + each.workflow_id));
  }
  return kinds;
}

template <class Fn>
std::string code_of(Fn fn) {
  try {
    (void)fn();
  } catch (const Error& error) {
    return std::string(error.code());
  }
  return "accepted";
}

TEST(OperationsPage, HasTheCodeOfThisFile) {
  testing::expect_code_of("docs/operations.md", "tests/unit/sdk/incidents_test.cc", 2);
}

// ---- incidents --------------------------------------------------------------------------------

TEST(Incidents, AreRunsThatCannotGoOnAndThoseWhoseActivityFails) {
  for (const Crash crash : {Crash::kNever, Crash::kEveryCommit}) {
    Env env({.crash = crash});
    env.implement(order, run_order).implement(charge, always_busy);
    EXPECT_THAT(env.client().incidents(), IsEmpty());
    (void)env.start(order("wait"), {.id = "well"});
    (void)env.start(order("book"), {.id = "failing"});
    const auto bad = env.start(order("bug"), {.id = "bad"});
    const Time began = env.now();
    env.skip(35s);
    const auto all = env.client().incidents({.failures = 3});
    ASSERT_THAT(kinds_in(all), ElementsAre("failing failing", "parked bad"));
    EXPECT_EQ(all[0].code, "RP2013");
    EXPECT_EQ(all[0].cause, "Unavailable: busy");
    EXPECT_EQ(all[0].activity, "charge");
    EXPECT_EQ(all[0].operation, 1u);
    EXPECT_GE(all[0].failures, 3u);
    EXPECT_EQ(all[0].since, began);
    EXPECT_THAT(all[0].place, HasSubstr("incidents_test.cc:"));
    EXPECT_EQ(all[0].workflow, "order");
    EXPECT_EQ(all[0].task_queue, "default");
    EXPECT_EQ(all[0].resolve, "reprise cancel STORE " + all[0].run_id);
    EXPECT_EQ(all[1].code, "RP2002");
    EXPECT_THAT(all[1].cause, HasSubstr("a bug"));
    EXPECT_EQ(all[1].run_id, bad.run_id());
    EXPECT_EQ(all[1].resolve, "reprise retry STORE " + bad.run_id());
    EXPECT_EQ(all[1].until, std::nullopt);
    EXPECT_THAT(kinds_in(env.client().incidents({.failures = 3, .limit = 1})),
                ElementsAre("failing failing"));
    const auto failures = static_cast<int>(all[0].failures);
    EXPECT_THAT(kinds_in(env.client().incidents({.failures = failures + 1})),
                ElementsAre("parked bad"));
    bad.terminate("enough");
    EXPECT_THAT(kinds_in(env.client().incidents({.failures = 1})), ElementsAre("failing failing"));
    env.implement(charge, [](ActivityContext&, const std::string& what) { return what; });
    env.skip(10s);
    EXPECT_THAT(env.client().incidents({.failures = 1}), IsEmpty());
  }
}

TEST(Incidents, OfARunThatWasResetCountFromThere) {
  Env env;
  env.implement(order, run_order).implement(charge, always_busy);
  const auto run = env.start(order("book"), {.id = "failing"});
  env.skip(25s);  // attempts 1 to 3 have failed
  (void)run.reset({.event = 6});
  const Time reset = env.now();
  env.skip(15s);
  const auto all = env.client().incidents({.failures = 1});
  ASSERT_THAT(kinds_in(all), ElementsAre("failing failing"));
  EXPECT_EQ(all[0].failures, 2u);
  EXPECT_GE(all[0].since, reset);
}

TEST(Incidents, AreBreakersThatAreNotClosed) {
  Env env;
  bool up = false;
  env.implement(order, run_order).implement(charge, [&](ActivityContext&, const std::string& what) {
    if (!up) throw ApplicationFailure("Unavailable", "down");
    return what;
  });
  env.limit(charge, {.breaker = {.failures = 2, .window = 60s, .open_for = 300s}});
  (void)env.start(order("a"), {.id = "a"});
  (void)env.start(order("b"), {.id = "b"});
  const Time opened = env.now();
  env.skip(20s);
  const auto open = env.client().incidents({.failures = 1'000});
  ASSERT_THAT(kinds_in(open), ElementsAre("breaker "));
  EXPECT_EQ(open[0].code, "RP2013");
  EXPECT_THAT(open[0].cause, HasSubstr("down"));
  EXPECT_EQ(open[0].task_queue, "default");
  EXPECT_EQ(open[0].activity, "charge");
  EXPECT_EQ(open[0].failures, 2u);
  EXPECT_EQ(open[0].since, opened);
  EXPECT_EQ(open[0].until, opened + 300s);
  EXPECT_EQ(open[0].held_back, 2u);
  EXPECT_EQ(open[0].run_id, "");
  EXPECT_EQ(open[0].resolve, "reprise limits STORE");
  up = true;
  env.skip(300s);
  EXPECT_THAT(env.client().incidents({.failures = 1'000}), IsEmpty());
}

TEST(Incidents, OptionsAreChecked) {
  Env env;
  for (const int bad : {0, -1, std::numeric_limits<int>::min()}) {
    EXPECT_EQ(code_of([&] { return env.client().incidents({.failures = bad}); }), "RP3010") << bad;
  }
  EXPECT_THAT(env.client().incidents({.failures = std::numeric_limits<int>::max()}), IsEmpty());
}

// The notes of the engine before this one count until the code has been tried again.
TEST(Incidents, OutliveTheEngineThatHasFoundThem) {
  const testing::TemporaryDirectory directory;
  const EngineOptions quiet{.logger = [](LogLevel, std::string_view) {}};
  std::string run_id;
  {
    const auto engine = Engine::open(directory / "store", quiet);
    Worker worker(*engine);
    worker.implement(order, run_order).start();
    const Client client(*engine);
    run_id = client.start(order("bug"), {.id = "bad"}).run_id();
    while (client.incidents().empty()) {
    }
  }
  const auto engine = Engine::open(directory / "store", quiet);
  const Client client(*engine);
  const auto all = client.incidents();
  ASSERT_THAT(kinds_in(all), ElementsAre("parked bad"));
  EXPECT_EQ(all[0].code, "RP2002");
  operations_page_test::page_somebody(client);
  EXPECT_THAT(all[0].resolve, HasSubstr(directory / "store"));
  EXPECT_THAT(all[0].resolve, HasSubstr(run_id));
  {
    Worker worker(*engine);
    worker.implement(order, [](Context&, const std::string&) { return std::string("fixed"); })
        .start();
    EXPECT_EQ(client.attach(order, "bad").result(), "fixed");
  }
  EXPECT_THAT(client.incidents(), IsEmpty());
}

// ---- audit ------------------------------------------------------------------------------------

std::vector<std::string> lines_of(const AuditPage& page) {
  constexpr const char* kActors[] = {"client", "run", "code", "worker", "engine"};
  std::vector<std::string> lines;
  for (const AuditEntry& entry : page.entries) {
    lines.push_back(std::to_string(entry.event) + " " + kActors[static_cast<int>(entry.by)] + " " +
                    entry.kind + (entry.principal.empty() ? "" : " by " + entry.principal));
  }
  return lines;
}

TEST(Audit, SaysWhoDidWhatTheNewestFirst) {
  Env env;
  env.implement(order, run_order);
  int attempts = 0;
  env.implement(charge, [&](ActivityContext&, const std::string& what) {
    if (++attempts == 1) throw ApplicationFailure("Unavailable", "busy");
    return "charged " + what;
  });
  const Client ann = env.client({.principal = "ann"});
  const auto run = ann.start(order("book"), {.id = "o"});
  EXPECT_EQ(run.result(), "charged book");
  const AuditPage page = run.audit();
  EXPECT_EQ(page.next, 0u);
  ASSERT_THAT(lines_of(page), ElementsAre("6 code RunCompleted", "5 worker ActivityCompleted",
                                          "4 worker AttemptFailed", "3 code ActivityScheduled",
                                          "2 code DecisionRecorded", "1 client RunStarted by ann"));
  operations_page_test::print_trail(run);
  EXPECT_EQ(page.entries[0].payload_name, "result");
  EXPECT_EQ(page.entries[0].payload, R"("charged book")");
  EXPECT_EQ(page.entries[1].name, "charge");
  EXPECT_EQ(page.entries[1].operation, 1u);
  EXPECT_EQ(page.entries[2].attempt, 1);
  EXPECT_EQ(page.entries[2].failure, "Unavailable: busy");
  EXPECT_EQ(page.entries[3].payload_name, "input");
  EXPECT_EQ(page.entries[3].payload, R"(["book"])");
  EXPECT_THAT(page.entries[3].place, HasSubstr("incidents_test.cc:"));
  EXPECT_EQ(page.entries[4].outcome, true);
  EXPECT_EQ(page.entries[5].time, run.describe().started);
  EXPECT_EQ(page.entries[5].copied_from, "");
}

TEST(Audit, HasPages) {
  for (const Crash crash : {Crash::kNever, Crash::kEveryCommit}) {
    Env env({.crash = crash});
    env.implement(order, run_order);
    const auto run = env.start(order("wait"), {.id = "o"});
    run.signal(note("done"));
    env.skip(1s);
    const auto whole = lines_of(run.audit());
    ASSERT_GE(whole.size(), 3u);
    std::vector<std::string> paged;
    AuditOptions options{.limit = 1};
    do {
      const AuditPage page = run.audit(options);
      ASSERT_THAT(page.entries, SizeIs(1));
      paged.push_back(lines_of(page)[0]);
      options.before = page.next;
    } while (options.before != 0);
    EXPECT_EQ(paged, whole);
    EXPECT_THAT(run.audit({.before = 1}).entries, IsEmpty());
    EXPECT_EQ(lines_of(run.audit({.before = std::numeric_limits<std::uint64_t>::max()})), whole);
    for (const std::size_t bad : {std::size_t{0}, kMaxAuditEntries + 1}) {
      EXPECT_EQ(code_of([&] { return run.audit({.limit = bad}); }), "RP3010");
    }
    EXPECT_EQ(lines_of(run.audit({.limit = kMaxAuditEntries})), whole);
    EXPECT_EQ(code_of([&] { return env.client().handle("none").audit(); }), "RP3005");
  }
}

TEST(Audit, SaysWhatWasCopiedFromWhichRun) {
  Env env;
  env.implement(order, run_order);
  env.implement(charge, [](ActivityContext&, const std::string& what) { return what; });
  const auto first = env.start(order("book"), {.id = "o"});
  EXPECT_EQ(first.result(), "book");
  const Client ann = env.client({.principal = "ann"});
  const RunHandle second = ann.handle("o", first.run_id()).reset({.event = 4, .reason = "again"});
  const RunHandle third = ann.handle("o", second.run_id()).fork({.event = 5, .id = "fork"});
  env.skip(1s);
  const auto copied = [](const RunHandle& run) {
    std::vector<std::string> found;
    const AuditPage page = run.audit({.technical = true});
    for (const AuditEntry& entry : page.entries) {
      found.insert(found.begin(), entry.kind + " " + entry.copied_from);
    }
    return found;
  };
  const std::string of_first = first.run_id();
  const std::string of_second = second.run_id();
  EXPECT_THAT(copied(ann.handle("o", of_first)), ::testing::Each(::testing::EndsWith(" ")));
  const auto in_second = copied(second);
  ASSERT_GE(in_second.size(), 5u);
  EXPECT_THAT(std::vector(in_second.begin(), in_second.begin() + 4),
              ElementsAre("RunStarted " + of_first, "DecisionRecorded " + of_first,
                          "ActivityScheduled " + of_first, "RunReset "));
  const auto in_third = copied(third);
  ASSERT_GE(in_third.size(), 6u);
  EXPECT_THAT(std::vector(in_third.begin(), in_third.begin() + 5),
              ElementsAre("RunStarted " + of_first, "DecisionRecorded " + of_first,
                          "ActivityScheduled " + of_first, "RunReset " + of_second, "RunForked "));
}

}  // namespace
}  // namespace reprise::incidents_test
