// The program of the sample as its main() calls it, on orders that end in every way there is.
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <reprise/engine.h>
#include <sstream>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "samples/order_saga/commands.h"
#include "samples/order_saga/csv.h"
#include "samples/order_saga/runs.h"
#include "samples/order_saga/sqlite.h"
#include "tests/support/temporary_directory.h"

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

  reprise::testing::TemporaryDirectory directory_;
  const RunOptions options_{.orders = directory_ / "orders.csv",
                            .data = directory_ / "data",
                            .pack_within = std::chrono::milliseconds(500),
                            .threads = 8};
};

TEST_F(OrderSagaTest, EveryOrderEndsAndTheBooksAreInOrder) {
  EXPECT_EQ(run_orders(options_), 0);
  EXPECT_EQ(audit_orders(options_.data), 0);
  EXPECT_EQ(show_status(options_.data), 0);
}

TEST_F(OrderSagaTest, RunningAgainDoesNothingTwice) {
  EXPECT_EQ(run_orders(options_), 0);
  const auto before = Books(ledger_file(options_.data)).deliveries().all;
  EXPECT_EQ(run_orders(options_), 0);
  EXPECT_EQ(Books(ledger_file(options_.data)).deliveries().all, before);
}

TEST_F(OrderSagaTest, TheAuditFailsOnASpoiledLedger) {
  ASSERT_EQ(run_orders(options_), 0);
  spoil("UPDATE till SET cents = cents - 1");
  EXPECT_EQ(audit_orders(options_.data), 1);
}

TEST_F(OrderSagaTest, TheAuditFailsWhenTheStoreLacksAnOrder) {
  ASSERT_EQ(run_orders(options_), 0);
  spoil("INSERT INTO orders VALUES ('o-lost', 'hat', 1, 100)");
  EXPECT_EQ(audit_orders(options_.data), 1);
}

// What every worker program can do with its runs (reprise/cli.h).
TEST_F(OrderSagaTest, TheProgramReplaysItsRuns) {
  ASSERT_EQ(run_orders(options_), 0);
  const auto program = [&](const std::string& arguments) {
    const std::string command = ORDER_SAGA_PROGRAM " " + arguments + " --store " +
                                store_directory(options_.data).string() + " > /dev/null";
    return std::system(command.c_str());
  };
  EXPECT_EQ(program("verify"), 0);
  EXPECT_EQ(program("replay --run o-0"), 0);
  EXPECT_NE(program("replay --run nobody 2> /dev/null"), 0);
}

// Asked for help, the programs print it and leave no store behind; so does hello.
TEST_F(OrderSagaTest, TheProgramsExplainThemselves) {
  const auto exit_code = [&](const std::string& command) {
    const std::string in = "cd " + directory_.path() + " && ";
    return WEXITSTATUS(std::system((in + command + " > /dev/null 2>&1").c_str()));
  };
  const std::vector<std::string> programs{ORDER_SAGA_PROGRAM, FAN_OUT_PROGRAM, APPROVAL_PROGRAM};
  for (const std::string& program : programs) {
    EXPECT_EQ(exit_code(program + " --help"), 0) << program;
    EXPECT_EQ(exit_code(program + " verify --help"), 0) << program;
    EXPECT_EQ(exit_code(program + " nonsense"), 2) << program;
  }
  EXPECT_EQ(exit_code(ORDER_SAGA_PROGRAM), 2) << "without a command";
  EXPECT_EQ(exit_code(ORDER_SAGA_PROGRAM " nonsense 2>&1 | grep -q nonsense"), 0);
  EXPECT_FALSE(std::filesystem::exists(directory_ / "fan_out.db"));
  EXPECT_FALSE(std::filesystem::exists(directory_ / "approval.db"));
}

TEST_F(OrderSagaTest, TheProgramsSayThatTheirStoreIsInUse) {
  const std::string said = directory_ / "said";
  const std::pair<const char*, const char*> programs[] = {{FAN_OUT_PROGRAM, "fan_out.db"},
                                                          {APPROVAL_PROGRAM, "approval.db"}};
  for (const auto& [program, store] : programs) {
    const auto engine =
        reprise::Engine::open(directory_ / store, {.logger = [](reprise::LogLevel, auto) {}});
    const std::string command =
        "cd " + directory_.path() + " && " + program + " 2> " + said + " > /dev/null";
    EXPECT_EQ(WEXITSTATUS(std::system(command.c_str())), 1) << program;
    std::ifstream file(said);
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    EXPECT_TRUE(text.starts_with("RP1003 ")) << text;
  }
}

TEST_F(OrderSagaTest, ABrokenFileStartsNothing) {
  std::ofstream(options_.orders, std::ios::app) << "o-61,hat,many,100,card,\n";
  EXPECT_THROW(run_orders(options_), CsvError);
  EXPECT_FALSE(std::filesystem::exists(options_.data));
}

TEST_F(OrderSagaTest, TheAuditNeedsSomethingToAudit) {
  EXPECT_THROW(audit_orders(options_.data), std::runtime_error);
}

}  // namespace
}  // namespace order_saga
