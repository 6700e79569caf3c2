// The parts that the commands print with.
#include <cstdlib>
#include <map>
#include <random>

#include <gmock/gmock.h>

#include "tests/unit/tools/command_fixture.h"
#include "tools/console.h"
#include "tools/duration_histogram.h"
#include "tools/event_text.h"
#include "tools/run_text.h"
#include "tools/store_stats.h"
#include "tools/table.h"
#include "tools/time_text.h"
#include "tools/timeline.h"

namespace reprise::tools::text_test {
namespace {

using nlohmann::json;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(SafeTextTest, LeavesOrdinaryTextAlone) {
  for (const char* text : {"", "order-7", "Bücher für 3 €", "注文", "a 'quoted' \"one\" \\"}) {
    EXPECT_EQ(safe_text(text), text);
  }
}

TEST(SafeTextTest, NothingGetsThroughThatATerminalObeys) {
  EXPECT_EQ(safe_text("\x1b[2J"), "\\x1b[2J");
  EXPECT_EQ(safe_text(std::string_view("\0\r\b\x7f", 4)), "\\x00\\x0d\\x08\\x7f");
  EXPECT_EQ(safe_text("a\nb\tc"), "a\\nb\\tc");
  EXPECT_EQ(safe_text("\xc2\x9b"
                      "2J"),
            "\\x9b2J")
      << "CSI in one character";
  EXPECT_EQ(safe_text("\u202egpj.exe"), "\\u202egpj.exe") << "shown from right to left";
  EXPECT_EQ(safe_text("\u2066\u200b\ufeff"), "\\u2066\\u200b\\ufeff");
}

TEST(SafeTextTest, BytesThatAreNoUtf8AreShown) {
  EXPECT_EQ(safe_text("\xff\xfe"), "\\xff\\xfe");
  EXPECT_EQ(safe_text("\xc3"), "\\xc3") << "cut off";
  EXPECT_EQ(safe_text("\xc0\x9b[2J"), "\\xc0\\x9b[2J") << "longer than it needs to be";
  EXPECT_EQ(safe_text("\xed\xa0\x80"), "\\xed\\xa0\\x80") << "a surrogate";
  EXPECT_EQ(safe_text("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80") << "behind the last one";
}

// For any bytes the output is text without control characters, and always the same.
TEST(SafeTextTest, WhateverTheBytesAre) {
  std::mt19937 random(1);
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes(random() % 12, '\0');
    for (char& c : bytes)
      c = static_cast<char>(random() % 4 == 0 ? 0xc0 + random() % 64 : random());
    const std::string safe = safe_text(bytes);
    EXPECT_EQ(safe_text(safe), safe);
    for (const char c : safe) EXPECT_GE(static_cast<unsigned char>(c), 0x20);
    EXPECT_NO_THROW((void)json(safe).dump()) << "no UTF-8";
  }
}

TEST(SafeTextTest, CutsLongText) {
  EXPECT_EQ(safe_text("ééééé", 3), "ééé…");
  EXPECT_EQ(safe_text("ééé", 3), "ééé");
  EXPECT_EQ(cut_to_width("abcdef", 4), "abc…");
  EXPECT_EQ(cut_to_width("abcd", 4), "abcd");
  EXPECT_EQ(display_width("ééé…"), 4u);
}

TEST(TimeTextTest, Durations) {
  const std::map<std::int64_t, std::string> expected = {{0, "0ms"},
                                                        {999, "999ms"},
                                                        {1'000, "1s"},
                                                        {1'234, "1.234s"},
                                                        {60'000, "1m00s"},
                                                        {123'000, "2m03s"},
                                                        {11'040'000, "3h04m"},
                                                        {439'200'000, "5d02h"},
                                                        {-1'500, "-1.500s"},
                                                        {INT64_MIN, "-106751991167d07h"}};
  for (const auto& [ms, text] : expected) EXPECT_EQ(duration_text(ms), text);
}

TEST(TimeTextTest, TimesAreUtc) {
  ::setenv("TZ", "Asia/Tokyo", 1);
  ::tzset();
  EXPECT_EQ(utc_millis(1'700'000'000'123), "2023-11-14 22:13:20.123Z");
  EXPECT_EQ(utc_seconds(1'700'000'000'123), "2023-11-14 22:13:20Z");
  EXPECT_EQ(utc_iso(1'700'000'000'123), "2023-11-14T22:13:20.123Z");
  EXPECT_EQ(utc_millis(-1), "1969-12-31 23:59:59.999Z");
  EXPECT_EQ(utc_millis(INT64_MAX), "never");
  EXPECT_EQ(utc_iso(INT64_MAX), "never");
  EXPECT_EQ(parse_since("2023-11-14T22:13:20Z", 0), 1'700'000'000'000);
  ::unsetenv("TZ");
  ::tzset();
}

TEST(TimeTextTest, WhatSinceTakes) {
  constexpr std::int64_t kNow = 1'700'000'000'000;
  EXPECT_EQ(parse_since("90s", kNow), kNow - 90'000);
  EXPECT_EQ(parse_since("2h", kNow), kNow - 7'200'000);
  EXPECT_EQ(parse_since("7d", kNow), kNow - 604'800'000);
  EXPECT_EQ(parse_since("2023-11-14", kNow), 1'699'920'000'000);
  EXPECT_EQ(parse_since("2023-11-14 22:13", kNow), 1'699'999'980'000);
  for (const char* wrong : {"", "90", "s", "-1s", "1y", "2023-11", "2023-13-01", "yesterday",
                            "99999999999999999d", "2023-11-14T22:13:20+02:00"}) {
    EXPECT_EQ(parse_since(wrong, kNow), std::nullopt) << wrong;
  }
}

std::string print(const Table& table, std::size_t width) {
  ::testing::internal::CaptureStdout();
  table.print(Paint(ColourMode::kNever), width);
  std::fflush(stdout);
  return ::testing::internal::GetCapturedStdout();
}

TEST(TableTest, FitsANarrowTerminal) {
  Table table({{"STATUS"}, {"WORKFLOW ID", false, true}, {"N", true}, {"RUN", false, false, true}});
  const auto add = [&](const std::vector<std::string>& row) {
    table.add({row.begin(), row.end()});
  };
  add({"Running", "a-rather-long-workflow-id", "7", "0123456789ab"});
  add({"Failed", "", "12", "cdef"});
  EXPECT_EQ(print(table, 0), R"(STATUS   WORKFLOW ID                 N  RUN
Running  a-rather-long-workflow-id   7  0123456789ab
Failed                              12  cdef
)");
  EXPECT_EQ(print(table, 40), R"(STATUS   WORKFLOW ID     N  RUN
Running  a-rather-lon…   7  0123456789ab
Failed                  12  cdef
)");
  EXPECT_EQ(print(table, 30), R"(STATUS   WORKFLOW ID   N
Running  a-rather-l…   7
Failed                12
)");
  EXPECT_EQ(print(table, 1), print(table, 30)) << "no narrower than that";
}

TEST(DurationHistogramTest, MeanIsExactAndQuantilesNearlySo) {
  DurationHistogram durations;
  EXPECT_EQ(durations.quantile(0.99), 0);
  EXPECT_EQ(durations.mean(), 0);
  for (int i = 1; i <= 100'000; ++i) durations.add(i);
  EXPECT_EQ(durations.count(), 100'000u);
  EXPECT_EQ(durations.mean(), 50'001);  // 50,000.5
  EXPECT_EQ(durations.largest(), 100'000);
  for (const double share : {0.01, 0.5, 0.9, 0.99}) {
    const double exact = share * 100'000;
    EXPECT_GE(static_cast<double>(durations.quantile(share)), exact);
    EXPECT_LE(static_cast<double>(durations.quantile(share)), exact * 1.016);
  }
  EXPECT_EQ(durations.quantile(1), 100'000);
}

TEST(DurationHistogramTest, TakesAnything) {
  DurationHistogram durations;
  for (const std::int64_t ms : {INT64_MIN, std::int64_t{-1}, INT64_MAX}) durations.add(ms);
  EXPECT_EQ(durations.quantile(0.5), 0);
  EXPECT_EQ(durations.quantile(1), INT64_MAX);
  DurationHistogram few;
  for (std::int64_t ms = 0; ms < 128; ++ms) few.add(ms);
  EXPECT_EQ(few.quantile(0.5), 63) << "exact below 128";
}

TEST(TimelineTest, ShowsWhatWasDecided) {
  proto::Turn turn;
  for (const bool outcome : {true, false}) {
    auto* decision = turn.add_commands()->mutable_decision_recorded();
    decision->set_what("credit\x1b ok");
    decision->set_outcome(outcome);
  }
  Timeline timeline;
  timeline.add(turn);
  ASSERT_EQ(timeline.operations().size(), 2u);
  for (const bool outcome : {true, false}) {
    const Operation& decision = timeline.operations()[outcome ? 0 : 1];
    EXPECT_EQ(to_string(decision.kind), "decision");
    EXPECT_TRUE(decision.has_ended());
    const json shown = operation_json(decision);
    EXPECT_EQ(shown["name"], "credit\x1b ok");
    EXPECT_EQ(shown["outcome"], outcome);
    EXPECT_EQ(details_of(turn.commands(outcome ? 0 : 1), 100),
              std::string("credit\\x1b ok: ") + (outcome ? "true" : "false"));
  }
}

// Turns that no engine writes must not crash the readers.
TEST(TimelineTest, TakesOddHistories) {
  proto::Turn turn;
  turn.set_time_ms(5);
  turn.add_inputs()->mutable_activity_completed()->set_id(9);
  turn.add_inputs()->mutable_attempt_failed()->set_id(9);
  turn.add_inputs()->mutable_update_received()->set_update_id("u");
  turn.add_commands()->mutable_update_completed()->set_update_id("another");
  turn.add_commands()->mutable_timer_cancelled()->set_id(9);
  turn.add_commands()->mutable_timer_started()->set_duration_ms(INT64_MAX);
  turn.add_commands();
  Timeline timeline;
  StoreStats stats;
  timeline.add(turn);
  timeline.add(turn);
  stats.add_turn(turn);
  stats.add_turn(turn);
  stats.end_history();
  EXPECT_EQ(timeline.operations().size(), 4u);
  EXPECT_EQ(timeline.operations().back().due_ms, INT64_MAX);
}

}  // namespace
}  // namespace reprise::tools::text_test
