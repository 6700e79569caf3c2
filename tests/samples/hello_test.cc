#include "samples/hello/hello.h"

#include <cstdio>
#include <string>
#include <sys/wait.h>
#include <utility>

#include <gtest/gtest.h>

#include "tests/support/command_output.h"
#include "tests/support/env_modes.h"

namespace hello {
namespace {

using namespace std::chrono_literals;

class Hello : public reprise::testing::InEveryMode {};
INSTANTIATE_TEST_SUITE_P(All,
                         Hello,
                         ::testing::ValuesIn(reprise::testing::all_modes()),
                         reprise::testing::name_of);

TEST_P(Hello, CountsToTenAndGreets) {
  env.implement(greet, run_greet);
  const auto begin = env.now();
  const auto run = env.start(greet("world"));
  EXPECT_EQ(run.result(), "hello, world");
  // Of virtual time. A step that a dying process has lost is made again a second later.
  if (GetParam().options.crash == reprise::testing::Crash::kNever) {
    EXPECT_EQ(env.now() - begin, 10s);
  } else {
    EXPECT_GE(env.now() - begin, 10s);
  }
}

// Started only for its help text, it must not leave a store behind.
TEST(HelloProgram, ExplainsItselfAndRunsNothing) {
  for (const auto& [argument, status] :
       {std::pair("--help", 0), std::pair("-h", 0), std::pair("nonsense", 2)}) {
    const auto output =
        reprise::testing::output_of("cd /tmp && " HELLO_PROGRAM " " + std::string(argument));
    EXPECT_EQ(output.code, status);
    EXPECT_EQ(output.said.substr(0, 13), "usage: hello ") << argument;
    EXPECT_EQ(output.said.find("1 of 10"), std::string::npos);
  }
}

}  // namespace
}  // namespace hello
