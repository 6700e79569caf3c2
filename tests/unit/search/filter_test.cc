// Filters by themselves: what is read, where errors point, what matches, keys and page tokens.
#include <algorithm>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/printable_text.h"
#include "runtime/visibility/keys.h"
#include "runtime/visibility/literal.h"
#include "runtime/visibility/matcher.h"
#include "runtime/visibility/page_token.h"
#include "runtime/visibility/parser.h"

namespace reprise::testing::filter_test {
namespace {

using base::ErrorCode;
using runtime::RunDescription;
using runtime::RunStatus;
using ::testing::HasSubstr;
namespace visibility = runtime::visibility;

// "at 8: what is wrong"; "": nothing is.
std::string fault(const std::string& filter) {
  const auto query = visibility::parse(filter);
  if (query) return {};
  EXPECT_EQ(query.error().code, ErrorCode::kFilter);
  const std::string& text = query.error().message;
  constexpr std::string_view kBefore = "the filter is wrong at character ";
  EXPECT_TRUE(text.starts_with(kBefore)) << text;
  return text.substr(kBefore.size(), text.find('\n') - kBefore.size());
}

// ---- what is read -----------------------------------------------------------------------------

TEST(Filter, ReadsTheWholeLanguage) {
  for (const char* const filter :
       {"", "  ", "WorkflowType = 'checkout'", "workflowtype='x' OR a!=1",
        "WorkflowId STARTS_WITH 'o' and Status in ('Running', \"paused\")",
        "NOT (Status = 'Failed' OR NOT HistoryLength > 5)",
        "StartTime BETWEEN '2026-11-21T00:00:00Z' AND '2026-11-22' ORDER BY StartTime DESC, a ASC",
        "ExecutionDuration >= '1h30m' AND ExecutionDuration < 9000000000000",
        "CloseTime IS NULL OR ParkedReason is not null", "ORDER BY `odd name` DESC",
        "`a``b` = 'it''s' AND c = \"say \\\"x\\\"\"", "a NOT IN (1, 2.5, -3e2)", "b = true",
        "a NOT BETWEEN 1 AND 2", "a NOT STARTS_WITH 'x'", "a <> 1", "TaskQueue == 'default'",
        "StartTime > 1700000000000000000", "\xc3\xa4rger = 'ja'"}) {
    EXPECT_EQ(fault(filter), "") << filter;
  }
}

TEST(Filter, ErrorsPointAtTheCharacter) {
  const std::vector<std::pair<std::string, std::string>> faults = {
      {"WorkflowType =", "15: a value is expected"},
      {"WorkflowType = checkout", "16: a value is expected here; texts are in quotes"},
      {"WorkflowType", "13: a comparison is expected"},
      {"= 'x'", "1: a field is expected"},
      {"'Status' = 'Running'", "1: a field is expected here, and this is a text"},
      {"Status = 'Runing'",
       "10: Status is a status, and this is not; statuses are Running, Paused"},
      {"StartTime > 'yesterday'", "13: StartTime is a time"},
      {"ExecutionDuration > 'long'", "21: ExecutionDuration is a duration"},
      {"HistoryLength = 'x'", "17: HistoryLength is a whole number"},
      {"Status > 'Running'", "8: Status is a status, which cannot be compared like this"},
      {"HistoryLength STARTS_WITH '1'", "15: HistoryLength is a whole number, which cannot"},
      {"a = 'x", "5: this quote is not closed"},
      {"a = 'x\\q'", "7: this escape is unknown"},
      {"a = 1 AND", "10: a field is expected"},
      {"a = 1 b = 2", "7: AND, OR, ORDER BY or the end"},
      {"(a = 1", "1: this parenthesis is not closed"},
      {"(a = 1 b", "8: AND, OR or a closing parenthesis"},
      {"a = 1)", "6: AND, OR, ORDER BY or the end"},
      {"a IN 1", "6: the values of IN are in parentheses"},
      {"a IN ()", "7: a value is expected"},
      {"a IN (1 2)", "9: a comma or a closing"},
      {"a BETWEEN 1 OR 2", "13: AND and the end of the range"},
      {"a IS 1", "6: NULL is expected"},
      {"a = NULL", "5: nothing is equal to NULL"},
      {"a NOT = 1", "7: IN, BETWEEN or STARTS_WITH"},
      {"a LIKE 'x%'", "3: there is no LIKE"},
      {"a = 99999999999999999999", "5: a whole number has at most 64 bits"},
      {"a = 1e999", "5: this number is too large"},
      {"a = 12ab", "5: this is not a number"},
      {"a = 1; DROP TABLE runs", "6: this character means nothing here"},
      {"a = 1 -- b", "7: this character means nothing"},
      {"AND = 1", "1: a field is expected here; a field with the name of a keyword"},
      {"`` = 1", "1: this name is empty"},
      {"a = 1 ORDER StartTime", "13: BY is expected"},
      {"ORDER BY a DESC b", "17: a comma or the end"},
      {"\xc3\xa4 = 1 %", "7: this character"},
      {std::string("a = 1\0", 6), "6: this character"},
      {"a = '\xff'", "6: this byte is not UTF-8"},
      {"a = '\xc0\x80'", "6: this byte is not UTF-8"},
  };
  for (const auto& [filter, where] : faults) {
    EXPECT_THAT(fault(filter), ::testing::StartsWith(where)) << filter;
  }
}

TEST(Filter, AMarkIsUnderTheCharacter) {
  const auto text = visibility::parse("\xc3\xa4 = 'x' AND b = 1 \x01").error().message;
  EXPECT_THAT(text, HasSubstr("\n  \xc3\xa4 = 'x' AND b = 1 \\x01\n                    ^"));
  const auto far = visibility::parse(std::string(200, ' ') + "a = = " + std::string(90, 'b'));
  EXPECT_THAT(far.error().message, HasSubstr("a = = "));
  EXPECT_LT(far.error().message.size(), 400U);
}

TEST(Filter, HasLimits) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '(') + "a=1" + std::string(depth, ')');
  };
  EXPECT_EQ(fault(nested(visibility::kMaxFilterDepth - 1)), "");
  EXPECT_THAT(fault(nested(visibility::kMaxFilterDepth)), HasSubstr("more than 64 deep"));
  EXPECT_THAT(fault(nested(8'000)), HasSubstr("more than 64 deep"));
  std::string negated;
  for (int i = 0; i < 4'000; ++i) negated += "NOT ";
  EXPECT_THAT(fault(negated + "a=1"), HasSubstr("more than 64 deep"));
  std::string chain = "a=1";
  for (int i = 0; i < 1'500; ++i) chain += " OR a=1";
  EXPECT_EQ(fault(chain), "") << "long, and not deep";
  std::string values = "a IN (1";
  for (std::size_t i = 1; i < visibility::kMaxFilterValues; ++i) values += ",1";
  EXPECT_EQ(fault(values + ")"), "");
  EXPECT_THAT(fault(values + ",1)"), HasSubstr("more than 2000 values"));
  EXPECT_EQ(fault("a = '" + std::string(16'378, 'x') + "'"), "");
  EXPECT_THAT(fault("a = '" + std::string(16'379, 'x') + "'"), HasSubstr("the limit is 16384"));
}

// Whatever is given, it is read or refused, and the refusal can be printed.
TEST(Filter, TakesAnyBytes) {
  std::mt19937 random(11);
  const std::vector<std::string> pieces = {
      "Status", "a",  "`b`",     "=",        "!=",           "<",           "IN",           "(",
      ")",      ",",  "BETWEEN", "AND",      "OR",           "NOT",         "'x",           "'y'",
      "\"",     "1",  "-1",      "2.5",      "NULL",         "IS",          "ORDER BY",     "DESC",
      "\xff",   "\\", "\n",      "\x1b[31m", "\xe2\x80\xae", "STARTS_WITH", "'2026-01-01'", ";",
      "--"};
  std::size_t read = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string filter;
    for (std::size_t left = 1 + random() % 9; left > 0; --left) {
      filter += random() % 8 == 0 ? std::string(1, static_cast<char>(random() % 256))
                                  : pieces[random() % pieces.size()];
      if (random() % 4 != 0) filter += ' ';
    }
    const auto query = visibility::parse(filter);
    if (query) {
      ++read;
      continue;
    }
    const std::string& text = query.error().message;
    ASSERT_TRUE(base::is_printable(text, base::LineBreaks::kKept)) << text;
  }
  EXPECT_GT(read, 50U);
}

TEST(Filter, TimesAndDurations) {
  using visibility::parse_duration_ns;
  using visibility::parse_time_ns;
  constexpr std::int64_t kHour = 3'600'000'000'000;
  EXPECT_EQ(parse_time_ns("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(parse_time_ns("1970-01-01T01:00:00+01:00"), 0);
  EXPECT_EQ(parse_time_ns("1970-01-01T00:00:00.123456789Z"), 123'456'789);
  EXPECT_EQ(parse_time_ns("1970-01-01 01:00"), kHour);
  EXPECT_EQ(parse_time_ns("1970-01-02"), 24 * kHour);
  EXPECT_EQ(parse_time_ns("1969-12-31T23:00:00-00:30"), -kHour / 2);
  for (const char* const bad :
       {"", "2026", "2026-13-01", "2026-02-30", "2026-01-01T25:00:00Z", "2026-01-01T00:00:00X",
        "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00+1", "2600-01-01", "1600-01-01"}) {
    EXPECT_EQ(parse_time_ns(bad), std::nullopt) << bad;
  }
  EXPECT_EQ(parse_duration_ns("1h30m"), kHour * 3 / 2);
  EXPECT_EQ(parse_duration_ns("-1.5s"), -1'500'000'000);
  EXPECT_EQ(parse_duration_ns("2d"), 48 * kHour);
  EXPECT_EQ(parse_duration_ns("3\xc2\xb5s"), 3'000);
  EXPECT_EQ(parse_duration_ns("01:30:00"), kHour * 3 / 2);
  for (const char* const bad : {"", "-", "1", "h", "1h 2m", "9999999999h", "1:2:3", ".s"}) {
    EXPECT_EQ(parse_duration_ns(bad), std::nullopt) << bad;
  }
}

// ---- what matches -----------------------------------------------------------------------------

proto::SettingRecorded setting(std::string name,
                               proto::SettingRecorded::Type type,
                               std::string value) {
  proto::SettingRecorded made;
  made.set_name(std::move(name));
  made.set_type(type);
  made.set_value(std::move(value));
  return made;
}

RunDescription a_run() {
  RunDescription run;
  run.workflow_id = "order-7";
  run.run_id = *base::RunId::parse("0192a5b0-0000-7000-8000-00000000abcd");
  run.workflow = "checkout";
  run.task_queue = "eu";
  run.status = RunStatus::kCompleted;
  run.started = base::from_ms(1'700'000'000'000);
  run.closed = base::from_ms(1'700'000'090'000);
  run.history_events = 12;
  run.parked = base::Error{ErrorCode::kNondeterminism, "the report"};
  run.settings = {
      setting("yes", proto::SettingRecorded::BOOL, "\xf5"),
      setting("n", proto::SettingRecorded::INT64, "\x07"),
      setting("d", proto::SettingRecorded::DOUBLE, std::string("\xf9\x3e\x00", 3)),  // 1.5
      setting("t", proto::SettingRecorded::TEXT,
              "\x62"
              "ab"),
      setting("l", proto::SettingRecorded::TEXTS, "\x82\x61x\x61y"),
      setting("w", proto::SettingRecorded::TIME, std::string("\x19\x03\xe8", 3)),
      setting("broken", proto::SettingRecorded::INT64, "\xff"),
      setting("v", proto::SettingRecorded::VALUE, "\x07")};
  return run;
}

bool matches(const std::string& filter) {
  const RunDescription run = a_run();
  const auto query = visibility::parse(filter);
  EXPECT_TRUE(query) << filter;
  return query && visibility::matches(*query, visibility::Subject(run));
}

TEST(Filter, FindsWhatARunHas) {
  for (const char* const filter : {"",
                                   "WorkflowId = 'order-7'",
                                   "WorkflowId STARTS_WITH 'order'",
                                   "WorkflowType != 'x'",
                                   "RunId = '0192a5b0-0000-7000-8000-00000000abcd'",
                                   "Status = 'completed'",
                                   "ExecutionStatus IN ('Failed', 'Completed')",
                                   "StartTime = '2023-11-14T22:13:20Z'",
                                   "ExecutionDuration = '90s'",
                                   "ExecutionDuration BETWEEN '1m' AND '1m30s'",
                                   "TaskQueue = 'eu'",
                                   "HistoryLength >= 12",
                                   "ParentId IS NULL",
                                   "ParkedReason = 'RP2001'",
                                   "yes = true",
                                   "n = 7",
                                   "n = 7.0",
                                   "n < 7.5",
                                   "d = 1.5",
                                   "d > 1",
                                   "t >= 'ab'",
                                   "t < 'b'",
                                   "l = 'x'",
                                   "l IN ('q', 'y')",
                                   "l STARTS_WITH 'y'",
                                   "w = '1970-01-01T00:00:01Z'",
                                   "w <= 1000000000",
                                   "broken IS NULL",
                                   "v IS NULL",
                                   "NOT n = 8",
                                   "n != 8 AND l != 'z'",
                                   "n NOT IN (1, 2)",
                                   "missing IS NULL"}) {
    EXPECT_TRUE(matches(filter)) << filter;
  }
  for (const char* const filter :
       {"WorkflowId = 'Order-7'", "Status = 'Running'", "n = 8", "n != 7", "l != 'x'",
        "l NOT IN ('x')", "yes = false", "n > 7", "t STARTS_WITH 'b'", "CloseTime IS NULL",
        // What is missing is not different from anything.
        "missing = 1", "missing != 1", "NOT missing = 1", "missing NOT IN (1)", "ParentId != 'x'",
        "missing IS NOT NULL", "n = 'x'", "n != 'x'"}) {
    EXPECT_FALSE(matches(filter)) << filter;
  }
}

// ---- attributes -------------------------------------------------------------------------------

std::string attribute_fault(const std::string& filter) {
  const auto query = visibility::parse(filter);
  using visibility::FieldType;
  const base::Status checked =
      visibility::check_attributes(*query, {{"CustomerId", {FieldType::kText}},
                                            {"n", {FieldType::kInt, FieldType::kBool}},
                                            {"l", {FieldType::kTexts}},
                                            {"Nope", {}}});
  return checked ? "" : checked.error().message.substr(0, checked.error().message.find('\n'));
}

TEST(Filter, AttributesHaveTheirTypes) {
  EXPECT_EQ(attribute_fault("CustomerId = 'c' AND n = 1 AND n = true AND l = 'x'"), "");
  EXPECT_EQ(attribute_fault("Nope = 1"),
            "the filter is wrong at character 1: no run has a field of this name, and none has "
            "published such an attribute");
  EXPECT_THAT(attribute_fault("n = 1 AND CustomerID = 'c'"),
              HasSubstr("character 11: no run has a field of this name, and none has published "
                        "such an attribute; did you mean CustomerId?"));
  EXPECT_THAT(attribute_fault("WorkflowTyp = 'c'"), HasSubstr("did you mean WorkflowType?"));
  EXPECT_THAT(attribute_fault("CustomerId = 7"), HasSubstr("14: CustomerId is text, and this"));
  EXPECT_THAT(attribute_fault("n = 'x'"), HasSubstr("n is a whole number or true or false"));
  EXPECT_THAT(attribute_fault("n > true"), HasSubstr("5: n is a whole number, and this is not"));
  EXPECT_THAT(attribute_fault("l > 'x'"), HasSubstr("3: l is a list of texts, which cannot"));
  EXPECT_THAT(attribute_fault("ORDER BY l"), HasSubstr("10: a list of texts has no order"));
  EXPECT_THAT(attribute_fault("ORDER BY x"), HasSubstr("10: no run has a field of this name"));
}

// ---- keys -------------------------------------------------------------------------------------

TEST(FilterKeys, SortAsTheValuesDo) {
  const auto query = visibility::parse("ORDER BY a, b DESC");
  const auto key = [&](std::vector<proto::SettingRecorded> settings, std::uint64_t number) {
    RunDescription run;
    run.settings = std::move(settings);
    return visibility::sort_key(*query, visibility::Subject(run), number);
  };
  const auto text = [&](const std::string& name, const std::string& value) {
    return setting(name, proto::SettingRecorded::TEXT,
                   std::string(1, static_cast<char>(0x60 + value.size())) + value);
  };
  const std::vector<std::string> in_order = {
      key({text("a", ""), text("b", "z")}, 1),
      key({text("a", std::string(1, '\0')), text("b", "zz")}, 1),
      key({text("a", std::string(1, '\0')), text("b", "z")}, 1),
      key({text("a", std::string("\0b", 2))}, 1),
      key({text("a", "a"), text("b", "z")}, 9),
      key({text("a", "a"), text("b", "z")}, 1),
      key({text("a", "a"), text("b", "")}, 1),
      key({text("a", "a")}, 1),
      key({text("a", "ab")}, 1),
      key({text("b", "z")}, 1),
      key({}, 1)};
  EXPECT_TRUE(std::is_sorted(in_order.begin(), in_order.end()));
  EXPECT_EQ(std::adjacent_find(in_order.begin(), in_order.end()), in_order.end());
}

TEST(FilterKeys, NumbersSortAsTheyDo) {
  visibility::RunValue value;
  const auto sorted = [&](visibility::FieldType type, std::vector<double> numbers) {
    value.type = type;
    std::string last;
    for (const double number : numbers) {
      value.number = number;
      value.integer = static_cast<std::int64_t>(number);
      const std::string key = visibility::attribute_prefix("a", value);
      EXPECT_LT(last, key) << number;
      last = key;
    }
  };
  const double infinite = std::numeric_limits<double>::infinity();
  sorted(visibility::FieldType::kDouble, {-infinite, -1e300, -1, -1e-300, 0, 1e-300, 1, infinite,
                                          std::numeric_limits<double>::quiet_NaN()});
  sorted(visibility::FieldType::kInt, {-9e18, -1, 0, 1, 9e18});
  value.type = visibility::FieldType::kDouble;
  value.number = 0.0;
  const std::string zero = visibility::attribute_prefix("a", value);
  value.number = -0.0;
  EXPECT_EQ(zero, visibility::attribute_prefix("a", value));
}

TEST(FilterKeys, AreShortWhateverIsPublished) {
  RunDescription run;
  run.workflow = run.workflow_id = std::string(1'000, '\0');
  run.settings = {setting(std::string(1'000, '\0'), proto::SettingRecorded::TEXT,
                          "\x79\x03\xe8" + std::string(1'000, '\0'))};
  const visibility::Subject subject(run);
  for (const auto& entries :
       {visibility::fixed_entries(subject), visibility::attribute_entries(subject),
        visibility::known_entries(subject)}) {
    EXPECT_FALSE(entries.empty());
    for (const std::string& entry : entries) EXPECT_LE(entry.size(), 390U);
  }
}

// ---- page tokens ------------------------------------------------------------------------------

TEST(PageToken, IsOfItsFilterAndItsStore) {
  const std::string key("\x01\x00\xffkey", 6);
  const std::string token = visibility::make_page_token("a = 1", "secret", key);
  EXPECT_EQ(*visibility::read_page_token(token, "a = 1", "secret"), key);
  const auto why = [&](const std::string& text, const char* filter, const char* store) {
    const auto read = visibility::read_page_token(text, filter, store);
    EXPECT_EQ(read.error().code, ErrorCode::kPageToken);
    return read.error().message;
  };
  EXPECT_THAT(why(token, "a = 2", "secret"), HasSubstr("is of another filter"));
  EXPECT_THAT(why(token, "a = 1", "other"), HasSubstr("of another store"));
  for (std::size_t i = 0; i < token.size(); ++i) {
    std::string damaged = token;
    damaged[i] = damaged[i] == 'A' ? 'B' : 'A';
    EXPECT_THAT(why(damaged, "a = 1", "secret"), HasSubstr("damaged"));
    EXPECT_THAT(why(token.substr(0, i), "a = 1", "secret"), HasSubstr("damaged"));
  }
  EXPECT_THAT(why("' OR 1=1", "a = 1", "secret"), HasSubstr("damaged"));
  EXPECT_THAT(why(std::string(70'000, 'A'), "a = 1", "secret"), HasSubstr("too long"));
}

}  // namespace
}  // namespace reprise::testing::filter_test
