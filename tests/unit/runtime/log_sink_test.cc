#include "runtime/engine/log_sink.h"

#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace reprise::runtime {
namespace {

const base::Error kBroken{base::ErrorCode::kStoreIo, "a sync of the journal failed"};

TEST(LogSink, PassesLinesOn) {
  std::vector<std::string> lines;
  const LogSink sink =
      never_throwing([&](LogLevel, std::string_view line) { lines.emplace_back(line); });
  sink(LogLevel::kInfo, "a");
  sink(LogLevel::kError, "b");
  EXPECT_EQ(lines, (std::vector<std::string>{"a", "b"}));
}

TEST(LogSink, GoesOnWithALogThatHasFailedOnce) {
  int calls = 0;
  ::testing::internal::CaptureStderr();
  const LogSink sink = never_throwing([&](LogLevel, std::string_view) {
    if (++calls == 1) throw 5;
  });
  sink(LogLevel::kInfo, "lost otherwise");
  sink(LogLevel::kInfo, "kept");
  EXPECT_EQ(calls, 2);
  EXPECT_NE(::testing::internal::GetCapturedStderr().find("lost otherwise"), std::string::npos);
}

TEST(LogSink, TheLastLineOfAProcessGoesToTheLog) {
  const LogSink sink = [](LogLevel level, std::string_view line) {
    std::fprintf(stderr, "%d|%.*s\n", static_cast<int>(level), static_cast<int>(line.size()),
                 line.data());
  };
  EXPECT_EXIT(end_process(sink, kBroken), ::testing::ExitedWithCode(70),
              "3\\|.*exit code 70: RP1006 a sync of the journal failed");
}

TEST(LogSink, AndToStandardErrorIfThatFails) {
  const LogSink sink = [](LogLevel, std::string_view) { throw std::runtime_error("no log"); };
  EXPECT_EXIT(end_process(sink, kBroken), ::testing::ExitedWithCode(70),
              "RP1006 a sync of the journal failed .*no log");
}

}  // namespace
}  // namespace reprise::runtime
