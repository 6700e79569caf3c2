// explore() for tests that say what they expect with GoogleTest.
#pragma once
#include <functional>
#include <reprise/testing/explore.h>
#include <stdexcept>
#include <string>

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

namespace reprise::testing {

// An expectation or an assertion of GoogleTest did not hold.
struct ExpectationFailed : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Like explore(); a failed EXPECT_ or ASSERT_ on this thread breaks the test like an exception.
// Failures of the single runs are not failures of the surrounding test; an order that was found is.
inline void explore_expectations(const ExploreOptions& options,
                                 const std::function<void(Env&)>& test) {
  const auto checked = [&](Env& env) {
    ::testing::TestPartResultArray results;
    {
      const ::testing::ScopedFakeTestPartResultReporter reporter(
          ::testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &results);
      test(env);
    }
    for (int i = 0; i < results.size(); ++i) {
      const ::testing::TestPartResult& result = results.GetTestPartResult(i);
      if (!result.failed()) continue;
      const std::string file = result.file_name() == nullptr ? "" : result.file_name();
      throw ExpectationFailed(file + ":" + std::to_string(result.line_number()) + ": " +
                              result.message());
    }
  };
  try {
    (void)explore(options, checked);
  } catch (const OrderFound& found) {
    ADD_FAILURE() << found.what();
  }
}
inline void explore_expectations(const std::function<void(Env&)>& test) {
  explore_expectations(ExploreOptions{}, test);
}

}  // namespace reprise::testing
