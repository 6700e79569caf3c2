// The sample transfer: no cent is lost or doubled, whenever its process is killed.
#include <csignal>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "reprise/testing/env.h"
#include "samples/transfer/bank.h"
#include "tests/support/temporary_directory.h"

namespace transfer {
namespace {

using reprise::testing::Env;

constexpr int kAccounts = 5;
constexpr std::int64_t kEach = 1'000;
constexpr int kTransfers = 150;

std::string owner(int number) {
  return "a" + std::to_string(number % kAccounts);
}

TEST(Transfer, MovesWhatIsThere) {
  Env env;
  implement_bank(env);
  env.start(open_account("ann", 100)).result();
  env.start(open_account("ann", 7'000)).result();  // it has one
  env.start(open_account("bob", 0)).result();
  env.start(move("ann", "bob", 30)).result();
  EXPECT_THROW(env.start(move("ann", "bob", 71)).result(), reprise::ApplicationFailure);
  env.start(move("ann", "ann", 70)).result();
  EXPECT_EQ(env.client().get(accounts, "ann"), 70);
  EXPECT_EQ(env.client().get(accounts, "bob"), 30);
  EXPECT_EQ(env.read(total), 100);
}

std::vector<reprise::Handle<void>> start_all(const reprise::Client& client) {
  constexpr auto kOnce = reprise::IdReuse::kUseExisting;
  for (int i = 0; i < kAccounts; ++i) {
    client.start(open_account(owner(i), kEach), {.id = "open " + owner(i), .id_reuse = kOnce})
        .result();
  }
  std::vector<reprise::Handle<void>> runs;
  for (int i = 0; i < kTransfers; ++i) {
    runs.push_back(client.start(move(owner(i), owner(i + 1), 1),
                                {.id = "move " + std::to_string(i), .id_reuse = kOnce}));
  }
  return runs;
}

[[noreturn]] void make_transfers(const std::string& store, int transfers) try {
  const auto engine = reprise::Engine::open(store, {.shards = 2});
  reprise::Worker worker(*engine);
  implement_bank(worker);
  worker.start();
  const auto runs = start_all(reprise::Client(*engine));
  for (int i = 0; i < transfers; ++i) runs[static_cast<std::size_t>(i)].result();
  ::kill(::getpid(), SIGKILL);
  ::_exit(1);
} catch (const std::exception&) {
  ::_exit(1);
}

// A process that is killed when so many transfers have been made; the others are under way.
void make_and_be_killed(const std::string& store, int transfers) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) make_transfers(store, transfers);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
}

TEST(Transfer, ConservesMoneyUnderKill9) {
  const reprise::testing::TemporaryDirectory directory;
  const std::string store = directory / "bank.db";
  for (const int made : {0, 1, 7, 30, 31, 80}) {
    make_and_be_killed(store, made);
    const auto engine = reprise::Engine::open(store);
    EXPECT_EQ(engine->read(total), kAccounts * kEach) << made;
  }
  const auto engine = reprise::Engine::open(store);
  reprise::Worker worker(*engine);
  implement_bank(worker);
  worker.start();
  const reprise::Client client(*engine);
  for (const auto& run : start_all(client)) run.result();
  // Each account has paid as often as it was paid, if each transfer was made once.
  for (int i = 0; i < kAccounts; ++i) EXPECT_EQ(client.get(accounts, owner(i)), kEach) << i;
}

}  // namespace
}  // namespace transfer
