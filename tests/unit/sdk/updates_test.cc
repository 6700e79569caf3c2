// Updates and their checks. First the code of docs/language/updates.md; a test
// makes sure that it is that code.
#include "tests/unit/sdk/updates.h"

#include <chrono>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reprise/reprise.h"
#include "reprise/testing/env.h"
#include "tests/support/page_code.h"
#include "tests/unit/sdk/chains.h"

namespace updates_page_test {

constexpr reprise::Workflow<int(int)> account{"account"};
constexpr reprise::Activity<void(int)> pay_out{"pay_out"};
constexpr reprise::Update<int(int)> withdraw{"withdraw"};
constexpr reprise::Signal<> close_account{"close_account"};

// ---- the page ---------------------------------------------------------------------------------

int run_account(reprise::Context& ctx, int balance) {
  const auto pay = [&](int amount) {
    balance -= amount;
    ctx.call(pay_out(amount));
    return balance;
  };
  const auto check = [&](int amount) {
    if (amount > balance) throw reprise::ApplicationFailure("Overdrawn", "not so much is there");
  };
  const auto registration = ctx.accept(withdraw, pay, check);
  ctx.inbox(close_account).next().get();
  ctx.finish_handlers();
  return balance;
}

reprise::UpdateHandle<int> order_payment(const reprise::RunHandle& run,
                                         const std::string& payment,
                                         int amount) {
  return run.start_update(withdraw(amount),
                          {.id = payment, .wait_for = reprise::UpdateStage::kAccepted});
}

int first_withdrawal(const reprise::Client& client, const std::string& owner, int amount) {
  const auto update =
      client.update_with_start(withdraw(amount), account(1'000), {.id = "account-" + owner});
  return update.result();
}

}  // namespace updates_page_test

namespace reprise::updates_test {
namespace {

using namespace std::chrono_literals;
using namespace updates_page_test;
using namespace updates;
using chains::count_in;
using chains::in_every_weather;
using testing::Crash;
using testing::Env;
using testing::EnvOptions;
using ::testing::HasSubstr;

TEST(UpdatesPage, HasTheCodeOfThisFile) {
  testing::expect_code_of("docs/language/updates.md", "tests/unit/sdk/updates_test.cc", 3);
}

void open_bank(Env& env) {
  env.implement(account, run_account);
  env.stub(pay_out, [](int) {});
}

TEST(UpdatesPage, TheAccountPaysWhatItHas) {
  in_every_weather([](Env& env) {
    open_bank(env);
    const auto run = env.start(account(100), {.id = "a"});
    EXPECT_EQ(run.update(withdraw(60)), 40);
    EXPECT_EQ(error_of([&] { run.update(withdraw(60)); }), "Overdrawn");
    const auto payment = order_payment(run, "payment-1", 30);
    EXPECT_EQ(payment.id(), "payment-1");
    EXPECT_EQ(payment.result(), 10);
    EXPECT_EQ(order_payment(run, "payment-1", 30).result(), 10);
    run.signal(close_account());
    EXPECT_EQ(run.result(), 10);
    EXPECT_EQ(order_payment(run, "payment-1", 30).result(), 10) << "after the end";
    EXPECT_EQ(count_in(run, "\"kind\":\"UpdateReceived\""), 2);
    EXPECT_EQ(count_in(run, "ActivityScheduled"), 2);
  });
}

TEST(UpdatesPage, TheFirstWithdrawalOpensTheAccount) {
  in_every_weather([](Env& env) {
    open_bank(env);
    EXPECT_EQ(first_withdrawal(env.client(), "anna", 100), 900);
    EXPECT_EQ(first_withdrawal(env.client(), "anna", 100), 800);
    EXPECT_EQ(error_of([&] { first_withdrawal(env.client(), "bert", 1'001); }), "Overdrawn");
    EXPECT_EQ(env.client().describe("account-bert").status, RunStatus::kRunning);
    EXPECT_EQ(count_in(env.client().handle("account-anna"), "\"kind\":\"UpdateReceived\""), 2);
    EXPECT_EQ(count_in(env.client().handle("account-bert"), "\"kind\":\"UpdateReceived\""), 0);
  });
}

// ---- checks -----------------------------------------------------------------------------------

TEST(UpdateCheck, ARejectionLeavesNoTrace) {
  in_every_weather([](Env& env) {
    env.implement(counter, counting(positive));
    const auto run = env.start(counter());
    run.signal(number(5));
    const std::string before = run.history().to_json();
    EXPECT_EQ(error_of([&] { run.update(add(-1)); }), "NotPositive");
    EXPECT_EQ(error_of([&] { run.start_update(add(0), {.id = "x"}); }), "NotPositive");
    EXPECT_EQ(run.history().to_json(), before);
    EXPECT_EQ(run.start_update(add(1), {.id = "x"}).result(), 6) << "its id is free";
    run.signal(finish());
    EXPECT_EQ(run.result(), 6);
  });
}

TEST(UpdateCheck, SeesWhatTheRunHasReceivedBefore) {
  Env env;
  const auto at_least_ten = [](Context&, int sum, int) {
    if (sum < 10) throw ApplicationFailure("TooEarly", "");
  };
  env.implement(counter, counting(at_least_ten));
  const auto run = env.start(counter());
  const auto early = run.submit_update(add(1));
  (void)run.submit_signal(number(10));
  const auto late = run.submit_update(add(2));
  EXPECT_EQ(error_of([&] { early.result(); }), "TooEarly");
  EXPECT_EQ(late.result(), 12);
}

TEST(UpdateCheck, WithABugRefusesTheUpdateAndTheRunGoesOn) {
  struct Bug {
    std::string what;
    std::function<void(Context&)> check;
  };
  const std::vector<Bug> bugs{
      {"off by one", [](Context&) { throw std::logic_error("off by one"); }},
      {"no std::exception", [](Context&) { throw 7; }},
      {"RP2004", [](Context& ctx) { ctx.sleep(1h); }},
      {"RP2004", [](Context& ctx) { ctx.random(); }},
      {"RP2004", [](Context& ctx) { ctx.decide("checked", true); }},
      {"RP2004", [](Context& ctx) { ctx.wait_until([] { return false; }); }},
      {"RP2004", [](Context& ctx) { ctx.finish_handlers(); }},
      {"RP2004", [](Context& ctx) { ctx.continue_as_new(counter()); }},
      {"RP2004", [](Context& ctx) { (void)ctx.inbox(number).empty(); }},
  };
  in_every_weather([&](Env& env) {
    std::size_t which = 0;
    env.implement(counter, counting([&](Context& ctx, int, int value) {
                    if (value < 0) bugs[which].check(ctx);
                  }));
    const auto run = env.start(counter());
    const std::string before = run.history().to_json();
    for (which = 0; which < bugs.size(); ++which) {
      try {
        run.update(add(-1));
        ADD_FAILURE() << "bug " << which;
      } catch (const UpdateRefused& refused) {
        EXPECT_EQ(refused.code(), "RP3036");
        EXPECT_THAT(refused.what(), HasSubstr(bugs[which].what));
      }
    }
    EXPECT_EQ(run.history().to_json(), before);
    EXPECT_EQ(run.update(add(1)), 1);
  });
}

TEST(UpdateCheck, MayAskForTheTimeAndTheRun) {
  Env env;
  Time seen{};
  std::string id;
  env.implement(counter, counting([&](Context& ctx, int, int) {
                  seen = ctx.now();
                  id = ctx.info().workflow_id;
                  EXPECT_GT(ctx.history_events(), 0u);
                }));
  const auto run = env.start(counter(), {.id = "c"});
  env.skip(1h);
  run.update(add(1));
  EXPECT_EQ(seen, env.now());
  EXPECT_EQ(id, "c");
}

// A turn that takes nothing is not recorded: its time is not seen by any code.
TEST(UpdateCheck, ARejectionDoesNotMoveTheTime) {
  Env env;
  env.implement(counter, counting(positive));
  const auto run = env.start(counter());
  for (int i = 0; i < 3; ++i) {
    env.skip(1h);
    EXPECT_EQ(error_of([&] { run.update(add(-1)); }), "NotPositive");
    EXPECT_EQ(run.update(add(1)), i + 1);
  }
}

TEST(UpdateCheck, ArgumentsThatDoNotDecodeAreRejected) {
  constexpr Update<int(std::string)> add_text{"add"};
  constexpr Update<int(int, int)> add_two{"add"};
  Env env;
  env.implement(counter, counting(positive));
  const auto run = env.start(counter());
  const std::string before = run.history().to_json();
  EXPECT_EQ(error_of([&] { run.update(add_text("1")); }), "RP3001");
  EXPECT_EQ(error_of([&] { run.update(add_two(1, 2)); }), "RP3001");
  EXPECT_EQ(run.history().to_json(), before);
}

TEST(UpdateCheck, ArgumentsThatAreTooLargeAreNotSent) {
  constexpr Update<int(std::string)> add_text{"add"};
  Env env;
  env.implement(counter, counting(positive));
  const auto run = env.start(counter());
  const std::string before = run.history().to_json();
  EXPECT_EQ(error_of([&] { run.update(add_text(std::string(kMaxPayloadBytes, 'x'))); }), "RP3002");
  EXPECT_EQ(error_of([&] {
              run.start_update(add_text(std::string(kMaxPayloadBytes, 'x')), {.id = "u"});
            }),
            "RP3002");
  EXPECT_EQ(error_of([&] { run.start_update(add(1), {.id = std::string(kMaxIdBytes + 1, 'x')}); }),
            "RP3003");
  EXPECT_EQ(error_of([&] { run.start_update(add(1), {.id = "\xff"}); }), "RP3003");
  EXPECT_EQ(run.history().to_json(), before);
}

class Adder {
 public:
  explicit Adder(Context& ctx) : ctx_(ctx) {}
  int run() {
    ctx_.inbox(finish).next().get();
    ctx_.finish_handlers();
    return sum_;
  }
  int add(const int& value) { return sum_ += value; }
  void check(const int& value) const {
    if (value > 10 - sum_) throw ApplicationFailure("Full", "");
  }

 private:
  Context& ctx_;
  int sum_ = 0;
};

TEST(UpdateCheck, MayBeAMemberFunction) {
  in_every_weather([](Env& env) {
    implement_class(env, counter, &Adder::run).on(add, &Adder::add, &Adder::check);
    const auto run = env.start(counter());
    EXPECT_EQ(run.update(add(8)), 8);
    EXPECT_EQ(error_of([&] { run.update(add(3)); }), "Full");
    EXPECT_EQ(run.update(add(2)), 10);
  });
}

// ---- code that cannot take it -----------------------------------------------------------------

class SlowlyMade {
 public:
  explicit SlowlyMade(Context& ctx) : ctx_(ctx) { ctx.sleep(1h); }
  int run() {
    ctx_.inbox(finish).next().get();
    return sum_;
  }
  int add(const int& value) { return sum_ += value; }
  void check(const int& value) const { positive(ctx_, sum_, value); }

 private:
  Context& ctx_;
  int sum_ = 0;
};

TEST(UpdateWaits, UntilTheCodeIsConstructed) {
  in_every_weather([](Env& env) {
    implement_class(env, counter, &SlowlyMade::run)
        .on(updates::add, &SlowlyMade::add, &SlowlyMade::check);
    const auto run = env.start(counter());
    const auto bad = run.submit_update(updates::add(-1));
    const auto good = run.submit_update(updates::add(1));
    EXPECT_EQ(count_in(run, "UpdateReceived"), 0);
    EXPECT_EQ(error_of([&] { bad.result(); }), "NotPositive");
    EXPECT_EQ(good.result(), 1);
    EXPECT_EQ(count_in(run, "\"kind\":\"UpdateReceived\""), 1);
  });
}

// Its constructor waits as long as its run may take, and its handler sends a message.
class TellingWhenMade {
 public:
  explicit TellingWhenMade(Context& ctx) : ctx_(ctx) { ctx.sleep(1h); }
  int run() { return ctx_.inbox(Signal<int>("never")).next().get(); }
  int add(const int& value) {
    try {
      ctx_.external("nobody").signal(Signal<int>("word")(value));
    } catch (const ExternalFailure&) {
    }
    return value;
  }

 private:
  Context& ctx_;
};

TEST(UpdateWaits, ALimitThatComesTogetherWithTheEndOfTheWaitHolds) {
  in_every_weather([](Env& env) {
    implement_class(env, counter, &TellingWhenMade::run).on(updates::add, &TellingWhenMade::add);
    const auto run = env.start(counter(), {.run_timeout = 1h});
    const auto update = run.submit_update(updates::add(1));
    env.skip(2h);
    EXPECT_EQ(run.describe().status, RunStatus::kTimedOut);
  });
}

}  // namespace
}  // namespace reprise::updates_test
