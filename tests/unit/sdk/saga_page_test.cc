// The code of docs/language/saga.md, in its order. The last test makes sure that it is that code.
#include <chrono>
#include <reprise/reprise.h>
#include <reprise/testing/env.h>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/page_code.h"

namespace reprise_saga_page_test {
namespace {

using namespace std::chrono_literals;

constexpr reprise::Workflow<std::string(std::string)> trip{"trip"};
constexpr reprise::Activity<std::string(std::string)> book_flight{"book_flight"};
constexpr reprise::Activity<void(std::string)> cancel_flight{"cancel_flight"};
constexpr reprise::Activity<std::string(std::string, std::string)> book_hotel{"book_hotel"};
constexpr reprise::Activity<void(std::string)> cancel_hotel{"cancel_hotel"};

std::string run_trip(reprise::Context& ctx, const std::string& city) {
  reprise::Saga saga(ctx);
  return saga.run([&] {
    const std::string flight = ctx.call(book_flight(city));
    saga.undo_with([&ctx, flight] { ctx.call(cancel_flight(flight)); });

    const std::string request = ctx.uuid();  // the hotel knows the booking by it
    saga.undo_with([&ctx, request] { ctx.call(cancel_hotel(request)); });
    const std::string room = ctx.call(book_hotel(city, request));

    return flight + ", " + room;
  });
}

// A trip that goes on although something could not be undone.
std::string run_careful_trip(reprise::Context& ctx, const std::string& city) {
  try {
    return run_trip(ctx, city);
  } catch (const reprise::SagaFailure& failure) {
    for (const auto& compensation : failure.compensations()) ctx.log().error(compensation->what());
    return std::string("call us: ") + failure.cause().what();
  }
}

struct Services {
  explicit Services(reprise::testing::Env& env) {
    env.stub(book_flight, [](const std::string& city) { return "seat to " + city; });
    env.stub(book_hotel, [](const std::string& city, const std::string&) -> std::string {
      if (city == "Oslo") throw reprise::ApplicationFailure("Full", "no rooms", false);
      return "room in " + city;
    });
    env.stub(cancel_flight, [this](const std::string& flight) { undone.push_back(flight); });
    env.stub(cancel_hotel, [this](const std::string&) {
      if (hotel_hangs_up) throw reprise::ApplicationFailure("Rude", "hung up", false);
      undone.push_back("room");
    });
  }
  std::vector<std::string> undone{};
  bool hotel_hangs_up = false;
};

TEST(SagaPage, ATripIsBookedOrUndone) {
  reprise::testing::Env env;
  Services services(env);
  env.implement(trip, run_trip);
  EXPECT_EQ(env.start(trip("Rome")).result(), "seat to Rome, room in Rome");
  EXPECT_EQ(services.undone, (std::vector<std::string>{}));
  EXPECT_THROW(env.start(trip("Oslo")).result(), reprise::ActivityFailure);
  EXPECT_EQ(services.undone, (std::vector<std::string>{"room", "seat to Oslo"}));
}

TEST(SagaPage, WhatCannotBeUndoneIsReported) {
  reprise::testing::Env env;
  Services services(env);
  services.hotel_hangs_up = true;
  env.implement(trip, run_careful_trip);
  EXPECT_EQ(env.start(trip("Oslo")).result(),
            "call us: 'book_hotel' failed after 1 attempt: no rooms");
  EXPECT_EQ(services.undone, (std::vector<std::string>{"seat to Oslo"}));
}

TEST(SagaPage, HasTheCodeOfThisFile) {
  reprise::testing::expect_code_of("docs/language/saga.md", "tests/unit/sdk/saga_page_test.cc", 2);
}

}  // namespace
}  // namespace reprise_saga_page_test
