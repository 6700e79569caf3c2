// The code of docs/language/concurrency.md, in its order. The last test makes sure that it is that
// code.
#include <chrono>
#include <mutex>
#include <reprise/reprise.h>
#include <reprise/testing/env.h>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/page_code.h"

namespace reprise_concurrency_page_test {
namespace {

using namespace std::chrono_literals;

// ---- map --------------------------------------------------------------------------------------

constexpr reprise::Workflow<int(std::vector<std::string>)> mailing{"mailing"};
constexpr reprise::Activity<int(std::string)> deliver{"deliver"};

int run_mailing(reprise::Context& ctx, const std::vector<std::string>& addresses) {
  const auto send = [&](const std::string& address) {
    return ctx.call(deliver(address), {.retry = {.maximum_attempts = 3}});
  };
  int cents = 0;
  for (const int postage : ctx.map(addresses, send, {.at_most = 10})) cents += postage;
  return cents;
}

TEST(Concurrency, AMailingIsDelivered) {
  reprise::testing::Env env;
  env.implement(mailing, run_mailing);
  env.stub(deliver, [](const std::string& address) {
    if (address == "nowhere") throw reprise::ApplicationFailure("Unknown", address, false);
    return 85;
  });
  EXPECT_EQ(env.start(mailing({"ann", "bob", "eve"})).result(), 255);
  EXPECT_THROW(env.start(mailing({"ann", "nowhere"})).result(), reprise::ActivityFailure);
  EXPECT_EQ(env.start(mailing({})).result(), 0);
}

// ---- race -------------------------------------------------------------------------------------

constexpr reprise::Workflow<std::string()> ride{"ride"};
constexpr reprise::Activity<std::string(std::string)> hail{"hail"};
constexpr reprise::Activity<void(std::string)> drive_here{"drive_here"};
constexpr reprise::Activity<void(std::string)> send_away{"send_away"};

std::string run_ride(reprise::Context& ctx) {
  const auto order = [&](std::string company) {
    return [&ctx, company] {
      const std::string car = ctx.call(hail(company));
      try {
        ctx.call(drive_here(car));
        return car;
      } catch (const reprise::CancelledFailure&) {
        const reprise::Shield shield(ctx);
        ctx.call(send_away(car));  // race() waits for this
        throw;
      }
    };
  };
  std::vector<reprise::Pending<std::string>> cars;
  for (const char* company : {"red", "blue"}) cars.push_back(ctx.spawn(order(company)));
  const std::size_t first = ctx.race(cars);
  return cars[first].get();
}

TEST(Concurrency, OneCarIsTaken) {
  reprise::testing::Env env;
  env.implement(ride, run_ride);
  env.stub(hail, [](const std::string& company) { return company + " car"; });
  std::vector<std::string> away;
  env.stub(send_away, [&](const std::string& car) { away.push_back(car); });
  env.stub(drive_here, [](const std::string& car) {
    if (car == "red car") throw std::runtime_error("in traffic");
  });
  EXPECT_EQ(env.start(ride()).result(), "blue car");
  EXPECT_EQ(away, (std::vector<std::string>{"red car"}));
}

// ---- channels ---------------------------------------------------------------------------------

constexpr reprise::Workflow<int(int)> import{"import"};
constexpr reprise::Activity<std::vector<int>(int)> read_page{"read_page"};
constexpr reprise::Activity<int(int)> store_row{"store_row"};

int run_import(reprise::Context& ctx, int pages) {
  reprise::Channel<int> rows(ctx, 100);  // reading is at most 100 rows ahead
  auto reading = ctx.spawn([&] {
    try {
      for (int page = 0; page < pages; ++page) {
        for (const int row : ctx.call(read_page(page))) rows.send(row);
      }
    } catch (const reprise::Failure&) {
      rows.close();  // or the others would wait for ever
      throw;
    }
    rows.close();
  });
  int stored = 0;
  ctx.map(std::vector<int>(5), [&](int) {  // five at a time
    while (const auto row = rows.receive().get()) stored += ctx.call(store_row(*row));
  });
  reading.get();  // throws what reading has thrown
  return stored;
}

TEST(Concurrency, RowsAreImported) {
  reprise::testing::Env env;
  env.implement(import, run_import);
  env.stub(read_page, [](int page) { return std::vector<int>(40, page); });
  env.stub(store_row, [](int) { return 1; });
  EXPECT_EQ(env.start(import(4)).result(), 160);
}

TEST(Concurrency, RowsThatCannotBeReadEndTheImport) {
  reprise::testing::Env env;
  env.implement(import, run_import);
  env.stub(read_page, [](int page) {
    if (page == 2) throw reprise::ApplicationFailure("Gone", "no such page", false);
    return std::vector<int>(40, page);
  });
  env.stub(store_row, [](int) { return 1; });
  EXPECT_THROW(env.start(import(4)).result(), reprise::ActivityFailure);
}

// ---- locks ------------------------------------------------------------------------------------

constexpr reprise::Workflow<int()> account{"account"};
constexpr reprise::Activity<bool(int)> approve{"approve"};
constexpr reprise::Update<bool(int)> withdraw{"withdraw"};
constexpr reprise::Signal<void> close_it{"close_it"};

int run_account(reprise::Context& ctx) {
  int balance = 100;
  reprise::Mutex mutex(ctx);
  const auto withdrawing = ctx.accept(withdraw, [&](int amount) {
    const std::lock_guard lock(mutex);  // a second withdrawal waits for the first one
    if (amount > balance || !ctx.call(approve(amount))) return false;
    balance -= amount;
    return true;
  });
  ctx.inbox(close_it).next().get();
  return balance;
}

TEST(Concurrency, AnAccountIsNotOverdrawn) {
  reprise::testing::Env env;
  env.implement(account, run_account);
  env.stub(approve, [](int) { return true; });
  const auto run = env.start(account());
  EXPECT_TRUE(run.update(withdraw(70)));
  EXPECT_FALSE(run.update(withdraw(70)));
  run.signal(close_it());
  EXPECT_EQ(run.result(), 30);
}

constexpr reprise::Workflow<int()> nightly{"nightly"};
constexpr reprise::Activity<int(int)> query_database{"query_database"};

int run_nightly(reprise::Context& ctx) {
  reprise::Semaphore connections(ctx, 2);
  const auto query = [&](int number) {
    const std::lock_guard permit(connections);
    return ctx.call(query_database(number));
  };
  auto sales = ctx.spawn([&] { return ctx.map({1, 2, 3}, query); });
  auto stock = ctx.spawn([&] { return ctx.map({4, 5, 6}, query); });
  int sum = 0;
  for (const auto& results : {sales.get(), stock.get()}) {
    for (const int result : results) sum += result;
  }
  return sum;
}

TEST(Concurrency, QueriesShareConnections) {
  reprise::testing::Env env;
  env.implement(nightly, run_nightly);
  env.stub(query_database, [](int number) { return number; });
  EXPECT_EQ(env.start(nightly()).result(), 21);
}

// ---- the page ---------------------------------------------------------------------------------

TEST(ConcurrencyPage, HasTheCodeOfThisFile) {
  reprise::testing::expect_code_of("docs/language/concurrency.md",
                                   "tests/unit/sdk/concurrency_page_test.cc", 5);
}

}  // namespace
}  // namespace reprise_concurrency_page_test
