// Continuing as a new run, in the engine: the end of one run and the start of the next are one
// commit, and those who wait go from one to the other.
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "event/turn.h"
#include "proto/parse.h"
#include "runtime/engine/embedded_engine.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/forwarding_store.h"

namespace reprise::runtime::continue_test {
namespace {

using testing::Body;
using ::testing::ElementsAre;
using testing::Execution;
using testing::ForwardingJournal;
using ::testing::IsEmpty;
using ::testing::IsSubsetOf;
using testing::Outcome;
using testing::WrappedStore;

// What each transaction ended and started of chains.
struct Commits {
  std::set<std::string> promised;  // next runs
  std::set<std::string> begun;
  int split = 0;    // transactions that had only one of the two
  int refused = 0;  // so many of the next ones find no room
  int made = 0;
};

class CheckingJournal final : public ForwardingJournal {
 public:
  CheckingJournal(store::Journal& inner, Commits& commits)
      : ForwardingJournal(inner), commits_(commits) {}

  base::Status append(const std::vector<const store::RecordBatch*>& batches,
                      store::Seq trim_through) override {
    if (commits_.refused > 0 && !batches.empty()) {
      --commits_.refused;
      return base::Error{base::ErrorCode::kStoreFull, "no room"};
    }
    std::set<std::string> promised;
    std::set<std::string> begun;
    for (const store::RecordBatch* batch : batches) {
      std::string_view bytes = batch->bytes;
      while (!bytes.empty()) {
        std::size_t size = 0;
        const auto record = store::decode_record(bytes, &size);
        look_at(*record, &promised, &begun);
        bytes.remove_prefix(size);
      }
    }
    if (promised != begun) ++commits_.split;
    if (!promised.empty()) ++commits_.made;
    commits_.promised.merge(promised);
    commits_.begun.merge(begun);
    return inner_.append(batches, trim_through);
  }

 private:
  static void look_at(const store::Record& record,
                      std::set<std::string>* promised,
                      std::set<std::string>* begun) {
    proto::Turn turn;
    ASSERT_TRUE(proto::parse(record.body, &turn));
    const proto::Event* const end = event::ending(turn);
    if (end != nullptr && !event::next_run_id(*end).empty()) {
      promised->insert(event::next_run_id(*end));
    }
    for (const proto::Event& input : turn.inputs()) {
      if (input.run_started().continued_from_run_id().empty()) continue;
      begun->insert(input.run_started().run_id());
    }
  }

  Commits& commits_;
};

using CheckingStore = WrappedStore<CheckingJournal>;

// Counts down in `input`, reading a signal "go" first if that begins with one.
Outcome count_down(Execution& e, std::string_view input) {
  const bool reads = input.starts_with("go ");
  const int left = std::stoi(std::string(input.substr(reads ? 3 : 0)));
  if (reads) {
    const auto signal = e.next_signal("go");
    e.wait(*signal);
    (void)signal->take_outcome();
  }
  if (left == 0) return Outcome::success("done");
  proto::RunContinuedAsNew next;
  next.set_workflow("down");
  next.set_input((reads ? "go " : "") + std::to_string(left - 1));
  e.continue_as_new(testing::as(next), {});
}

class ContinueTest : public testing::EngineFixture {
 protected:
  ContinueTest() {
    auto engine = EmbeddedEngine::over(
        std::make_unique<CheckingStore>(store::memory_store(), commits_), options());
    engine_ = std::move(*engine);
    code_.workflows["down"] = [](Execution& execution) {
      class Instance final : public replay::WorkflowInstance {
       public:
        explicit Instance(Execution& e) : e_(e) {}
        Outcome run(std::string_view input) override { return count_down(e_, input); }

       private:
        Execution& e_;
      };
      return std::make_unique<Instance>(execution);
    };
  }
  ~ContinueTest() override {
    worker_.reset();
    engine_.reset();  // while there is what its journal writes to
    EXPECT_EQ(commits_.split, 0);
    EXPECT_EQ(commits_.promised, commits_.begun);
  }

  void submit_signal(const std::string& id, const std::string& input, int* told) {
    engine_->ask(verb::Signal{{id, {}}, "go", input, [told](const base::Status& status) {
                                ASSERT_TRUE(status) << status.error().text();
                                ++*told;
                              }});
  }

  Commits commits_;
};

TEST_F(ContinueTest, EachLinkIsOneCommit) {
  start_worker();
  const auto watch = start("down", "x", "100");
  EXPECT_EQ(result(watch), "done");
  EXPECT_EQ(commits_.begun.size(), 100U);
  EXPECT_EQ(list().size(), 101U);
}

TEST_F(ContinueTest, EachAttemptIsOneCommitWithTheOneBefore) {
  workflow("fails", [](Execution& e) {
    const auto signal = e.next_signal("go");
    e.wait(*signal);
    (void)signal->take_outcome();
    return testing::application_failure("Boom", "x");
  });
  start_worker();
  StartRequest request{.workflow = "fails", .workflow_id = "x"};
  proto::RetryPolicy& retry = request.terms.retry.emplace();
  retry.set_initial_interval_ms(10);
  retry.set_maximum_interval_ms(10);
  retry.set_backoff_coefficient(1);
  request.terms.run_timeout = base::Duration(1'000);
  (void)start(std::move(request));
  int told = 0;
  for (int i = 0; i < 300; ++i) submit_signal("x", std::to_string(i), &told);
  commits_.refused = 1;
  skip(base::Duration(200));
  EXPECT_EQ(told, 300);
  skip(base::Duration(20'000));
  EXPECT_GT(commits_.made, 30) << "failures, then limits";
  EXPECT_GT(list({.status = RunStatus::kTimedOut}).size(), 3U);
}

// Many large turns of one round: the batches of the writer end somewhere between them.
TEST_F(ContinueTest, AlsoAmongMany) {
  start_worker();
  for (int i = 0; i < 40; ++i) (void)start("down", std::to_string(i), "go 5");
  int told = 0;
  const std::string large(std::size_t{200} << 10, 'x');
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 40; ++i) {
      submit_signal(std::to_string(i), large, &told);
      submit_signal(std::to_string(i), large, &told);
    }
    commits_.refused = round % 2;
    settle();
  }
  EXPECT_EQ(commits_.begun.size(), 200U);
  EXPECT_EQ(told, 240);
  for (int i = 0; i < 40; ++i)
    EXPECT_EQ(describe(std::to_string(i))->status, RunStatus::kCompleted);
}

// One input more than a turn has, and then some.
TEST_F(ContinueTest, WhatGoesAlongIsInTheSameCommit) {
  start_worker();
  (void)start("down", "x", "go 1");
  int told = 0;
  for (int i = 0; i < 700; ++i) submit_signal("x", std::to_string(i), &told);
  settle();
  EXPECT_EQ(told, 700);
  EXPECT_EQ(commits_.made, 1);
  const auto turns = history("x");
  const proto::RunStarted& started = turns[0].inputs(0).run_started();
  // The round's first turn had 256 inputs, of which the first ended the run.
  EXPECT_EQ(started.carried(), 255U);
  EXPECT_EQ(started.carried_new(), 255U);
  EXPECT_TRUE(turns[0].without_code());
  EXPECT_EQ(turns[0].inputs_size(), 256);
  int next = 1;
  for (const proto::Turn& turn : turns) {
    for (const proto::Event& input : turn.inputs()) {
      if (!input.has_signal_received()) continue;
      EXPECT_EQ(input.signal_received().input(), std::to_string(next++));
    }
  }
  EXPECT_EQ(describe("x")->status, RunStatus::kCompleted);
}

TEST_F(ContinueTest, DeferredInputsGoAlongInSeveralTurns) {
  (void)start("down", "x", "go 1");
  int told = 0;
  for (int i = 0; i < 700; ++i) {
    submit_signal("x", std::to_string(i), &told);
    if (i % 100 == 0) settle();
  }
  settle();
  EXPECT_EQ(told, 700);
  start_worker();
  settle();
  EXPECT_EQ(commits_.made, 1);
  const auto turns = history("x");
  EXPECT_EQ(turns[0].inputs(0).run_started().carried(), 699U);
  EXPECT_EQ(turns[0].inputs(0).run_started().carried_new(), 0U);
  EXPECT_EQ(turns[0].inputs_size(), 256);
  EXPECT_EQ(turns[1].inputs_size(), 256);
  EXPECT_EQ(turns[2].inputs_size(), 700 - 2 * 256);
  EXPECT_EQ(describe("x")->status, RunStatus::kCompleted);
}

TEST_F(ContinueTest, ATerminationInTheSameRoundReachesTheNextRun) {
  start_worker();
  const auto watch = start("down", "x", "go 1");
  int told = 0;
  submit_signal("x", "1", &told);
  std::string terminated;
  engine_->ask(verb::Terminate{{"x", {}}, "enough", [&](const base::Status& status) {
                                 terminated = status ? "done" : status.error().text();
                               }});
  settle();
  EXPECT_EQ(terminated, "done");
  EXPECT_EQ(result(watch), "Terminated: the run was terminated: enough");
  EXPECT_EQ(list().size(), 2U);
}

TEST_F(ContinueTest, AWatchThatIsGivenUpLeavesTheNewestRun) {
  start_worker();
  const auto watch = start("down", "x", "go 3");
  const base::RunId first = (*started_)->run_id;
  EXPECT_TRUE(signal("x", "go"));
  engine_->ask(verb::Unwatch{{"x", first}, watch});
  settle();
  EXPECT_EQ(watch.use_count(), 1) << "nobody keeps it";
  const auto later = std::make_shared<RunWatch>();
  engine_->ask(verb::Watch{{"x", first}, later});
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(signal("x", "go"));
  EXPECT_EQ(result(later), "done");
  const auto last = std::make_shared<RunWatch>();
  engine_->ask(verb::Watch{{"x", first}, last});
  settle();
  EXPECT_EQ(result(last), "done") << "also after it has ended";
  EXPECT_FALSE(watch->ready());
}

TEST_F(ContinueTest, AStoreThatIsOpenedAgainKnowsTheChain) {
  start_worker();
  (void)start("down", "x", "go 2");
  EXPECT_TRUE(signal("x", "go"));
  const auto before = describe("x");
  ASSERT_TRUE(before->continued_from.has_value());
  EXPECT_EQ(before->first_run_id, before->continued_from);
  EXPECT_EQ(before->continued_to, std::nullopt);
}

}  // namespace
}  // namespace reprise::runtime::continue_test
