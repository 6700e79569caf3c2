// The commands beside an engine that writes the store in another process.
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>

#include "tests/rot/workload.h"
#include "tests/support/other_engine.h"
#include "tests/unit/tools/command_fixture.h"
#include "tools/tail_reader.h"

namespace reprise::tools::beside_engine_test {
namespace {

using nlohmann::json;
using reprise::testing::OtherEngine;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr std::size_t kSlice = 10;

// What the other process does: 's' starts a run that waits, 'g' sends it a signal, 'm' many, 'e'
// ends it, 'q' runs a quick one from start to end.
OtherEngine::Serve serve(const std::string& directory) {
  auto opened = rot::Workbench::open(directory, kSlice);
  if (!opened) return nullptr;
  std::shared_ptr<rot::Workbench> bench = std::move(*opened);
  bench->start_worker();
  return [bench, quick = 0](char command) mutable {
    switch (command) {
      case 's':
        return bench->start("waiter", "waiter-0");
      case 'g':
        return bench->signal("waiter-0", "some text");
      case 'm': {
        bool taken = true;
        for (int i = 0; i < 50; ++i) taken = bench->signal("waiter-0", "more text") && taken;
        return taken;
      }
      case 'e':
        return bench->signal("waiter-0", "end");
      case 'q':
        return bench->start("quick", "quick-" + std::to_string(quick++));
      default:
        return false;
    }
  };
}

class BesideEngineTest : public CommandFixture {};

TEST_F(BesideEngineTest, EveryCommandReadsWhatTheEngineHasWritten) {
  OtherEngine engine([this] { return serve(store_); });
  ASSERT_TRUE(engine.run('s'));
  std::size_t events = 0;
  for (int round = 0; round < 10; ++round) {
    ASSERT_TRUE(engine.run('m') && engine.run('q'));
    const json runs = reprise_json({"list", store_});
    ASSERT_THAT(runs, SizeIs(round + 2));
    EXPECT_EQ(runs.back()["workflow_id"], "waiter-0");
    EXPECT_GT(runs.back()["events"], events);
    events = runs.back()["events"];
    const json shown = reprise_json({"show", store_, "waiter-0"});
    EXPECT_THAT(shown["operations"], SizeIs(2 * 50 * (round + 1)));
    EXPECT_THAT(reprise({"why", store_, "waiter-0"}).out,
                HasSubstr("go (" + std::to_string(50 * (round + 1)) + ", the last"));
    const json stats = reprise_json({"stats", store_});
    EXPECT_EQ(stats["operations"][0]["done"], 50 * (round + 1) + round + 1);
    const std::string history = reprise({"history", store_, "waiter-0"}).out;
    EXPECT_EQ(std::count(history.begin(), history.end(), '\n'), static_cast<long>(events));
  }
}

// ---- tail -------------------------------------------------------------------------------------

// "3 waiter-0": the run's events of each new turn.
std::vector<std::string> poll_all(TailReader& tail, store::Seq* last) {
  std::vector<std::string> turns;
  bool more = true;
  while (more) {
    const auto polled = tail.poll([&](store::Seq seq, const TailRun& run, const proto::Turn&) {
      EXPECT_TRUE(*last == 0 || seq == *last + 1) << "a record is missing before " << seq;
      *last = seq;
      turns.push_back(std::to_string(run.events) + " " + run.workflow_id);
    });
    EXPECT_TRUE(polled);
    more = polled && *polled;
  }
  return turns;
}

TEST_F(BesideEngineTest, TailTellsEachTurnOnce) {
  OtherEngine engine([this] { return serve(store_); });
  ASSERT_TRUE(engine.run('s'));
  auto reader = runtime::StoreReader::open(store_);
  ASSERT_TRUE(reader);
  auto tail = TailReader::from_now(**reader);
  ASSERT_TRUE(tail);
  store::Seq last = 0;
  EXPECT_THAT(poll_all(*tail, &last), SizeIs(0)) << "from now on";
  ASSERT_TRUE(engine.run('g'));
  // The run started before it was followed, but its events have their real numbers.
  EXPECT_THAT(poll_all(*tail, &last), ElementsAre("1 waiter-0", "3 waiter-0"));
  ASSERT_TRUE(engine.run('q'));
  EXPECT_THAT(poll_all(*tail, &last), ElementsAre("0 quick-0", "2 quick-0"));
  EXPECT_THAT(poll_all(*tail, &last), SizeIs(0));
}

// By the time it looks again, the engine has moved most of it to the archive.
TEST_F(BesideEngineTest, TailMissesNothingThatHasLeftTheJournal) {
  OtherEngine engine([this] { return serve(store_); });
  ASSERT_TRUE(engine.run('s') && engine.run('g'));
  auto reader = runtime::StoreReader::open(store_);
  ASSERT_TRUE(reader);
  auto tail = TailReader::from_now(**reader);
  ASSERT_TRUE(tail);
  const store::Seq before = (*reader)->store().journal().last().value();
  store::Seq last = before;
  for (int round = 0; round < 3; ++round) {
    ASSERT_TRUE(engine.run('m') && engine.run('q') && engine.run('m') && engine.run('q'));
    const auto first = (*reader)->store().journal().first();
    ASSERT_TRUE(first);
    ASSERT_GT(*first, last + 1) << "the journal has all of it, so this tests nothing";
    const auto turns = poll_all(*tail, &last);
    EXPECT_EQ(last, (*reader)->store().journal().last().value());
    EXPECT_EQ(std::count(turns.begin(), turns.end(), "0 quick-" + std::to_string(2 * round)), 1);
  }
  EXPECT_EQ(tail->lost(), 0u);
  ASSERT_TRUE(engine.run('e'));
  EXPECT_THAT(poll_all(*tail, &last), SizeIs(1));
}

TEST_F(BesideEngineTest, TailFollowsOneRun) {
  OtherEngine engine([this] { return serve(store_); });
  ASSERT_TRUE(engine.run('s') && engine.run('q'));
  auto reader = runtime::StoreReader::open(store_);
  ASSERT_TRUE(reader);
  auto tail = TailReader::from_now(**reader);
  const auto run = (*reader)->find("waiter-0");
  ASSERT_TRUE(tail && run);
  tail->only((*run)->number);
  ASSERT_TRUE(engine.run('q') && engine.run('g') && engine.run('q'));
  std::vector<std::string> seen;
  const auto polled = tail->poll(
      [&](store::Seq, const TailRun& of, const proto::Turn&) { seen.push_back(of.workflow_id); });
  EXPECT_TRUE(polled);
  EXPECT_THAT(seen, ElementsAre("waiter-0", "waiter-0"));
}

// The command itself, as a process.
class TailProcess {
 public:
  explicit TailProcess(std::vector<std::string> arguments) {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    id_ = ::fork();
    if (id_ == 0) {
      ::dup2(ends[1], STDOUT_FILENO);
      ::close(ends[0]);
      std::vector<char*> words;
      arguments.insert(arguments.begin(), {REPRISE_COMMAND, "tail"});
      for (std::string& word : arguments) words.push_back(word.data());
      words.push_back(nullptr);
      ::execv(words[0], words.data());
      ::_exit(127);
    }
    ::close(ends[1]);
    out_ = ends[0];
  }
  // Does `meanwhile` again and again until something is printed.
  void until_it_prints(const std::function<void()>& meanwhile) {
    pollfd out{out_, POLLIN, 0};
    while (::poll(&out, 1, 20) == 0) meanwhile();
  }
  void interrupt() const { ::kill(id_, SIGINT); }
  Output end() {
    Output output;
    char buffer[4096];
    for (ssize_t got = 0; (got = ::read(out_, buffer, sizeof buffer)) > 0;) {
      output.out.append(buffer, static_cast<std::size_t>(got));
    }
    ::close(out_);
    int status = 0;
    ::waitpid(id_, &status, 0);
    output.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return output;
  }

 private:
  pid_t id_ = 0;
  int out_ = -1;
};

TEST_F(BesideEngineTest, TailEndsWellOnInterrupt) {
  OtherEngine engine([this] { return serve(store_); });
  ASSERT_TRUE(engine.run('s'));
  TailProcess tail({store_, "--json", "--interval", "0.01"});
  tail.until_it_prints([&] { ASSERT_TRUE(engine.run('g')); });
  tail.interrupt();
  const Output output = tail.end();
  EXPECT_EQ(output.code, 0);
  std::istringstream lines(output.out);
  std::uint64_t last = 0;
  for (std::string line; std::getline(lines, line);) {
    const json event = json::parse(line, nullptr, false);
    ASSERT_TRUE(event.is_object()) << line;
    EXPECT_EQ(event["workflow_id"], "waiter-0");
    EXPECT_TRUE(last == 0 || event["event"] == last + 1) << line;
    last = event["event"];
  }
  EXPECT_GT(last, 0u);
}

TEST_F(BesideEngineTest, TailOfOneRunEndsWithIt) {
  OtherEngine engine([this] { return serve(store_); });
  ASSERT_TRUE(engine.run('s'));
  TailProcess tail({store_, "--run", "waiter-0", "--interval", "0.01"});
  tail.until_it_prints([&] { ASSERT_TRUE(engine.run('g')); });
  ASSERT_TRUE(engine.run('e'));
  const Output output = tail.end();
  EXPECT_EQ(output.code, 0);
  EXPECT_THAT(output.out, StartsWith("2023-11-14 22:13:20.000Z  waiter-0  "));
  EXPECT_THAT(output.out, HasSubstr("RunCompleted"));
  EXPECT_THAT(reprise({"tail", store_, "--run", "waiter-0"}).err, HasSubstr("has ended"));
  EXPECT_EQ(reprise({"tail", store_, "--run", "nobody"}).code, 1);
}

}  // namespace
}  // namespace reprise::tools::beside_engine_test
