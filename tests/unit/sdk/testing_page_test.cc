// The code of docs/testing.md, in its order. The last test makes sure that it is that code.
#include <memory>
#include <reprise/reprise.h>
#include <reprise/testing/env.h>
#include <reprise/testing/explore.h>
#include <reprise/testing/explore_gtest.h>
#include <reprise/testing/gtest.h>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include "base/sanitizers.h"
#include "tests/support/page_code.h"

namespace testing_page {
namespace {

using namespace std::chrono_literals;

constexpr reprise::Workflow<std::string(std::string)> trip{"trip"};
constexpr reprise::Activity<std::string(std::string)> book{"book"};
constexpr reprise::Activity<void(std::string)> give_back{"give_back"};
constexpr reprise::Signal<std::string> confirm{"confirm"};

std::string run_trip(reprise::Context& ctx, const std::string& city) {
  const std::string flight = ctx.call(book("flight to " + city));
  const std::string hotel = ctx.call(book("hotel in " + city));
  auto confirmation = ctx.inbox(confirm).next();
  auto deadline = ctx.timer(24h);
  if (ctx.first_of(confirmation, deadline) == 0) return flight + ", " + hotel;
  ctx.call(give_back(hotel));
  ctx.call(give_back(flight));
  return "nothing";
}

TEST(Trip, IsGivenBackAfterADay) {
  reprise::testing::Env env;
  env.implement(trip, run_trip);
  env.stub(book, [](const std::string& what) { return "a " + what; });
  env.stub(give_back, [](const std::string&) {});

  const auto started = env.now();
  const auto run = env.start(trip("Rome"));
  EXPECT_EQ(run.result(), "nothing");
  EXPECT_EQ(env.now() - started, 24h);
  EXPECT_EQ(env.calls(give_back), 2);
}

TEST(Trip, IsKeptWhenItIsConfirmed) {
  reprise::testing::Env env;
  env.implement(trip, run_trip);
  env.stub(book, [](const std::string& what) { return "a " + what; });

  const auto run = env.start(trip("Rome"));
  env.skip(23h);
  run.signal(confirm("ann"));
  EXPECT_EQ(run.result(), "a flight to Rome, a hotel in Rome");
}

TEST(Trip, TriesAgain) {
  reprise::testing::Env env;
  env.implement(trip, run_trip);
  env.stub(give_back, [](const std::string&) {});
  env.stub(book, [&](const std::string& what) -> std::string {
    if (env.calls(book) < 3) throw std::runtime_error("no answer");
    return "a " + what;
  });
  env.start(trip("Rome")).result();
  EXPECT_EQ(env.calls(book), 4);
}

TEST(Trip, FailsWhenItIsRefused) {
  reprise::testing::Env env;
  env.implement(trip, run_trip);
  env.stub(book, [](const std::string&) -> std::string {
    throw reprise::ApplicationFailure("SoldOut", "no seats", /*retryable=*/false);
  });
  EXPECT_THROW(env.start(trip("Rome")).result(), reprise::ActivityFailure);
}

TEST(Trip, SurvivesItsProcess) {
  reprise::testing::Env env({.crash = reprise::testing::Crash::kEveryCommit});
  env.implement(trip, run_trip);
  env.stub(book, [](const std::string& what) { return "a " + what; });

  const auto run = env.start(trip("Rome"));
  run.signal(confirm("ann"));
  EXPECT_EQ(run.result(), "a flight to Rome, a hotel in Rome");
}

TEST(Trip, BooksOnceIfTheProcessDies) {
  const auto test = [](reprise::testing::Env& env) {
    std::vector<std::string> booked;
    env.implement(trip, run_trip);
    env.stub(give_back, [](const std::string&) {});
    env.stub(book, [&](const std::string& what) {
      booked.push_back(what);  // and should have asked whether it is booked already
      return "a " + what;
    });
    env.start(trip("Rome")).result();
    if (booked.size() != 2) throw std::logic_error("booked twice");
  };
  EXPECT_THROW(
      reprise::testing::explore({.env = {.crash = reprise::testing::Crash::kEveryCommit}}, test),
      reprise::testing::OrderFound);
}

std::string run_hasty_trip(reprise::Context& ctx, const std::string& city) {
  auto flight = ctx.start(book("flight to " + city));
  auto hotel = ctx.start(book("hotel in " + city));
  ctx.first_of(flight, hotel);
  if (!flight.ready())
    throw reprise::ApplicationFailure("NoFlight", "a hotel and no flight", false);
  return flight.get() + ", " + hotel.get();
}

void test_hasty_trip(reprise::testing::Env& env) {
  env.implement(trip, run_hasty_trip);
  env.stub(book, [](const std::string& what) { return "a " + what; });
  EXPECT_EQ(env.start(trip("Rome"), {.id = "rome"}).result(), "a flight to Rome, a hotel in Rome");
}

TEST(Trip, IsTheSameInEveryOrder) {
  reprise::testing::explore_expectations([](reprise::testing::Env& env) {
    env.implement(trip, run_trip);
    env.stub(book, [](const std::string& what) { return "a " + what; });
    env.stub(give_back, [](const std::string&) {});
    EXPECT_EQ(env.start(trip("Rome")).result(), "nothing");
  });
}

TEST(Trip, FailsWhenTheHotelIsFirst) {
  reprise::testing::Env env({.script = {{reprise::testing::Choice::kAttempt, 1, 1}}});
  EXPECT_THROW(test_hasty_trip(env), reprise::ApplicationFailure);
}

// They read what they like, and place things where they like.
#if !REPRISE_SANITIZED
struct Item {
  int cents = 0;
};

constexpr reprise::Workflow<std::string()> sale{"sale"};

// Wrong: what the set iterates by is where the items happen to lie.
std::string run_sale(reprise::Context& ctx) {
  const auto hat = std::make_unique<Item>(Item{900});
  const auto cap = std::make_unique<Item>(Item{700});
  for (const Item* item : std::set<const Item*>{hat.get(), cap.get()}) {
    ctx.call(book(std::to_string(item->cents)));
  }
  return "sold";
}

TEST(Sale, DependsOnAddresses) {
  reprise::testing::Env env({.replay = reprise::testing::Replay::kShake});
  env.implement(sale, run_sale);
  env.stub(book, [](const std::string& what) { return what; });
  EXPECT_THROW(env.start(sale()).result(), reprise::NondeterminismError);
}
#endif

TEST(Trip, GoesOnWithWhatItsCodeRecorded) {
  reprise::testing::Env env;
  env.implement(trip, run_trip);
  env.stub(book, [](const std::string& what) { return "a " + what; });
  const auto run = env.start(trip("Rome"));
  const reprise::History history = run.history();  // or reprise::History::read("trip-7.jsonl")

  reprise::Worker worker;
  worker.implement(trip, run_trip);
  EXPECT_THAT(history, reprise::testing::replays_on(worker));
}

TEST(TestingPage, ShowsWhatIsPrinted) {
  try {
    (void)reprise::testing::explore([](reprise::testing::Env& env) {
      env.implement(trip, run_hasty_trip);
      env.stub(book, [](const std::string& what) { return "a " + what; });
      env.start(trip("Rome"), {.id = "rome"}).result();
    });
    FAIL();
  } catch (const reprise::testing::OrderFound& found) {
    const std::string text = found.what();
    const std::string page = reprise::testing::content_of("docs/testing.md");
    EXPECT_NE(page.find(text), std::string::npos) << text;
  }
}

TEST(TestingPage, HasTheCodeOfThisFile) {
  reprise::testing::expect_code_of("docs/testing.md", "tests/unit/sdk/testing_page_test.cc", 10);
}

}  // namespace
}  // namespace testing_page
