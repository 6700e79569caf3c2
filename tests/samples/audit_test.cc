#include "samples/order_saga/audit.h"

#include <gtest/gtest.h>

#include "tests/support/temporary_directory.h"

namespace order_saga {
namespace {

// Three orders, one for each verdict, and books that are in order until a test spoils them.
class AuditTest : public testing::Test {
 protected:
  AuditTest() {
    ledger_.open_for({{"sold", "hat", 2, 3800, "card-1", Flag::kNone},
                      {"undone", "hat", 1, 1900, "card-2", Flag::kUndeliverable},
                      {"refused", "mug", 1, 890, "card-3", Flag::kDeclined}});
    post({.order = "sold", .kind = "reserve", .sku = "hat", .units = -2});
    post({.order = "sold", .kind = "charge", .cents = 3800});
    post({.order = "sold", .kind = "ship"});
    post({.order = "undone", .kind = "reserve", .sku = "hat", .units = -1});
    post({.order = "undone", .kind = "charge", .cents = 1900});
    post({.order = "undone", .kind = "ship", .refusal = "no"});
    post({.order = "undone", .kind = "refund", .cents = -1900});
    post({.order = "undone", .kind = "release", .sku = "hat", .units = 1});
    post({.order = "refused", .kind = "reserve", .sku = "mug", .units = -1});
    post({.order = "refused", .kind = "charge", .cents = 890, .refusal = "no"});
    post({.order = "refused", .kind = "release", .sku = "mug", .units = 1});
  }

  void post(Posting posting) {
    const std::string key = std::to_string(++keys_);
    posting.key = key;
    ledger_.post(posting);
  }

  void spoil(const char* sql) {
    Database(directory_ / "ledger.db", Database::Mode::kReadWrite).run(sql);
  }

  std::string problems() {
    Books books(directory_ / "ledger.db");
    std::string text;
    for (const Check& check : audit(books, verdicts_))
      for (const std::string& problem : check.problems) text += problem + "\n";
    return text;
  }

  void expect_problem(const std::string& expected) {
    EXPECT_NE(problems().find(expected), std::string::npos) << problems();
  }

  reprise::testing::TemporaryDirectory directory_;
  Ledger ledger_{directory_ / "ledger.db"};
  int keys_ = 0;
  Verdicts verdicts_{{"sold", Verdict::kCompleted},
                     {"undone", Verdict::kCompensated},
                     {"refused", Verdict::kRejected}};
};

TEST_F(AuditTest, FindsNothingInGoodBooks) {
  EXPECT_EQ(problems(), "");
}

TEST_F(AuditTest, FindsAnOrderThatHasNotEnded) {
  verdicts_.erase("sold");
  expect_problem("sold has not ended");
}

TEST_F(AuditTest, FindsASecondCharge) {
  post({.order = "sold", .kind = "charge", .cents = 3800});
  expect_problem("sold, reserved 1x, released 0x, charged 2x");
  expect_problem("the till holds 7600");
}

TEST_F(AuditTest, FindsASecondShipment) {
  post({.order = "sold", .kind = "ship"});
  expect_problem("shipped 2x");
}

TEST_F(AuditTest, FindsAMissingShipment) {
  spoil("DELETE FROM effects WHERE kind = 'ship' AND reply = 0");
  expect_problem("shipped 0x");
}

TEST_F(AuditTest, FindsAMissingRefund) {
  spoil("DELETE FROM effects WHERE kind = 'refund'");
  expect_problem("undone, reserved 1x, released 1x, charged 1x, refunded 0x");
}

TEST_F(AuditTest, FindsAnEffectOfARejectedOrder) {
  spoil("UPDATE effects SET reply = 0, cents = 890 WHERE order_id = 'refused' AND kind = 'charge'");
  expect_problem("refused, reserved 1x, released 1x, charged 1x");
}

TEST_F(AuditTest, FindsGoodsThatWereNotPutBack) {
  spoil("DELETE FROM effects WHERE order_id = 'refused' AND kind = 'release'");
  expect_problem("refused, reserved 1x, released 0x");
}

TEST_F(AuditTest, FindsAShelfThatDoesNotBalance) {
  spoil("UPDATE stock SET on_shelf = on_shelf - 1 WHERE sku = 'mug'");
  expect_problem("mug: 1 delivered, 0 sold, but 0 on the shelf");
}

TEST_F(AuditTest, FindsATillThatDoesNotBalance) {
  spoil("UPDATE till SET cents = cents + 1");
  expect_problem("the completed orders cost 3800 cents, but the till holds 3801");
}

}  // namespace
}  // namespace order_saga
