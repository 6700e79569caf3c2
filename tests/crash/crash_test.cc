// Kills the job at its N-th transaction for N = 1, 2, 3... until it gets through unkilled, and lets
// it finish each time. At any moment: nothing acknowledged is lost, every effect has one key, and
// the money adds up.
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/command_output.h"
#include "tests/support/temporary_directory.h"

namespace {

using reprise::testing::TemporaryDirectory;

constexpr int kTransfers = 12;

// True: it was killed. An exit with an error fails the test.
bool job_is_killed(const TemporaryDirectory& directory, const std::string& where = {}, int at = 0) {
  std::vector<std::string> words = {"exec", CRASH_JOB, directory.path()};
  if (at > 0) words.insert(words.end(), {where, std::to_string(at)});
  const auto output = reprise::testing::output_of(words);
  if (output.code == 128 + SIGKILL) return true;
  EXPECT_EQ(output.code, 0) << output.said;
  return false;
}

struct Account {
  std::map<std::string, std::set<std::string>> keys;  // of each operation
  long cents = 0;
};

std::map<std::string, Account> read_ledger(const TemporaryDirectory& directory) {
  std::map<std::string, Account> transfers;
  std::set<std::string> applied;
  std::ifstream file(directory.path() + "/ledger");
  std::string key, transfer, operation;
  long cents = 0;
  while (file >> key >> transfer >> operation >> cents) {
    Account& account = transfers["t" + transfer];
    account.keys[operation].insert(key);
    // An idempotent receiver applies a key once.
    if (applied.insert(key).second) account.cents += cents;
  }
  return transfers;
}

void verify(const TemporaryDirectory& directory) {
  std::map<std::string, std::set<std::string>> run_ids, results;
  std::map<std::string, std::string> final_run, final_result;
  std::ifstream file(directory.path() + "/acknowledged");
  std::string line;
  while (std::getline(file, line)) {
    std::istringstream words(line);
    std::string what, id, value;
    words >> what >> id >> value;
    if (what == "started") run_ids[id].insert(value);
    if (what == "result") results[id].insert(value);
    if (what == "ended") {
      final_run[id] = value;
      words >> final_result[id];
    }
  }
  ASSERT_EQ(final_run.size(), static_cast<std::size_t>(kTransfers));
  auto ledger = read_ledger(directory);
  for (const auto& [id, run_id] : final_run) {
    SCOPED_TRACE(id);
    for (const auto& acknowledged : run_ids[id]) EXPECT_EQ(acknowledged, run_id);
    for (const auto& acknowledged : results[id]) EXPECT_EQ(acknowledged, final_result[id]);
    Account& account = ledger[id];
    for (const auto& [operation, keys] : account.keys) {
      EXPECT_EQ(keys.size(), 1u) << operation << " was done under several keys";
      EXPECT_TRUE(keys.begin()->starts_with(run_id)) << operation << " by an unknown run";
    }
    EXPECT_EQ(account.cents, 0);
    EXPECT_TRUE(account.keys.contains("withdraw"));
    EXPECT_EQ(account.keys.contains("deposit"), final_result[id] == "deposited");
    EXPECT_EQ(account.keys.contains("refund"), final_result[id] == "refunded");
  }
}

class Crash : public ::testing::TestWithParam<const char*> {};

// After each kill one undisturbed run finishes the job.
TEST_P(Crash, OnceAtEveryTransaction) {
  int at = 1;
  for (;; ++at) {
    SCOPED_TRACE(std::string(GetParam()) + " " + std::to_string(at));
    const TemporaryDirectory directory;
    if (!job_is_killed(directory, GetParam(), at)) break;
    ASSERT_FALSE(job_is_killed(directory));
    verify(directory);
    if (HasFailure()) return;
  }
  EXPECT_GT(at, 3) << "the job has hardly any transaction to be killed at";
  RecordProperty("kills", at - 1);
}

// What the job has done so far, in bytes of its files: it grows when there is progress.
std::uintmax_t done_by_job(const TemporaryDirectory& directory) {
  std::uintmax_t bytes = 0;
  for (const char* const name : {"/acknowledged", "/ledger", "/pauses"}) {
    std::error_code missing;
    const auto size = std::filesystem::file_size(directory.path() + name, missing);
    if (!missing) bytes += size;
  }
  return bytes;
}

// Every start is killed again, at the same distance, until the job gets through. How many starts an
// operation takes depends on how much of it gets into the one commit of a process: on a busy
// machine dozens, because an attempt that was under way is lost each time.
TEST_P(Crash, AgainAndAgain) {
  for (int at = 2; at <= 6; at += 2) {
    SCOPED_TRACE(std::string(GetParam()) + " " + std::to_string(at));
    const TemporaryDirectory directory;
    int in_vain = 0;
    std::uintmax_t done = 0;
    while (in_vain < 500 && job_is_killed(directory, GetParam(), at)) {
      const std::uintmax_t before = std::exchange(done, done_by_job(directory));
      in_vain = done == before ? in_vain + 1 : 0;
    }
    ASSERT_LT(in_vain, 500) << "no progress";
    verify(directory);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Where,
    Crash,
    ::testing::Values("before_append", "after_append", "before_archive", "after_archive"),
    [](const auto& where) { return std::string(where.param); });

// What it printed, if it got through.
std::optional<std::string> attempt_job(const TemporaryDirectory& directory,
                                       const std::string& arguments) {
  const std::string command = std::string(ATTEMPT_JOB) + " " + directory.path() + " " + arguments;
  FILE* job = popen(command.c_str(), "r");
  if (job == nullptr) std::abort();
  std::string output;
  for (int c = 0; (c = fgetc(job)) != EOF;) output += static_cast<char>(c);
  return pclose(job) == 0 ? std::optional(output) : std::nullopt;
}

TEST(CrashAttempts, AnActivityThatKillsTheProcessGivesUp) {
  const TemporaryDirectory directory;
  for (int attempt = 1; attempt <= 3; ++attempt) {
    ASSERT_FALSE(attempt_job(directory, "kill 0").has_value()) << "attempt " << attempt;
  }
  EXPECT_EQ(attempt_job(directory, "kill 0"), "killer 3\n");
}

TEST(CrashAttempts, OnlyAttemptsThatHadBegunAreUsedUp) {
  const TemporaryDirectory directory;
  ASSERT_FALSE(attempt_job(directory, "kill 3").has_value());
  EXPECT_EQ(attempt_job(directory, "spare 3"),
            "killer completed\nonce completed\nonce completed\nonce completed\n");
}

// Schedules, topics and resets: killed at every third transaction, and then left alone.
TEST(CrashOperators, HaveDoneEachThingOnce) {
  for (const char* const where : {"before_append", "after_append"}) {
    int kills = 0;
    for (int at = 1;; at += 3) {
      SCOPED_TRACE(std::string(where) + " " + std::to_string(at));
      const TemporaryDirectory directory;
      const std::vector<std::string> job = {"exec", OPERATORS_JOB, directory.path()};
      auto killed = job;
      killed.insert(killed.end(), {where, std::to_string(at)});
      if (reprise::testing::output_of(killed).code != 128 + SIGKILL) break;
      ++kills;
      const auto output = reprise::testing::output_of(job);
      EXPECT_EQ(output.code, 0) << output.said;
      EXPECT_EQ(output.said, "1,2,3,4, 2 tick=4 reader=1 ledger=2\n");
      if (HasFailure()) return;
    }
    EXPECT_GT(kills, 5) << "the job has hardly any transaction to be killed at";
  }
}

// The check can fail: a ledger that has lost an effect, or has one twice, must not pass.
TEST(CrashHarness, FindsALostAndADoubledEffect) {
  const TemporaryDirectory directory;
  ASSERT_FALSE(job_is_killed(directory));
  verify(directory);
  const std::string path = directory.path() + "/ledger";
  std::vector<std::string> lines;
  {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) lines.push_back(line);
  }
  const auto failures_with = [&](const std::vector<std::string>& changed) {
    std::ofstream(path, std::ios::trunc) << [&] {
      std::string all;
      for (const auto& line : changed) all += line + "\n";
      return all;
    }();
    int failures = 0;
    for (auto& [id, account] : read_ledger(directory)) {
      failures += account.cents != 0;
      for (const auto& [operation, keys] : account.keys) failures += keys.size() != 1;
    }
    return failures;
  };
  EXPECT_EQ(failures_with(lines), 0);
  std::vector<std::string> lost(lines.begin() + 1, lines.end());
  EXPECT_GT(failures_with(lost), 0);
  std::vector<std::string> doubled = lines;
  doubled.push_back("another-key" + lines[0].substr(lines[0].find(' ')));
  EXPECT_GT(failures_with(doubled), 0);
}

}  // namespace
