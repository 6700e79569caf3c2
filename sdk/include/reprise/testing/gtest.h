// Matchers for GoogleTest: EXPECT_THAT(history, replays_on(worker)). Includes GoogleMock, which has
// EXPECT_THAT. Header only: the tests that include this link GoogleTest, the library does not.
#pragma once
#include <memory>
#include <ostream>
#include <reprise/client.h>
#include <reprise/history.h>
#include <reprise/replayer.h>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reprise {

// How GoogleTest shows a history in its messages.
inline void PrintTo(const History& history, std::ostream* out) {
  *out << to_string(history);
}

namespace testing {

// What replays_on() returns: matches a History, or a run's handle by the history it has now. A
// mismatch is explained by the whole report, with both sides and their call sites.
class ReplaysOn {
 public:
  using is_gtest_matcher = void;

  explicit ReplaysOn(std::shared_ptr<const Replayer> replayer) : replayer_(std::move(replayer)) {}

  bool MatchAndExplain(const History& history, std::ostream* explanation) const {
    const ReplayReport report = replayer_->replay(history);
    if (explanation != nullptr) *explanation << '\n' << report;
    return report.matched;
  }
  bool MatchAndExplain(const RunHandle& run, std::ostream* explanation) const {
    return MatchAndExplain(run.history(), explanation);
  }
  void DescribeTo(std::ostream* out) const { *out << "replays on this code"; }
  void DescribeNegationTo(std::ostream* out) const { *out << "does not replay on this code"; }

 private:
  std::shared_ptr<const Replayer> replayer_;
};

// With the implementations that the worker has now. What they capture must outlive the matcher.
// `options`: as of a Replayer.
inline ReplaysOn replays_on(const Worker& worker, ReplayerOptions options = {}) {
  return ReplaysOn(std::make_shared<const Replayer>(worker, options));
}

// The replayer must outlive the matcher.
inline ReplaysOn replays_on(const Replayer& replayer) {
  return ReplaysOn(std::shared_ptr<const Replayer>(std::shared_ptr<void>(), &replayer));
}

}  // namespace testing
}  // namespace reprise
