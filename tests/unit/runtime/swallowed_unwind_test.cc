// Code that swallows its unwinding.
#include <gmock/gmock.h>

#include "runtime/host/given_up.h"
#include "tests/support/engine_fixture.h"

// Not in our namespace, whose functions are left out of reports. Waits for the signal "go", and
// does not want to leave.
namespace stubborn {
static reprise::testing::Outcome swallow_everything(reprise::testing::Execution& e) {
  for (;;) {
    try {
      return reprise::testing::wait_for_signal(e);
    } catch (...) {
    }
  }
}
}  // namespace stubborn

namespace reprise::testing::swallowed_unwind_test {
namespace {

using base::ErrorCode;
using stubborn::swallow_everything;
using ::testing::HasSubstr;
using ::testing::Not;

class SwallowedUnwind : public EngineFixture {
 protected:
  SwallowedUnwind() {
    auto small = options();
    small.cached_runs = 1;
    engine_ = runtime::Engine::in_memory(small);
    workflow("swallow", swallow_everything);
    workflow("wait", wait_for_signal);
    start_worker();
  }
};

TEST_F(SwallowedUnwind, DoesNotHoldUpTheOthersAndIsReported) {
  start("swallow", "a");
  EXPECT_EQ(logged_, "");
  const auto b = start("wait", "b");  // which makes the other one leave memory
  ASSERT_TRUE(signal("b", "go", "done"));
  EXPECT_EQ(result(b), "done");
  EXPECT_THAT(logged_, HasSubstr("RP2011 run 'a'"));
  EXPECT_THAT(logged_, HasSubstr("workflow 'swallow': strand 1"));
  EXPECT_THAT(logged_, HasSubstr("swallow_everything"));
}

TEST_F(SwallowedUnwind, LosesNothing) {
  const auto a = start("swallow", "a");
  start("wait", "b");
  EXPECT_FALSE(describe("a")->parked);
  ASSERT_TRUE(signal("a", "go", "done"));
  EXPECT_EQ(result(a), "done");
}

TEST_F(SwallowedUnwind, LetsTheWorkerStop) {
  start("swallow", "a");
  worker_.reset();
  EXPECT_THAT(logged_, HasSubstr("RP2011"));
}

TEST_F(SwallowedUnwind, DoesNotKeepARunThatIsTerminated) {
  const auto a = start("swallow", "a");
  ASSERT_TRUE(terminate("a"));
  EXPECT_THAT(result(a), HasSubstr("Terminated"));
}

// The other strands leave as they should.
TEST_F(SwallowedUnwind, IsTheTroubleOfOneStrandAlone) {
  std::vector<std::string> left;
  workflow("two", [&left](Execution& e) {
    struct Leaving {
      std::vector<std::string>& log;
      ~Leaving() { log.push_back("left"); }
    };
    const auto child = e.spawn([&e, &left] {
      const Leaving leaving{left};
      (void)wait_for_signal(e);
    });
    return swallow_everything(e);
  });
  worker_.reset();
  start_worker();
  start("two", "a");
  worker_.reset();
  EXPECT_THAT(left, ::testing::ElementsAre("left"));
  EXPECT_THAT(logged_, HasSubstr("strand 1 "));
  EXPECT_THAT(logged_, Not(HasSubstr("strand 2 ")));
}

// A strand that is dropped while its run goes on.
TEST_F(SwallowedUnwind, OfADroppedStrandLetsItsRunGoOn) {
  workflow("drop", [](Execution& e) {
    {
      const auto child = e.spawn([&e] { (void)swallow_everything(e); });
      const auto go = e.next_signal("drop");
      e.wait(*go);
    }
    return wait_for_signal(e);
  });
  worker_.reset();
  start_worker();
  const auto run = start("drop", "a");
  ASSERT_TRUE(signal("a", "drop"));
  EXPECT_THAT(logged_, HasSubstr("strand 2 "));
  ASSERT_TRUE(signal("a", "go", "done"));
  EXPECT_EQ(result(run), "done");
}

// A run that is parked in the middle of a loop that swallows.
TEST_F(SwallowedUnwind, DoesNotKeepARunThatIsParked) {
  auto small = options();
  small.limits.pending_operations = 3;
  worker_.reset();
  engine_ = runtime::Engine::in_memory(small);
  workflow("greedy", [](Execution& e) -> Outcome {
    std::vector<replay::OperationRef> all;
    for (;;) {
      try {
        all.push_back(schedule(e, "a"));
      } catch (...) {
      }
    }
  });
  start_worker();
  start("greedy", "a");
  EXPECT_EQ(describe("a")->parked->code, ErrorCode::kRunLimit);
  EXPECT_THAT(logged_, HasSubstr("RP2011"));
}

TEST_F(SwallowedUnwind, HasABound) {
  const auto first = start("swallow", "first");
  for (std::size_t i = 0; i <= runtime::kMostGivenUp; ++i) start("swallow", std::to_string(i));
  logged_.clear();
  ASSERT_TRUE(signal("first", "go", "done"));
  EXPECT_EQ(describe("first")->parked->code, ErrorCode::kUnwindSwallowed);
  EXPECT_THAT(logged_, HasSubstr("workflow 'swallow'"));
  const auto other = start("wait", "other");
  ASSERT_TRUE(signal("other", "go", "done"));
  EXPECT_EQ(result(other), "done") << "code of another workflow is not affected";
  worker_.reset();
  start_worker();  // with other code, perhaps
  settle();
  EXPECT_EQ(result(first), "done");
}

}  // namespace
}  // namespace reprise::testing::swallowed_unwind_test
