#include "samples/hello/hello.h"

#include <reprise/testing/env.h>

#include <gtest/gtest.h>

namespace hello {
namespace {

using namespace std::chrono_literals;

TEST(Hello, CountsToTenAndGreets) {
  reprise::testing::Env env;
  env.implement(greet, run_greet);
  const auto begin = env.now();
  const auto run = env.start(greet("world"));
  EXPECT_EQ(run.result(), "hello, world");
  EXPECT_EQ(env.now() - begin, 10s);  // of virtual time
}

}  // namespace
}  // namespace hello
