#include "samples/subscription/subscription.h"

#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/command_output.h"
#include "tests/support/env_modes.h"
#include "tests/support/temporary_directory.h"

namespace subscription {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr reprise::Duration kMonth = 24h * 30;

// What a bank that recognises repeated bills has got: cents by customer and month, of one key each.
struct Bank {
  std::map<std::string, std::pair<int, int>> by_key;

  std::vector<int> months() const {
    std::map<int, int> cents;
    for (const auto& [key, bill] : by_key) {
      EXPECT_EQ(cents.count(bill.first), 0U) << "month " << bill.first << " is billed twice";
      cents[bill.first] = bill.second;
    }
    std::vector<int> all;
    for (const auto& [month, amount] : cents) all.push_back(amount);
    EXPECT_TRUE(cents.empty() || cents.rbegin()->first == static_cast<int>(all.size()))
        << "a month is not billed";
    return all;
  }
};

void implement(reprise::testing::Env& env, Bank& bank) {
  env.implement(subscribe, [](reprise::Context& ctx, const std::string& customer,
                              const std::string& plan, const int& paid) {
    return run_subscription(ctx, customer, plan, paid, kMonth);
  });
  env.implement(bill, [&bank](reprise::ActivityContext& ctx, const std::string&, const int& month,
                              const int& cents) {
    bank.by_key[std::string(ctx.idempotency_key())] = {month, cents};
  });
}

class Subscription : public reprise::testing::InEveryMode {
 protected:
  Subscription() { implement(env, bank); }
  Bank bank;
};
INSTANTIATE_TEST_SUITE_P(All,
                         Subscription,
                         ::testing::ValuesIn(reprise::testing::all_modes()),
                         reprise::testing::name_of);

TEST_P(Subscription, IsBilledOnceAMonthOverYears) {
  const auto run = env.start(subscribe("ann", "basic", 0), {.id = "ann"});
  env.skip(kMonth * 14 + 1h);
  EXPECT_EQ(run.get(months_paid), 15);
  run.signal(leave());
  EXPECT_EQ(run.result(), "ann has left after 15 months");
  EXPECT_EQ(bank.months(), std::vector<int>(15, 500));
  EXPECT_EQ(env.client().list().size(), 2U) << "a run for each year";
}

TEST_P(Subscription, ChangesItsPlan) {
  const auto run = env.start(subscribe("ann", "basic", 0), {.id = "ann"});
  env.skip(kMonth + 1h);
  EXPECT_EQ(run.update(change_plan("family")), "ann has family from month 3");
  EXPECT_THROW((void)run.update(change_plan("golden")), reprise::ApplicationFailure);
  EXPECT_THROW((void)run.update(change_plan("family")), reprise::ApplicationFailure);
  env.skip(kMonth);
  EXPECT_EQ(run.query(status()), "family, 3 months paid");
  run.signal(leave());
  EXPECT_EQ(run.result(), "ann has left after 3 months");
  EXPECT_THAT(bank.months(), ElementsAre(500, 500, 900));
}

// ---- the program ------------------------------------------------------------------------------

// The shell waits for lines that the program writes; nothing depends on how long that takes.
TEST(SubscriptionProgram, IsKilledAndBillsEachMonthOnce) {
  const reprise::testing::TemporaryDirectory directory;
  std::ofstream(directory / "test.sh")
      << "program() { " SUBSCRIPTION_PROGRAM
         " ann 300 > said.$1 2>&1 & P=$!; }\n"
         "billed() { until grep -q \"month $1:\" bills.txt 2>/dev/null; do sleep 0.02; done; }\n"
         "program 1; billed 2; { kill -9 $P; wait $P; } 2>/dev/null\n"
         "program 2; billed 4; { kill -9 $P; wait $P; } 2>/dev/null\n"
         "program 3; billed 5\n" REPRISE_COMMAND
         " signal subscription.db ann leave\n"
         "wait $P; tail -1 said.3\n"
         "cut -d' ' -f2- bills.txt\n" REPRISE_COMMAND " show subscription.db ann\n";
  const auto output = reprise::testing::output_of("cd '" + directory.path() + "' && bash test.sh");
  EXPECT_EQ(output.code, 0) << output.said;
  EXPECT_THAT(output.said, HasSubstr("ann has left after "));
  std::string bills;
  for (int month = 1; month <= 5; ++month) {
    bills += "ann month " + std::to_string(month) + ": 500 cents\n";
  }
  EXPECT_THAT(output.said, HasSubstr(bills));
  for (int month = 1; month <= 5; ++month) {
    const std::string line = "ann month " + std::to_string(month) + ":";
    const auto first = output.said.find(line);
    EXPECT_EQ(output.said.find(line, first + 1), output.said.npos) << line;
  }
  EXPECT_THAT(output.said, HasSubstr("checkpoint"));
  EXPECT_THAT(output.said, HasSubstr(", replayed from event "));
}

}  // namespace
}  // namespace subscription
