// A test of a user's: does the code still replay what it recorded?
#include <reprise/reprise.h>
#include <reprise/testing/env.h>
#include <reprise/testing/gtest.h>
#include <string>

namespace {

constexpr reprise::Workflow<std::string(std::string)> welcome{"welcome"};
constexpr reprise::Activity<std::string(std::string)> greeting{"greeting"};

std::string run_welcome(reprise::Context& ctx, const std::string& name) {
  return ctx.call(greeting(name));
}

TEST(Consumer, ReplaysItsHistory) {
  reprise::testing::Env env;
  env.implement(welcome, run_welcome).stub(greeting, [](const std::string& name) {
    return "hello " + name;
  });
  const auto run = env.start(welcome("ann"));
  EXPECT_EQ(run.result(), "hello ann");

  reprise::Worker worker;
  worker.implement(welcome, run_welcome);
  const auto exported = run.history().to_json(reprise::JsonLayout::kCompact);
  EXPECT_THAT(reprise::History::parse(exported), reprise::testing::replays_on(worker));
}

}  // namespace
