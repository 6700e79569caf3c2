#include "replay/strand.h"

#include <exception>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "base/sanitizers.h"
#include "base/symbols.h"

namespace reprise::replay::strand_test {
namespace {

using testing::ElementsAre;

using Trace = std::vector<std::string>;

void suspend() {
  Strand::current()->suspend();
}

// Writes to a trace when it goes out of scope.
struct Farewell {
  Trace& trace;
  std::string text;
  ~Farewell() { trace.push_back(text); }
};

class StrandTest : public testing::Test {
 protected:
  StackPool pool_;
  Trace trace_;
};

TEST_F(StrandTest, RunsOnlyWhenResumed) {
  Strand strand(pool_, [&] {
    trace_.push_back("one");
    suspend();
    trace_.push_back("two");
  });
  EXPECT_TRUE(trace_.empty());
  strand.resume();
  EXPECT_THAT(trace_, ElementsAre("one"));
  EXPECT_FALSE(strand.done());
  strand.resume();
  EXPECT_THAT(trace_, ElementsAre("one", "two"));
  EXPECT_TRUE(strand.done());
}

TEST_F(StrandTest, CurrentIsTheOneThatRuns) {
  Strand* seen = nullptr;
  Strand strand(pool_, [&] {
    suspend();
    seen = Strand::current();
  });
  EXPECT_EQ(Strand::current(), nullptr);
  strand.resume();
  EXPECT_EQ(Strand::current(), nullptr);
  strand.resume();
  EXPECT_EQ(seen, &strand);
}

TEST_F(StrandTest, GivesItsStackBackWhenDone) {
  Strand strand(pool_, [] { suspend(); });
  EXPECT_EQ(pool_.in_use(), 1u);
  strand.resume();
  EXPECT_EQ(pool_.in_use(), 1u);
  strand.resume();
  EXPECT_TRUE(strand.done());
  EXPECT_EQ(pool_.in_use(), 0u);
}

TEST_F(StrandTest, DestroysCapturesOnTheStrand) {
  struct Capture {
    Strand** where;
    ~Capture() { *where = Strand::current(); }
  };
  Strand* where = nullptr;
  Strand strand(pool_, [capture = std::make_shared<Capture>(Capture{&where})] {});
  strand.resume();
  EXPECT_EQ(where, &strand);
}

TEST_F(StrandTest, TellsThePoolHowDeepItSuspended) {
  Strand strand(pool_, [] {
    char deep[20'000];
    asm volatile("" : : "r"(deep) : "memory");  // really there
    suspend();
    asm volatile("" : : "r"(deep) : "memory");
  });
  strand.resume();
  EXPECT_GE(pool_.high_water(), 20'000u);
  EXPECT_GE(pool_.resident_bytes(), 20'000u);
  EXPECT_LT(pool_.high_water(), 30'000u);
}

TEST_F(StrandTest, EvictionRunsDestructorsInOrder) {
  Strand strand(pool_, [&] {
    Farewell outer{trace_, "outer"};
    [&] {
      Farewell inner{trace_, "inner"};
      suspend();
      trace_.push_back("not reached");
    }();
  });
  strand.resume();
  strand.evict();
  EXPECT_TRUE(strand.done());
  EXPECT_TRUE(strand.evicting());
  EXPECT_THAT(trace_, ElementsAre("inner", "outer"));
}

TEST_F(StrandTest, DestructorEvicts) {
  {
    Strand strand(pool_, [&] {
      Farewell farewell{trace_, "bye"};
      suspend();
    });
    strand.resume();
  }
  EXPECT_THAT(trace_, ElementsAre("bye"));
  EXPECT_EQ(pool_.in_use(), 0u);
}

TEST_F(StrandTest, EvictionIsNoStandardException) {
  Strand strand(pool_, [&] {
    try {
      suspend();
    } catch (const std::exception&) {
      trace_.push_back("caught");
    }
    trace_.push_back("went on");
  });
  strand.resume();
  strand.evict();
  EXPECT_TRUE(trace_.empty());
}

TEST_F(StrandTest, EvictionIsThrownAgainWhenSwallowed) {
  int swallowed = 0;
  Strand strand(pool_, [&] {
    for (int i = 0; i < 100; ++i) {
      try {
        suspend();
      } catch (...) {
        ++swallowed;
      }
    }
    suspend();
    trace_.push_back("not reached");
  });
  strand.resume();
  strand.evict();
  EXPECT_EQ(swallowed, 100);
  EXPECT_TRUE(strand.done());
  EXPECT_TRUE(trace_.empty());
}

TEST_F(StrandTest, EvictionOfABodyThatReturnsInstead) {
  Strand strand(pool_, [&] {
    try {
      suspend();
    } catch (...) {
    }
    trace_.push_back("returned");
  });
  strand.resume();
  strand.evict();
  EXPECT_TRUE(strand.done());
  EXPECT_THAT(trace_, ElementsAre("returned"));
}

TEST_F(StrandTest, NeverStartedIsDroppedWithoutRunning) {
  auto capture = std::make_shared<int>(1);
  {
    Strand strand(pool_, [capture, this] { trace_.push_back("ran"); });
    EXPECT_EQ(capture.use_count(), 2);
    strand.evict();
    EXPECT_TRUE(strand.done());
    EXPECT_EQ(capture.use_count(), 1);
    Strand dropped(pool_, [capture, this] { trace_.push_back("ran"); });
  }
  EXPECT_EQ(capture.use_count(), 1);
  EXPECT_TRUE(trace_.empty());
  EXPECT_EQ(pool_.in_use(), 0u);
}

TEST_F(StrandTest, EvictingOneThatIsDoneChangesNothing) {
  Strand strand(pool_, [] {});
  strand.resume();
  strand.evict();
  EXPECT_TRUE(strand.done());
  EXPECT_FALSE(strand.evicting());
}

TEST_F(StrandTest, WaitsInsideACatchBlock) {
  Strand strand(pool_, [&] {
    try {
      throw std::runtime_error("truck broke");
    } catch (const std::runtime_error& error) {
      suspend();
      trace_.push_back(error.what());
      try {
        throw;
      } catch (const std::runtime_error& again) {
        trace_.push_back(again.what());
      }
    }
    if (std::current_exception() != nullptr) trace_.push_back("still caught");
  });
  strand.resume();
  EXPECT_EQ(std::current_exception(), nullptr);
  strand.resume();
  EXPECT_TRUE(strand.done());
  EXPECT_THAT(trace_, ElementsAre("truck broke", "truck broke"));
}

TEST_F(StrandTest, ResumerMayBeInsideACatchBlock) {
  Strand strand(pool_, [&] {
    if (std::current_exception() != nullptr) trace_.push_back("sees the resumer's exception");
    try {
      suspend();
      throw std::logic_error("own");
    } catch (const std::logic_error&) {
      suspend();
    }
  });
  strand.resume();
  try {
    throw std::runtime_error("resumer's");
  } catch (const std::runtime_error&) {
    strand.resume();
    try {
      throw;
    } catch (const std::exception& mine) {
      EXPECT_STREQ(mine.what(), "resumer's");
    }
    strand.resume();
  }
  EXPECT_TRUE(strand.done());
  EXPECT_TRUE(trace_.empty());
}

TEST_F(StrandTest, EvictedInsideACatchBlock) {
  Strand strand(pool_, [&] {
    try {
      throw std::runtime_error("cause");
    } catch (const std::runtime_error&) {
      Farewell farewell{trace_, "left"};
      suspend();
    }
  });
  strand.resume();
  strand.evict();
  EXPECT_THAT(trace_, ElementsAre("left"));
  EXPECT_EQ(std::current_exception(), nullptr);
  EXPECT_EQ(std::uncaught_exceptions(), 0);
}

TEST_F(StrandTest, NestedStrandsSuspendToTheirResumer) {
  Strand parent(pool_, [&] {
    Strand child(pool_, [&] {
      trace_.push_back("child");
      suspend();
      trace_.push_back("child again");
    });
    child.resume();
    trace_.push_back("parent");
    suspend();
    child.resume();
    if (Strand::current() == &parent && child.done()) trace_.push_back("parent again");
  });
  parent.resume();
  EXPECT_THAT(trace_, ElementsAre("child", "parent"));
  parent.resume();
  EXPECT_TRUE(parent.done());
  EXPECT_THAT(trace_, ElementsAre("child", "parent", "child again", "parent again"));
}

TEST_F(StrandTest, AStrandMayBeResumedFromDifferentPlaces) {
  Strand shared(pool_, [&] {
    for (int i = 0; i < 3; ++i) suspend();
  });
  Strand other(pool_, [&] { shared.resume(); });
  shared.resume();
  other.resume();
  EXPECT_TRUE(other.done());
  shared.resume();
  shared.resume();
  EXPECT_TRUE(shared.done());
}

// Evicting the parent unwinds its stack, and on the way a destructor evicts the child: two
// exceptions are under way on two stacks of one thread.
TEST_F(StrandTest, ChildEvictedFromADestructorDuringUnwinding) {
  Strand parent(pool_, [&] {
    Strand child(pool_, [&] {
      try {
        throw std::runtime_error("child's");
      } catch (const std::runtime_error&) {
        Farewell farewell{trace_, "child"};
        suspend();
      }
    });
    child.resume();
    Farewell farewell{trace_, "parent"};
    suspend();
  });
  parent.resume();
  parent.evict();
  EXPECT_THAT(trace_, ElementsAre("parent", "child"));
  EXPECT_EQ(pool_.in_use(), 0u);
  EXPECT_EQ(std::uncaught_exceptions(), 0);
}

TEST_F(StrandTest, ResumesAnotherFromADestructorDuringUnwinding) {
  struct ResumeOnExit {
    Strand& strand;
    ~ResumeOnExit() { strand.resume(); }
  };
  int uncaught = -1;
  Strand child(pool_, [&] {
    uncaught = std::uncaught_exceptions();
    try {
      throw std::runtime_error("inner");
    } catch (const std::runtime_error&) {
      suspend();
    }
  });
  Strand parent(pool_, [&] {
    try {
      ResumeOnExit guard{child};
      throw std::logic_error("outer");
    } catch (const std::logic_error& error) {
      trace_.push_back(error.what());
    }
  });
  parent.resume();
  EXPECT_EQ(uncaught, 0);
  EXPECT_THAT(trace_, ElementsAre("outer"));
  child.resume();
  EXPECT_TRUE(child.done());
}

// Throws, catches and waits at several depths, and counts what it sees of other strands'
// exceptions.
void throw_and_wait(int id, int depth, int& wrong) {
  try {
    suspend();
    if (depth > 0) throw_and_wait(id, depth - 1, wrong);
    throw std::runtime_error(std::to_string(id) + "/" + std::to_string(depth));
  } catch (const std::runtime_error& error) {
    const std::string first = error.what();
    suspend();
    try {
      if (std::current_exception() == nullptr) throw std::logic_error("lost");
      throw;
    } catch (const std::exception& again) {
      if (first != again.what()) ++wrong;
    }
    if (std::uncaught_exceptions() != 0) ++wrong;
    suspend();
  }
}

TEST_F(StrandTest, ExceptionStateIsPerStrandInAnyInterleaving) {
  std::mt19937 rng(7);
  int wrong = 0;
  int finished = 0;
  for (int round = 0; round < (base::kSanitized ? 5 : 50); ++round) {
    std::vector<std::unique_ptr<Strand>> strands;
    strands.reserve(64);
    for (int i = 0; i < 64; ++i) {
      strands.push_back(std::make_unique<Strand>(pool_, [i, &wrong, &finished] {
        throw_and_wait(i, i % 5, wrong);
        ++finished;
      }));
    }
    for (int step = 0; step < 1'000; ++step) {
      Strand& strand = *strands[rng() % strands.size()];
      if (!strand.done()) strand.resume();
      if (std::current_exception() != nullptr || std::uncaught_exceptions() != 0) ++wrong;
    }
  }  // whatever is still suspended is evicted here
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(finished, 0);
  EXPECT_EQ(pool_.in_use(), 0u);
}

TEST_F(StrandTest, AHundredThousandAlive) {
  // Thread sanitizer keeps hundreds of kilobytes per fiber and has room for 8,000 in all.
  constexpr bool few = REPRISE_TSAN || REPRISE_VALGRIND;
  constexpr int count = few ? 500 : REPRISE_ASAN ? 5'000 : 100'000;
  std::vector<std::unique_ptr<Strand>> strands;
  int left = 0;
  for (int i = 0; i < count; ++i) {
    strands.push_back(std::make_unique<Strand>(pool_, [&left] {
      suspend();
      ++left;
    }));
    strands.back()->resume();
  }
  EXPECT_EQ(pool_.in_use(), static_cast<std::size_t>(count));
  for (auto& strand : strands) strand->resume();
  EXPECT_EQ(left, count);
}

// ---- the stack of a strand that waits ---------------------------------------------------------

[[gnu::noinline]] int deeper(Trace& trace) {
  suspend();
  trace.push_back("went on");
  return 1;
}
[[gnu::noinline]] int deep(Trace& trace) {
  const int depth = deeper(trace);
  trace.push_back("came back");  // so that this frame is there while the other one is
  return depth + 1;
}

std::vector<std::string> functions_of(const std::vector<void*>& frames) {
  base::Symbols symbols;
  std::vector<std::string> names;
  for (const void* frame : frames) {
    for (const auto& symbol : symbols.at(frame)) names.push_back(symbol.function);
  }
  return names;
}

TEST_F(StrandTest, ShowsWhereItWaits) {
  Strand strand(pool_, [&] { deep(trace_); });
  EXPECT_TRUE(strand.stack().empty());  // not started
  strand.resume();
  const auto names = functions_of(strand.stack());
  EXPECT_THAT(names,
              testing::IsSupersetOf({testing::EndsWith("::deeper"), testing::EndsWith("::deep")}));
  EXPECT_TRUE(trace_.empty());  // none of its code has run
  EXPECT_EQ(strand.stack(), strand.stack());
  strand.resume();
  EXPECT_THAT(trace_, ElementsAre("went on", "came back"));
  EXPECT_TRUE(strand.done());
  EXPECT_TRUE(strand.stack().empty());
}

TEST_F(StrandTest, ShowsWhereItWaitsInsideACatchBlock) {
  Strand strand(pool_, [&] {
    try {
      throw std::runtime_error("first");
    } catch (const std::exception& error) {
      deep(trace_);
      trace_.push_back(error.what());
    }
  });
  strand.resume();
  try {
    throw std::runtime_error("second");
  } catch (const std::exception& error) {
    EXPECT_FALSE(strand.stack().empty());
    EXPECT_STREQ(error.what(), "second");
  }
  strand.resume();
  EXPECT_THAT(trace_, ElementsAre("went on", "came back", "first"));
}

TEST_F(StrandTest, ShowsItsStackToAnotherStrand) {
  Strand waiting(pool_, [&] { deep(trace_); });
  waiting.resume();
  std::vector<void*> seen;
  Strand looking(pool_, [&] {
    seen = waiting.stack();
    EXPECT_TRUE(looking.stack().empty());  // it runs
  });
  looking.resume();
  EXPECT_THAT(functions_of(seen), testing::Contains(testing::EndsWith("::deeper")));
}

TEST_F(StrandTest, IsEvictedAfterItsStackWasShown) {
  Strand strand(pool_, [&] {
    const Farewell farewell{trace_, "bye"};
    deep(trace_);
  });
  strand.resume();
  EXPECT_FALSE(strand.stack().empty());
  strand.evict();
  EXPECT_THAT(trace_, ElementsAre("bye"));
}

// ---- a strand that does not leave --------------------------------------------------------------

[[gnu::noinline]] void swallow_for_ever(int& swallowed) {
  for (;;) {
    try {
      suspend();
    } catch (...) {
      ++swallowed;
    }
  }
}

TEST_F(StrandTest, OneThatSwallowsForEverIsGivenUp) {
  int swallowed = 0;
  Trace trace;
  {
    Strand strand(pool_, [&] {
      const Farewell never{trace, "its destructors do not run"};
      swallow_for_ever(swallowed);
    });
    strand.resume();
    EXPECT_FALSE(strand.given_up());
    strand.evict();
    EXPECT_TRUE(strand.given_up());
    EXPECT_TRUE(strand.done());
    EXPECT_THAT(functions_of(strand.given_up_at()),
                testing::Contains(testing::EndsWith("::swallow_for_ever")));
  }
  EXPECT_GE(swallowed, 100);
  EXPECT_LE(swallowed, 1'000);
  EXPECT_TRUE(trace.empty());
  EXPECT_EQ(pool_.in_use(), 0u);
  EXPECT_GT(pool_.resident_bytes(), 0u) << "its stack is not forgotten";
}

TEST_F(StrandTest, TheStackOfOneThatWasGivenUpIsNotUsedAgain) {
  int swallowed = 0;
  Strand given_up(pool_, [&] { swallow_for_ever(swallowed); });
  given_up.resume();
  const Stack lost = given_up.memory();
  given_up.evict();
  std::vector<Stack> next;
  for (int i = 0; i < 10; ++i) next.push_back(pool_.take());
  for (const Stack& stack : next) {
    EXPECT_NE(stack.bottom, lost.bottom);
    pool_.give_back(stack);
  }
}

TEST_F(StrandTest, AStrandMayBeGivenUpByAnother) {
  int swallowed = 0;
  Strand other(pool_, [&] { swallow_for_ever(swallowed); });
  other.resume();
  Strand strand(pool_, [&] {
    other.evict();
    trace_.push_back("went on");
    suspend();
    trace_.push_back("and on");
  });
  strand.resume();
  strand.resume();
  EXPECT_TRUE(other.given_up());
  EXPECT_THAT(trace_, ElementsAre("went on", "and on"));
}

// ---- what must abort ---------------------------------------------------------------------------

using StrandDeathTest = StrandTest;

[[gnu::noinline]] int use_much_stack(int depth) {
  volatile char frame[512];
  frame[0] = static_cast<char>(depth);
  return depth == 0 ? 0 : use_much_stack(depth - 1) + frame[0];
}

TEST_F(StrandDeathTest, OverflowHitsTheGuardArea) {
  const auto overflow = [this] {
    Strand strand(pool_, [] { use_much_stack(1'000'000); });
    strand.resume();
  };
  if (base::kSanitized) {
    EXPECT_DEATH(overflow(), "");  // reported by the sanitizer, which exits in its own way
  } else {
    EXPECT_EXIT(overflow(), testing::KilledBySignal(SIGSEGV), "");
  }
}

TEST_F(StrandDeathTest, ExceptionAtTheBase) {
  Strand strand(pool_, [] { throw std::runtime_error("lost"); });
  EXPECT_DEATH(strand.resume(), "an exception has reached the base of a strand");
}

TEST_F(StrandDeathTest, MisuseOfTheStrandItself) {
  Strand done(pool_, [] {});
  done.resume();
  EXPECT_DEATH(done.resume(), "cannot run");
  Strand idle(pool_, [] {});
  EXPECT_DEATH(idle.suspend(), "not running");
  EXPECT_DEATH(Strand(pool_, Stack(), [] {}), "without a stack");
  std::optional<Strand> self;
  self.emplace(pool_, [&] { self.reset(); });
  EXPECT_DEATH(self->resume(), "while it runs");
}

}  // namespace
}  // namespace reprise::replay::strand_test
