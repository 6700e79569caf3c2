#include "samples/order_saga/checkout.h"

#include <reprise/testing/env.h>
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace order_saga {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

const Order kOrder{"o-1", "hat", 2, 3800, "card-1", Flag::kNone};
constexpr auto kDeadline = 5s;

// Every service says yes, and `asked_` has the requests in order. A test replaces the service that
// must say no.
class CheckoutTest : public testing::Test {
 protected:
  CheckoutTest() {
    implement_checkout(env_);
    for (const auto& activity : {reserve, release, charge, refund, request_packing})
      env_.stub(activity, [this, activity](const Order&) { note(activity); });
    env_.stub(ship, [this](const Order& order) {
      note(ship);
      return "parcel-of-" + order.id;
    });
  }

  template <class Definition>
  void note(const Definition& activity) {
    asked_.emplace_back(activity.name());
  }

  template <class Signature>
  void refuse(const reprise::Activity<Signature>& activity, const char* reason) {
    using Result = typename reprise::Activity<Signature>::Result;
    env_.stub(activity, [this, activity, reason](const Order&) -> Result {
      note(activity);
      throw reprise::ApplicationFailure("Refused", reason, /*retryable=*/false);
    });
  }

  reprise::Handle<Outcome> start() { return env_.start(checkout(kOrder, kDeadline)); }

  reprise::testing::Env env_;
  std::vector<std::string> asked_;
};

TEST_F(CheckoutTest, ShipsAnOrderThatIsPacked) {
  const auto run = start();
  EXPECT_EQ(run.query(stage()), Stage::kPacking);
  run.signal(packed("ann"));
  EXPECT_EQ(run.result(), (Outcome{Verdict::kCompleted, "parcel-of-o-1"}));
  EXPECT_EQ(run.query(stage()), Stage::kEnded);
  EXPECT_THAT(asked_, ElementsAre("reserve", "charge", "request_packing", "ship"));
}

TEST_F(CheckoutTest, RejectsAnOrderThatIsSoldOut) {
  refuse(reserve, "sold out");
  EXPECT_EQ(start().result(), (Outcome{Verdict::kRejected, "sold out"}));
  EXPECT_THAT(asked_, ElementsAre("reserve"));
}

TEST_F(CheckoutTest, RejectsADeclinedCardAndPutsTheGoodsBack) {
  refuse(charge, "declined");
  EXPECT_EQ(start().result(), (Outcome{Verdict::kRejected, "declined"}));
  EXPECT_THAT(asked_, ElementsAre("reserve", "charge", "release"));
}

TEST_F(CheckoutTest, GivesUpAtTheDeadlineAndUndoesInReverse) {
  const auto run = start();
  env_.skip(kDeadline);
  EXPECT_EQ(run.result(), (Outcome{Verdict::kCompensated, "nobody packed it in time"}));
  EXPECT_THAT(asked_, ElementsAre("reserve", "charge", "request_packing", "refund", "release"));
}

TEST_F(CheckoutTest, UndoesEverythingWhenTheCarrierRefuses) {
  refuse(ship, "no such address");
  const auto run = start();
  run.signal(packed("ann"));
  EXPECT_EQ(run.result(), (Outcome{Verdict::kCompensated, "no such address"}));
  EXPECT_THAT(asked_,
              ElementsAre("reserve", "charge", "request_packing", "ship", "refund", "release"));
}

TEST_F(CheckoutTest, AsksACarrierThatDoesNotAnswerAgain) {
  env_.stub(ship, [this, outages = 2](const Order&) mutable -> std::string {
    note(ship);
    if (outages-- > 0) throw std::runtime_error("no answer");
    return "parcel";
  });
  const auto run = start();
  run.signal(packed("ann"));
  EXPECT_EQ(run.result(), (Outcome{Verdict::kCompleted, "parcel"}));
  EXPECT_EQ(env_.calls(ship), 3);
}

TEST_F(CheckoutTest, UndoesACancelledOrderAndEndsAsCancelled) {
  const auto run = start();
  run.cancel("the customer has changed her mind");
  EXPECT_THROW(run.result(), reprise::CancelledFailure);
  EXPECT_THAT(asked_, ElementsAre("reserve", "charge", "request_packing", "refund", "release"));
}

TEST_F(CheckoutTest, ASignalThatComesTwiceShipsOnce) {
  const auto run = start();
  run.signal(packed("ann"));
  (void)run.try_signal(packed("ann"));
  EXPECT_EQ(run.result().verdict, Verdict::kCompleted);
  EXPECT_EQ(env_.calls(ship), 1);
}

}  // namespace
}  // namespace order_saga
