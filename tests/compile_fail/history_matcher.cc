// <reprise/testing/gtest.h> alone is enough for its matcher.
#include <reprise/testing/gtest.h>

void check(const reprise::History& history, const reprise::Worker& worker) {
#ifdef MISUSE
  EXPECT_THAT(history, reprise::testing::replays_on(history));
#else
  EXPECT_THAT(history, reprise::testing::replays_on(worker));
#endif
}
