#include "samples/hello/hello.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace hello
