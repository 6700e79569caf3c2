// The code of docs/language/transactions.md; a test makes sure that it is that code.
#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "reprise/reprise.h"
#include "reprise/testing/env.h"
#include "tests/support/page_code.h"
#include "tests/support/temporary_directory.h"

namespace transactions_page_test {

struct Transfer {
  std::string from;
  std::string to;
  std::int64_t cents = 0;
};

constexpr reprise::Workflow<void(std::string, std::string, std::int64_t)> transfer{"transfer"};
constexpr reprise::Workflow<std::int64_t(std::string)> close_all{"close_all"};
constexpr reprise::Workflow<void(std::string, std::int64_t)> pay_in{"pay_in"};
using AccountId = std::pair<std::string, std::uint64_t>;
constexpr reprise::Table<AccountId, std::int64_t> accounts_of{"accounts_of"};

// ---- the page ---------------------------------------------------------------------------------

constexpr reprise::Table<std::string, std::int64_t> accounts{"accounts"};

void run_transfer(reprise::Context& ctx, const Transfer& order) {
  const bool moved = ctx.transaction("move", [&](reprise::Transaction& rows) {
    const std::int64_t have = rows.get(accounts, order.from).value_or(0);
    if (have < order.cents) return false;
    rows.put(accounts, order.from, have - order.cents);
    rows.put(accounts, order.to, rows.get(accounts, order.to).value_or(0) + order.cents);
    return true;
  });
  if (!moved) throw reprise::ApplicationFailure("Overdrawn", "not so much is there");
}

std::int64_t close_accounts(reprise::Context& ctx, const std::string& owner) {
  return ctx.transaction("close", [&](reprise::Transaction& rows) {
    std::int64_t left = 0;
    rows.scan(accounts_of, {owner, 0}, {owner + '\0', 0},
              [&](const AccountId& account, std::int64_t cents) {
                left += cents;
                rows.erase(accounts_of, account);
              });
    return left;
  });
}

std::int64_t total(reprise::Engine& engine) {
  return engine.read([](const reprise::TableReader& rows) {
    std::int64_t sum = 0;
    rows.scan(accounts, [&](const std::string&, std::int64_t cents) { sum += cents; });
    return sum;
  });
}

std::int64_t balance(const reprise::Client& client, const std::string& owner) {
  return client.get(accounts, owner).value_or(0);
}

}  // namespace transactions_page_test

namespace reprise::transactions_page_test {
namespace {

using namespace ::transactions_page_test;

template <class Server>
void implement_bank(Server& server) {
  server.implement(transfer, [](Context& ctx, const std::string& from, const std::string& to,
                                std::int64_t cents) {
    run_transfer(ctx, {from, to, cents});
  });
  server.implement(close_all, close_accounts);
  server.implement(pay_in, [](Context& ctx, const std::string& owner, std::int64_t cents) {
    ctx.transaction("pay in", [&](Transaction& rows) {
      rows.put(accounts, owner, rows.get(accounts, owner).value_or(0) + cents);
      rows.put(accounts_of, {owner, static_cast<std::uint64_t>(cents)}, cents);
    });
  });
}

TEST(TransactionsPage, CodeIsThatOfThisTest) {
  testing::expect_code_of("docs/language/transactions.md",
                          "tests/unit/sdk/transactions_page_test.cc", 3);
}

TEST(TransactionsPage, MoneyIsMoved) {
  const testing::TemporaryDirectory directory;
  const auto engine = Engine::open(directory.path() + "/store");
  Worker worker(*engine);
  implement_bank(worker);
  worker.start();
  const Client client(*engine);
  client.start(pay_in("alice", 100), {.id = "p"}).result();
  client.start(transfer("alice", "bob", 30), {.id = "t1"}).result();
  EXPECT_THROW(client.start(transfer("alice", "bob", 300), {.id = "t2"}).result(),
               ApplicationFailure);
  EXPECT_EQ(balance(client, "alice"), 70);
  EXPECT_EQ(balance(client, "bob"), 30);
  EXPECT_EQ(total(*engine), 100);
}

TEST(TransactionsPage, AccountsAreClosed) {
  testing::Env env;
  implement_bank(env);
  env.start(pay_in("alice", 100)).result();
  env.start(pay_in("alice", 7)).result();
  env.start(pay_in("bob", 5)).result();
  EXPECT_EQ(env.start(close_all("alice")).result(), 107);
  EXPECT_EQ(env.start(close_all("alice")).result(), 0);
  int left = 0;
  env.client().scan(accounts_of, [&](const AccountId&, std::int64_t) { ++left; });
  EXPECT_EQ(left, 1);
}

}  // namespace
}  // namespace reprise::transactions_page_test
