#include "base/out_of_memory.h"

#include <gtest/gtest.h>

namespace reprise::base::out_of_memory_test {
namespace {

TEST(OutOfMemory, PassesOnWhatTheWorkReturnsAndThrows) {
  EXPECT_EQ(needs_memory("testing", [] { return 7; }), 7);
  int value = 0;
  int& same = needs_memory("testing", [&]() -> int& { return value; });
  EXPECT_EQ(&same, &value);
  EXPECT_THROW(needs_memory("testing", [] { throw 1; }), int);
}

TEST(OutOfMemoryDeathTest, EndsTheProcessWithACodeOfItsOwn) {
  EXPECT_EXIT(needs_memory("testing", [] { throw std::bad_alloc(); }),
              ::testing::ExitedWithCode(71), "out of memory while testing; the process ends");
}

}  // namespace
}  // namespace reprise::base::out_of_memory_test
