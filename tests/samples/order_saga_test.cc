// The program of the sample as its main() calls it, on orders that end in every way there is.
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "samples/order_saga/commands.h"
#include "samples/order_saga/csv.h"
#include "samples/order_saga/runs.h"
#include "samples/order_saga/sqlite.h"
#include "tests/samples/temporary_directory.h"

namespace order_saga {
namespace {

constexpr int kOrderCount = 60;

class OrderSagaTest : public testing::Test {
 protected:
  OrderSagaTest() {
    std::ofstream csv(options_.orders);
    const char* const flags[] = {"",     "sold_out", "declined", "never_packed", "undeliverable",
                                 "flaky"};
    csv << "id,sku,quantity,cents,card,flag\n";
    for (int i = 0; i < kOrderCount; ++i)
      csv << "o-" << i << ",hat,1,100,card," << flags[i % 6] << "\n";
  }

  void spoil(const char* sql) {
    Database(ledger_file(options_.data), Database::Mode::kReadWrite).run(sql);
  }

  TemporaryDirectory directory_;
  const RunOptions options_{.orders = directory_ / "orders.csv",
                            .data = directory_ / "data",
                            .pack_within = std::chrono::milliseconds(500),
                            .threads = 8};
};

TEST_F(OrderSagaTest, EveryOrderEndsAndTheBooksAreInOrder) {
  EXPECT_EQ(run_orders(options_), 0);
  EXPECT_EQ(verify_orders(options_.data), 0);
  EXPECT_EQ(show_status(options_.data), 0);
}

TEST_F(OrderSagaTest, RunningAgainDoesNothingTwice) {
  EXPECT_EQ(run_orders(options_), 0);
  const auto before = Books(ledger_file(options_.data)).deliveries().all;
  EXPECT_EQ(run_orders(options_), 0);
  EXPECT_EQ(Books(ledger_file(options_.data)).deliveries().all, before);
}

TEST_F(OrderSagaTest, VerifyFailsOnASpoiledLedger) {
  ASSERT_EQ(run_orders(options_), 0);
  spoil("UPDATE till SET cents = cents - 1");
  EXPECT_EQ(verify_orders(options_.data), 1);
}

TEST_F(OrderSagaTest, VerifyFailsWhenTheStoreLacksAnOrder) {
  ASSERT_EQ(run_orders(options_), 0);
  spoil("INSERT INTO orders VALUES ('o-lost', 'hat', 1, 100)");
  EXPECT_EQ(verify_orders(options_.data), 1);
}

TEST_F(OrderSagaTest, ABrokenFileStartsNothing) {
  std::ofstream(options_.orders, std::ios::app) << "o-61,hat,many,100,card,\n";
  EXPECT_THROW(run_orders(options_), CsvError);
  EXPECT_FALSE(std::filesystem::exists(options_.data));
}

TEST_F(OrderSagaTest, VerifyNeedsSomethingToVerify) {
  EXPECT_THROW(verify_orders(options_.data), std::runtime_error);
}

}  // namespace
}  // namespace order_saga
