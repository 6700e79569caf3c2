// The code of docs/language/children.md; a test makes sure that it is that code.
#include <chrono>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reprise/reprise.h"
#include "reprise/testing/env.h"
#include "tests/support/page_code.h"

namespace children_page_test {

constexpr reprise::Workflow<int(std::vector<std::string>)> trip{"trip"};
constexpr reprise::Workflow<int(std::string)> book{"book"};
constexpr reprise::Workflow<std::string()> fleet{"fleet"};
constexpr reprise::Workflow<std::string(std::string)> drive{"drive"};
constexpr reprise::Signal<std::string> go_to{"go_to"};
constexpr reprise::Value<std::string> current_run{"current_run"};
constexpr reprise::Workflow<void(std::string)> order{"order"};
constexpr reprise::Workflow<void(std::string)> write_report{"write_report"};

// ---- the page ---------------------------------------------------------------------------------

int run_trip(reprise::Context& ctx, const std::vector<std::string>& cities) {
  int price = 0;
  try {
    for (const int each : ctx.map(cities, [&](const std::string& city) {
           return ctx.call(book(city), {.id = ctx.info().workflow_id + "/" + city});
         })) {
      price += each;
    }
  } catch (const reprise::ChildFailure& failure) {
    ctx.log().warning(std::string(failure.id()) + ": " + failure.what());
    return 0;
  }
  return price;
}

std::string run_fleet(reprise::Context& ctx) {
  auto truck = ctx.start(drive("truck"), {.run_timeout = std::chrono::hours(24)});
  truck.started();  // its start is durable
  ctx.set(current_run(truck.run_id()));
  truck.signal(go_to("harbour"));
  return truck.get();
}

// Returns at once; the report is written all the same.
void run_order(reprise::Context& ctx, const std::string& order_id) {
  (void)ctx.start(write_report(order_id), {.on_parent_close = reprise::ParentClose::kAbandon});
}

}  // namespace children_page_test

namespace reprise::children_page_test {
namespace {

using namespace std::chrono_literals;
using namespace ::children_page_test;
using testing::Crash;
using testing::Env;

TEST(ChildrenPage, HasTheCodeOfThisFile) {
  testing::expect_code_of("docs/language/children.md", "tests/unit/sdk/children_page_test.cc", 3);
}

TEST(ChildrenPage, ATripBooksEachCity) {
  for (const Crash crash : {Crash::kNever, Crash::kEveryCommit}) {
    Env env({.crash = crash});
    env.implement(trip, run_trip);
    env.implement(book, [](Context&, const std::string& city) {
      if (city == "Atlantis") throw ApplicationFailure("NoSuchCity", "it has sunk");
      return static_cast<int>(city.size());
    });
    EXPECT_EQ(env.start(trip({"Rome", "Paris"}), {.id = "t1"}).result(), 9);
    EXPECT_EQ(env.client().attach(book, "t1/Rome").result(), 4);
    EXPECT_EQ(env.start(trip({"Rome", "Atlantis"}), {.id = "t2"}).result(), 0);
  }
}

TEST(ChildrenPage, ATruckGoesWhereItIsSent) {
  for (const Crash crash : {Crash::kNever, Crash::kEveryCommit}) {
    Env env({.crash = crash});
    env.implement(fleet, run_fleet);
    env.implement(drive, [](Context& ctx, const std::string& what) {
      return what + " to " + ctx.inbox(go_to).next().get();
    });
    const auto run = env.start(fleet(), {.id = "f"});
    EXPECT_EQ(run.result(), "truck to harbour");
    EXPECT_EQ(run.get(current_run)->size(), 36U);
  }
}

TEST(ChildrenPage, AReportOutlivesItsOrder) {
  for (const Crash crash : {Crash::kNever, Crash::kEveryCommit}) {
    Env env({.crash = crash});
    int written = 0;
    env.implement(order, run_order);
    env.implement(write_report, [&](Context& ctx, const std::string&) {
      ctx.sleep(1h);
      if (!ctx.replaying()) ++written;
    });
    env.start(order("o"), {.id = "o"}).result();
    env.skip(2h);
    EXPECT_GE(written, 1);
  }
}

}  // namespace
}  // namespace reprise::children_page_test
