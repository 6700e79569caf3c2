// Random expressions against croniter's answers; cron_reference.py says how the file is made.
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "runtime/schedule/due_times.h"

namespace reprise::schedule::cron_reference_test {

std::string file_name() {
  const char* const other = std::getenv("REPRISE_CRON_REFERENCE");
  if (other != nullptr) return other;
  return REPRISE_SOURCE_DIR "/tests/unit/runtime/schedule/cron_reference.tsv";
}

TEST(CronReferenceTest, SaysTheSameAsCroniter) {
  std::ifstream file(file_name());
  const auto utc = Zone::find("UTC");
  const base::Time end = base::Time::max();
  int lines = 0;
  for (std::string line; std::getline(file, line); ++lines) {
    std::istringstream in(line);
    std::string expression;
    std::getline(in, expression, '\t');
    std::int64_t after = 0;
    in >> after;
    const auto cron = Cron::parse(expression);
    ASSERT_TRUE(cron) << expression << ": " << (cron ? "" : cron.error().message);
    base::Time last(std::chrono::minutes{after});
    for (std::int64_t minutes = 0; in >> minutes;) {
      const auto next = next_time(*cron, *utc, last, end);
      ASSERT_TRUE(next) << line;
      ASSERT_EQ(std::chrono::duration_cast<std::chrono::minutes>(*next - last).count(), minutes)
          << line;
      last = *next;
    }
  }
  EXPECT_GE(lines, 1'000);
}

}  // namespace reprise::schedule::cron_reference_test
