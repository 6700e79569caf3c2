// EngineOptions::refuse_start, and the examples of docs/starting.md.
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <reprise/reprise.h>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "tests/support/temporary_directory.h"

namespace reprise::start_rules_test {
namespace {

constexpr Workflow<void(std::string)> refund{"refund"};

std::string refusal(const Client& client) {
  try {
    (void)client.start(refund("order-7"), {.id = "refund-7"});
  } catch (const NotAllowed& error) {
    return error.what();
  }
  return "started";
}

template <class Rule>
std::unique_ptr<Engine> engine_with(const testing::TemporaryDirectory& directory, Rule rule) {
  return Engine::open(directory / "shop.db",
                      {.shards = 1, .control_socket = false, .refuse_start = rule});
}

TEST(StartRules, AreThoseOfTheProgram) {
  const testing::TemporaryDirectory directory;
  const auto engine = engine_with(directory, [](const StartAttempt& asked) -> std::string {
    const bool is_refund = asked.workflow == "refund" && asked.id == "refund-7";
    if (is_refund && asked.principal != "desk@shop.example") return "refunds are for the desk";
    return {};
  });
  EXPECT_EQ(refusal(Client(*engine)),
            "RP3033 refunds are for the desk (the start of workflow 'refund')");
  EXPECT_EQ(refusal(Client(*engine, {.principal = "ann"})),
            "RP3033 refunds are for the desk (the start of workflow 'refund' by ann)");
  EXPECT_FALSE(Client(*engine).find_description("refund-7"));
  const Client desk(*engine, {.principal = "desk@shop.example"});
  EXPECT_EQ(refusal(desk), "started");
}

TEST(StartRules, RefuseWhenTheyFail) {
  const testing::TemporaryDirectory directory;
  const auto engine = engine_with(directory, [](const StartAttempt& asked) -> std::string {
    if (asked.principal.empty()) throw 7;
    throw std::runtime_error("no list of users");
  });
  EXPECT_EQ(refusal(Client(*engine)),
            "RP3033 EngineOptions::refuse_start threw what is not a std::exception (the start of "
            "workflow 'refund')");
  EXPECT_EQ(refusal(Client(*engine, {.principal = "ann"})),
            "RP3033 EngineOptions::refuse_start threw: no list of users (the start of workflow "
            "'refund' by ann)");
}

std::string code_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return std::string(error.code());
  }
  return "allowed";
}

// Asked about, with who is responsible: forks, and each run that a schedule starts. Not about the
// engine's own runs.
class EveryStart : public ::testing::Test {
 protected:
  EveryStart() {
    engine = engine_with(directory, [this](const StartAttempt& attempt) -> std::string {
      const std::lock_guard lock(mutex);
      asked.insert(std::string(attempt.workflow) + " by " + std::string(attempt.principal));
      return attempt.principal == "ann" ? "not ann" : "";
    });
    worker = std::make_unique<Worker>(*engine);
    worker->implement(refund, [](Context&, const std::string&) {}).start();
  }

  const testing::TemporaryDirectory directory;
  std::mutex mutex;
  std::set<std::string> asked;
  std::unique_ptr<Engine> engine;
  std::unique_ptr<Worker> worker;
};

TEST_F(EveryStart, OfASchedule) {
  using std::chrono::hours;
  const Client ann(*engine, {.principal = "ann"});
  const Client desk(*engine, {.principal = "desk"});
  const Schedule hers =
      ann.create_schedule("hers", {.every = hours(1'000)}, refund("order-7"), {.id = "refund"});
  const Schedule theirs =
      desk.create_schedule("theirs", {.every = hours(1'000)}, refund("order-8"), {.id = "again"});
  EXPECT_THROW((void)hers.trigger(), ApplicationFailure);
  while (hers.describe().recent.empty()) std::this_thread::yield();
  const auto known = hers.describe();
  EXPECT_EQ(known.started, 0u);
  EXPECT_EQ(known.recent[0].refused.substr(0, 6), "RP3033") << known.recent[0].refused;
  (void)theirs.trigger();
  EXPECT_EQ(asked, (std::set<std::string>{"refund by ann", "refund by desk"}));
}

TEST_F(EveryStart, OfAForkAndOfNothingThatIsTheEnginesOwn) {
  const Client desk(*engine, {.principal = "desk"});
  const auto run = desk.start(refund("order-7"), {.id = "refund-7"});
  run.result();
  const Client ann(*engine, {.principal = "ann"});
  const RunHandle hers = ann.handle("refund-7");
  EXPECT_EQ(code_of([&] { (void)hers.fork({.event = 1, .id = "mine"}); }), "RP3033");
  EXPECT_FALSE(ann.find_description("mine"));
  EXPECT_EQ(code_of([&] { (void)desk.handle("refund-7").fork({.event = 1, .id = "ours"}); }),
            "allowed");
  EXPECT_EQ(code_of([&] { (void)hers.reset({.event = 1}); }), "allowed") << "no other run";
  EXPECT_EQ(ann.publish(Topic<int>{"news"}, "key", 7), 0u);
  EXPECT_EQ(asked, (std::set<std::string>{"refund by ann", "refund by desk"}));
}

TEST(StartRules, AWorkerMayBeNeeded) {
  const testing::TemporaryDirectory directory;
  const auto engine = engine_with(directory, nullptr);
  const Client strict(*engine, {.needs_worker = true});
  EXPECT_THROW((void)strict.start(refund("order-7")), UnknownWorkflow);
  EXPECT_EQ(refusal(Client(*engine)), "started");
  Worker worker(*engine);
  worker.implement(refund, [](Context&, const std::string&) {});
  worker.start();
  strict.start(refund("order-8")).result();
}

}  // namespace
}  // namespace reprise::start_rules_test
