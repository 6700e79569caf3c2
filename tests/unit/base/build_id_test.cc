#include "base/build_id.h"

#include <gtest/gtest.h>

namespace reprise::base {
namespace {

TEST(BuildId, IsTheSameAllTheTime) {
  EXPECT_NE(build_id(), 0u);
  EXPECT_EQ(build_id(), build_id());
}

}  // namespace
}  // namespace reprise::base
