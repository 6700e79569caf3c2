// What the commands show of limits that hold attempts back: in an engine of another process.
#include <memory>
#include <reprise/reprise.h>
#include <stdexcept>
#include <thread>

#include <gmock/gmock.h>

#include "tests/support/other_engine.h"
#include "tests/unit/tools/command_fixture.h"

namespace reprise::tools::limits_command_test {
namespace {

using nlohmann::json;
using reprise::testing::OtherEngine;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr Activity<void(int)> charge{"charge"};
constexpr Activity<void()> ship{"sh\x1b[31mip"};
constexpr Workflow<void(int)> order{"order"};
constexpr Workflow<void()> parcel{"parcel"};

// Its breaker is open, two attempts are held back, and of another activity one is under way.
struct Shop {
  explicit Shop(const std::string& directory)
      : engine(Engine::open(directory, {.shards = 1, .logger = [](LogLevel, std::string_view) {}})),
        worker(*engine) {
    worker
        .implement(order,
                   [](Context& ctx, int number) {
                     ctx.call(charge(number), {.retry = {.initial_interval = Duration(1)}});
                   })
        .implement(parcel, [](Context& ctx) { ctx.call(ship()); })
        .implement(charge,
                   [](ActivityContext&, int) { throw std::runtime_error("no \x1b[31mroute"); })
        .implement(ship, [](ActivityContext& ctx) {
          while (!ctx.stop_token().stop_requested()) std::this_thread::yield();
        });
    worker.limit(charge, {.per_second = 1'000, .breaker = {.failures = 1, .open_for = h24}})
        .limit(ship, {.in_flight = 1});
    worker.start();
    Client client(*engine);
    for (int number = 1; number <= 2; ++number) {
      (void)client.start(order(number), {.id = "order-" + std::to_string(number)});
    }
    for (const char* id : {"parcel-1", "parcel-2"}) (void)client.start(parcel(), {.id = id});
    while (!is_so(client)) std::this_thread::yield();
  }
  static bool is_so(const Client& client) {
    const auto limits = client.limits();
    return limits[0].waiting == 2 && limits[1].waiting == 1;
  }
  static constexpr Duration h24{24 * 3'600'000};
  std::unique_ptr<Engine> engine;
  Worker worker;
};

class LimitsCommand : public CommandFixture {
 protected:
  OtherEngine::Serve shop() {
    auto program = std::make_shared<Shop>(store_);
    return [program](char) { return true; };
  }
};

TEST_F(LimitsCommand, ShowsWhatIsHeldBackAndWhy) {
  OtherEngine engine([this] { return shop(); });
  const Output shown = reprise({"limits", store_});
  EXPECT_EQ(shown.code, 0) << shown.err;
  EXPECT_THAT(shown.out,
              AllOf(HasSubstr("held back: the breaker of charge is open for another 24 h"),
                    HasSubstr("open, 1 of 1 failures within 30s"),
                    HasSubstr("the last failure: no \\x1b[31mroute"),
                    HasSubstr("held back: 1 of 1 of sh\\x1b[31mip are in flight")));
  const json all = reprise_json({"limits", store_, "--json"});
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0]["activity"], "charge");
  EXPECT_EQ(all[0]["breaker"], "open");
  EXPECT_EQ(all[0]["waiting"], 2);
  EXPECT_EQ(all[0]["per_second"], 1'000.0);
  EXPECT_EQ(all[0]["times_opened"], 1);
  EXPECT_EQ(all[1]["in_flight"], 1);
  EXPECT_EQ(all[1]["breaker"], "none");

  const Output incidents = reprise({"incidents", store_});
  EXPECT_EQ(incidents.code, 0) << incidents.err;
  EXPECT_THAT(incidents.out,
              AllOf(HasSubstr("breaker open RP2013: charge on task queue default\n"),
                    HasSubstr("it has failed 1 times within the breaker's window, the last time "
                              "with no \\x1b[31mroute\n"),
                    HasSubstr("  until    "),
                    HasSubstr("2 attempts: the breaker of charge is open for another 24 h\n"),
                    HasSubstr("resolve  reprise limits " + store_ + "\n")));
  const json open = json::parse(reprise({"incidents", store_, "--json"}).out);
  EXPECT_EQ(open["kind"], "breaker open");
  EXPECT_EQ(open["activity"], "charge");
  EXPECT_EQ(open["held_back"], 2);
  EXPECT_TRUE(open["until"].is_string());
  EXPECT_FALSE(open.contains("run_id"));

  EXPECT_THAT(reprise({"why", store_, "order-2"}).out,
              HasSubstr("is held back: the breaker of charge is open for another 24 h"));
  const json why = reprise_json({"why", store_, "order-2", "--json"});
  EXPECT_EQ(why["waits_for"][0]["held_back"], "the breaker of charge is open for another 24 h");
  EXPECT_THAT(reprise({"why", store_, "parcel-1"}).out + reprise({"why", store_, "parcel-2"}).out,
              AllOf(HasSubstr("attempt 1 is under way\n"),
                    HasSubstr("attempt 1 is held back: 1 of 1 of sh")));
}

TEST_F(LimitsCommand, NeedsAnEngine) {
  {
    OtherEngine engine([this] { return shop(); });
  }
  const Output refused = reprise({"limits", store_});
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.err, HasSubstr("limits are of workers that run"));
  EXPECT_EQ(reprise({"incidents", store_}).err, "no incident\n") << "breakers are not stored";
  // One of them was held back and has not begun.
  EXPECT_THAT(reprise({"why", store_, "parcel-1"}).out + reprise({"why", store_, "parcel-2"}).out,
              HasSubstr("waits for a worker of task queue 'default'"));
  EXPECT_EQ(reprise({"limits", store_ + "-none"}).code, 2);
  EXPECT_EQ(reprise({"limits"}).code, 2);
  EXPECT_EQ(reprise({"limits", store_, "--all"}).code, 2);
}

}  // namespace
}  // namespace reprise::tools::limits_command_test
