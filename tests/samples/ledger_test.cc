#include "samples/order_saga/ledger.h"

#include <thread>

#include <gtest/gtest.h>

#include "samples/order_saga/books.h"
#include "tests/support/temporary_directory.h"

namespace order_saga {
namespace {

const std::vector<Order> kOrders{{"o-1", "hat", 2, 3800, "card-1", Flag::kNone},
                                 {"o-2", "hat", 1, 1900, "card-2", Flag::kNone}};

class LedgerTest : public testing::Test {
 protected:
  LedgerTest() { ledger_.open_for(kOrders); }
  std::int64_t hats() { return books_.shelves().at(0).on_shelf; }

  reprise::testing::TemporaryDirectory directory_;
  Ledger ledger_{directory_ / "ledger.db"};
  Books books_{directory_ / "ledger.db"};
};

TEST_F(LedgerTest, MovesGoodsAndMoney) {
  EXPECT_EQ(
      ledger_.post({.key = "k1", .order = "o-1", .kind = "reserve", .sku = "hat", .units = -2})
          .reply,
      Reply::kDone);
  ledger_.post({.key = "k2", .order = "o-1", .kind = "charge", .cents = 3800});
  EXPECT_EQ(hats(), 1);
  EXPECT_EQ(books_.till(), 3800);
}

TEST_F(LedgerTest, ASecondDeliveryIsAnsweredAndCountedButMovesNothing) {
  const Posting charge{.key = "k1", .order = "o-1", .kind = "charge", .cents = 3800};
  EXPECT_EQ(ledger_.post(charge).reply, Reply::kDone);
  EXPECT_EQ(ledger_.post(charge).reply, Reply::kDone);
  EXPECT_EQ(books_.till(), 3800);
  EXPECT_EQ(books_.deliveries().all, 2);
  EXPECT_EQ(books_.deliveries().duplicates, 1);
}

TEST_F(LedgerTest, ARefusalIsStoredToo) {
  Posting charge{.key = "k1", .order = "o-1", .kind = "charge", .cents = 3800, .refusal = "no"};
  EXPECT_EQ(ledger_.post(charge).reason, "no");
  charge.refusal = "";  // the bank has changed its mind, but this request was answered
  EXPECT_EQ(ledger_.post(charge).reply, Reply::kRefused);
  EXPECT_EQ(ledger_.post(charge).reason, "no");
  EXPECT_EQ(books_.till(), 0);
}

TEST_F(LedgerTest, AnOutageHasNoEffectUntilItIsOver) {
  const Posting ship{.key = "k1", .order = "o-1", .kind = "ship", .outages = 2};
  EXPECT_EQ(ledger_.post(ship).reply, Reply::kNoAnswer);
  EXPECT_EQ(ledger_.post(ship).reply, Reply::kNoAnswer);
  EXPECT_EQ(books_.accounts()[0].shipped, 0);
  EXPECT_EQ(ledger_.post(ship).reply, Reply::kDone);
  EXPECT_EQ(books_.accounts()[0].shipped, 1);
  EXPECT_EQ(books_.deliveries().duplicates, 0);
}

TEST_F(LedgerTest, AShelfCannotHoldLessThanNothing) {
  const Posting reserve{.key = "k1", .order = "o-1", .kind = "reserve", .sku = "hat", .units = -4};
  EXPECT_EQ(ledger_.post(reserve).reason, "sold out");
  EXPECT_EQ(hats(), 3);
}

TEST_F(LedgerTest, KeepsSlipsUntilTheyArePacked) {
  ledger_.post({.key = "k1", .order = "o-1", .kind = "request_packing", .slip = true});
  ledger_.post({.key = "k2", .order = "o-2", .kind = "request_packing", .slip = true});
  const auto slips = books_.slips(0, 1, 10);
  ASSERT_EQ(slips.size(), 2);
  EXPECT_EQ(slips[0].order, "o-1");
  ledger_.mark_packed({slips[0]});
  ASSERT_EQ(books_.slips(0, 1, 10).size(), 1);
  EXPECT_EQ(books_.slips(0, 1, 10)[0].order, "o-2");
}

TEST_F(LedgerTest, EverySlipIsForOnePacker) {
  ledger_.post({.key = "k1", .order = "o-1", .kind = "request_packing", .slip = true});
  ledger_.post({.key = "k2", .order = "o-2", .kind = "request_packing", .slip = true});
  EXPECT_EQ(books_.slips(0, 2, 10).size(), 1);
  EXPECT_EQ(books_.slips(1, 2, 10).size(), 1);
}

TEST_F(LedgerTest, ThreadsShareCommits) {
  std::vector<std::jthread> threads;
  threads.reserve(8);
  for (int thread = 0; thread < 8; ++thread)
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 25; ++i) {
        const auto key = std::to_string(thread) + "/" + std::to_string(i);
        ledger_.post({.key = key, .order = "o-1", .kind = "charge", .cents = 1});
      }
    });
  threads.clear();
  EXPECT_EQ(books_.till(), 200);
}

TEST_F(LedgerTest, AFailedPostingLeavesNothingBehindAndHurtsNobodyElse) {
  ledger_.post({.key = "k1", .order = "o-1", .kind = "request_packing", .slip = true});
  EXPECT_THROW(  // an order has one slip
      ledger_.post({.key = "k2", .order = "o-1", .kind = "request_packing", .slip = true}),
      SqliteError);
  EXPECT_EQ(books_.deliveries().all, 1);
  EXPECT_EQ(ledger_.post({.key = "k3", .order = "o-1", .kind = "charge", .cents = 1}).reply,
            Reply::kDone);
}

TEST_F(LedgerTest, IsReopenedForTheSameOrdersOnly) {
  Ledger again(directory_ / "ledger.db");
  EXPECT_NO_THROW(again.open_for(kOrders));
  EXPECT_THROW(again.open_for({kOrders[0]}), std::runtime_error);
}

}  // namespace
}  // namespace order_saga
