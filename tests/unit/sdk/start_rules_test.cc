// EngineOptions::refuse_start, and the examples of docs/starting.md.
#include <reprise/reprise.h>
#include <stdexcept>
#include <string>

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
