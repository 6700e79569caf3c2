// Searches of an engine: with the index and without, over what is archived and what is not.
#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/visibility/keys.h"
#include "runtime/visibility/matcher.h"
#include "runtime/visibility/parser.h"
#include "tests/unit/search/search_fixture.h"

namespace reprise::testing::search_test {
namespace {

using base::ErrorCode;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
namespace visibility = runtime::visibility;

class Searches : public SearchFixture {};

// ---- consistency ------------------------------------------------------------------------------

TEST_F(Searches, FindWhatIsAcknowledgedAtOnce) {
  start("waits", "a");
  EXPECT_THAT(ids("Status = 'Running'"), ElementsAre("a"));
  EXPECT_EQ(count("WorkflowType = 'waits'"), 1U);
  signal("a", "go");
  EXPECT_THAT(ids("Status = 'Running'"), IsEmpty());
  EXPECT_THAT(ids("Status = 'Completed' AND CloseTime IS NOT NULL"), ElementsAre("a"));
  start("waits", "b", {text("customer", "c-7")});
  EXPECT_THAT(ids("customer = 'c-7'"), ElementsAre("b"));
  EXPECT_THAT(ids(""), ElementsAre("b", "a")) << "the newest first";
}

TEST_F(Searches, SeeWhatARunPublishesNow) {
  with_archive_of(1);
  start("sets", "a", {text("stage", "begun")});
  EXPECT_THAT(ids("stage = 'begun'"), ElementsAre("a"));
  signal("a", "set", "paid");
  EXPECT_THAT(ids("stage = 'begun'"), IsEmpty());
  EXPECT_THAT(ids("stage = 'paid'"), ElementsAre("a"));
  signal("a", "set", "-");
  EXPECT_THAT(ids("stage IS NULL"), ElementsAre("a"));
  EXPECT_THAT(ids("stage IS NOT NULL"), IsEmpty());
  signal("a", "set", "sent");
  signal("a", "set", "");
  EXPECT_THAT(ids("stage = 'sent' AND Status = 'Completed'"), ElementsAre("a"));
  EXPECT_FALSE(find("stage = 'sent'").scanned);
}

TEST_F(Searches, AnswerTheSameAfterARestart) {
  for (const std::size_t slice : {1U, 5U, 1'000U}) {
    SCOPED_TRACE(slice);
    with_archive_of(slice, "store-" + std::to_string(slice));
    start("waits", "a", {text("customer", "c-7")});
    start("waits", "b");
    signal("a", "go");
    const auto before = ids("customer = 'c-7' AND Status = 'Completed'");
    EXPECT_THAT(before, ElementsAre("a"));
    reopen();
    EXPECT_EQ(ids("customer = 'c-7' AND Status = 'Completed'"), before);
    EXPECT_THAT(ids("Status = 'Running'"), ElementsAre("b"));
    EXPECT_EQ(count(""), 2U);
  }
}

TEST_F(Searches, FindParkedRuns) {
  workflow("breaks", [](Execution&) -> Outcome { throw std::runtime_error("a bug"); });
  with_archive_of(1);
  start("breaks", "a");
  start("waits", "b");
  EXPECT_THAT(ids("ParkedReason = 'RP2002'"), ElementsAre("a"));
  EXPECT_THAT(ids("ParkedReason IS NOT NULL AND Status = 'Running'"), ElementsAre("a"));
  EXPECT_THAT(ids("ParkedReason IS NULL"), ElementsAre("b"));
  EXPECT_THAT(ids("ParkedReason STARTS_WITH 'RP3'"), IsEmpty());
  terminate("a");
  EXPECT_THAT(ids("ParkedReason IS NOT NULL AND Status = 'Running'"), IsEmpty());
}

TEST_F(Searches, ForgetRemovedRuns) {
  runtime::EngineOptions with = options();
  with.archive_slice = 1;
  with.retention.max_age = base::Duration{60'000};
  worker_.reset();
  engine_ = runtime::Engine::in_memory(with);
  start_worker();
  start("waits", "a", {text("customer", "c-7")});
  signal("a", "go");
  skip(base::Duration{120'000});
  start("waits", "b");
  settle();
  EXPECT_THAT(ids(""), ElementsAre("b"));
  EXPECT_THAT(ids("customer = 'c-7'"), IsEmpty()) << "the name is known still";
  EXPECT_EQ(count("Status = 'Completed'"), 0U);
}

// ---- errors -----------------------------------------------------------------------------------

TEST_F(Searches, RefuseWhatCannotBeAnswered) {
  with_archive_of(1);
  start("waits", "a", {text("customer", "c-7")});
  EXPECT_THAT(fault("customr = 'x'"), HasSubstr("RP3015 the filter is wrong at character 1: no "
                                                "run has a field of this name"));
  EXPECT_THAT(fault("customr = 'x'"), HasSubstr("did you mean customer?"));
  EXPECT_THAT(fault("customer = 7"), HasSubstr("at character 12: customer is text"));
  EXPECT_THAT(fault("Status = "), HasSubstr("at character 10: a value is expected"));
  EXPECT_THAT(fault("", 0), HasSubstr("RP3010 a page has 1 to 1000 runs, not 0"));
  EXPECT_THAT(fault("", 1'001), HasSubstr("RP3010"));
  EXPECT_THAT(fault("", 1, "rubbish"), HasSubstr("RP3016 this page token is damaged"));
  start("waits", "b");
  const std::string token = find("", 1).next_page_token;
  EXPECT_NE(token, "");
  EXPECT_THAT(fault("Status = 'Running'", 1, token), HasSubstr("RP3016 this page token is of "
                                                               "another filter"));
  EXPECT_THAT(count_fault("", "customr"), HasSubstr("did you mean customer?"));
  EXPECT_THAT(count_fault("", "a b"), HasSubstr("RP3015"));
}

// ---- counting ---------------------------------------------------------------------------------

TEST_F(Searches, CountAndGroup) {
  with_archive_of(3);
  for (int i = 0; i < 10; ++i) {
    start(i % 3 == 0 ? "waits" : "sets", std::to_string(i),
          {text("customer", i % 2 == 0 ? "even" : "odd"), texts("tags", {"x", i < 4 ? "y" : "x"})});
    if (i < 3) terminate(std::to_string(i));
  }
  EXPECT_EQ(count(""), 10U);
  EXPECT_EQ(count("Status = 'Terminated'"), 3U);
  EXPECT_EQ(count("WorkflowType = 'waits' AND Status != 'Terminated'"), 3U);
  EXPECT_EQ(count("customer = 'even' OR customer = 'odd'"), 10U);
  EXPECT_EQ(groups("", "Status"), "Running 7, Terminated 3");
  EXPECT_EQ(groups("customer = 'even'", "Status"), "Running 3, Terminated 2");
  EXPECT_EQ(groups("", "WorkflowType"), "sets 6, waits 4");
  EXPECT_EQ(groups("", "tags"), "x 10, y 4");
  EXPECT_EQ(groups("Status = 'Running'", "ParentId"), "(none) 7");
  EXPECT_EQ(groups("WorkflowId = 'nobody'", "Status"), "");
}

// ---- pages ------------------------------------------------------------------------------------

TEST_F(Searches, PagesStayInOrderWhileRunsComeAndGo) {
  with_archive_of(4);
  std::set<std::string> before;
  for (int i = 0; i < 40; ++i) {
    start("waits", "old-" + std::to_string(i));
    before.insert("old-" + std::to_string(i));
    clock_.advance(base::Duration{1});
  }
  for (const char* const order : {"", "ORDER BY StartTime", "ORDER BY WorkflowId DESC"}) {
    SCOPED_TRACE(order);
    const std::string filter = "WorkflowId STARTS_WITH 'old-' " + std::string(order);
    std::multiset<std::string> seen;
    std::string token;
    int page = 0;
    do {
      const auto found = find(filter, 7, token);
      for (const auto& run : found.runs) seen.insert(run.workflow_id);
      token = found.next_page_token;
      start("waits", "new-" + std::string(order) + std::to_string(page));
      if (*order == '\0') signal("old-" + std::to_string(3 * page), "go");
      if (page == 2) reopen();
    } while (!token.empty() && ++page < 20);
    EXPECT_TRUE(std::equal(seen.begin(), seen.end(), before.begin(), before.end()));
  }
}

// ---- with the index and without ---------------------------------------------------------------

// Filters and runs made from a few values, so that many match.
class Random {
 public:
  explicit Random(unsigned seed) : random_(seed) {}
  std::size_t below(std::size_t count) { return random_() % count; }
  const char* one_of(std::initializer_list<const char*> words) {
    return *(words.begin() + static_cast<std::ptrdiff_t>(below(words.size())));
  }

  std::string comparison() {
    switch (below(16)) {
      case 0:
        return std::string("Status ") + one_of({"=", "!="}) + " '" + status() + "'";
      case 1:
        return "Status " + std::string(one_of({"", "NOT "})) + "IN ('" + status() + "','" +
               status() + "')";
      case 2:
        return std::string("WorkflowType ") + one_of({"=", "!="}) + " '" +
               one_of({"waits", "sets", "none"}) + "'";
      case 3:
        return "WorkflowId STARTS_WITH '" + std::string(one_of({"r1", "r", "q"})) + "'";
      case 4:
        return "WorkflowId IN ('r3', 'r17', 'r99')";
      case 5:
        return std::string("StartTime ") + order() + " " + time();
      case 6:
        return std::string("CloseTime ") + order() + " " + time();
      case 7:
        return std::string("n ") + order() + " " + one_of({"-1", "0", "1", "1.5", "2"});
      case 8:
        return std::string("n ") + one_of({"IS NULL", "IS NOT NULL", "IN (1, 2)", "BETWEEN 0 AND 1",
                                           "NOT BETWEEN 0 AND 1"});
      case 9:
        return std::string("d ") + order() + " " + one_of({"-0.5", "0", "1.5", "2"});
      case 10:
        return std::string("t ") + order() + " '" + one_of({"", "a", "ab", "b"}) + "'";
      case 11:
        return std::string("t ") + one_of({"", "NOT "}) + "STARTS_WITH '" +
               one_of({"", "a", "ab"}) + "'";
      case 12:
        return std::string("l ") + one_of({"= 'x'", "!= 'x'", "IN ('x','z')", "STARTS_WITH 'y'",
                                           "IS NULL", "IS NOT NULL"});
      case 13:
        return std::string("yes ") + one_of({"= true", "!= true", "IN (true, false)"});
      case 14:
        return std::string("w ") + order() + " " + time();
      default:
        return std::string(one_of({"HistoryLength > 2", "TaskQueue = 'default'",
                                   "ExecutionDuration >= '5ms'", "ParentId IS NULL"}));
    }
  }
  std::string condition(int depth) {
    if (depth == 0 || below(3) == 0) return comparison();
    switch (below(5)) {
      case 0:
        return "NOT (" + condition(depth - 1) + ")";
      case 1:
      case 2:
        return "(" + condition(depth - 1) + " OR " + condition(depth - 1) + ")";
      default:
        return condition(depth - 1) + " AND " + condition(depth - 1);
    }
  }
  std::string filter() {
    std::string text = below(20) == 0 ? "" : condition(3);
    static constexpr std::initializer_list<const char*> kOrders = {
        "",
        "",
        " ORDER BY StartTime",
        " ORDER BY StartTime DESC",
        " ORDER BY n DESC, t",
        " ORDER BY CloseTime",
        " ORDER BY Status, StartTime DESC",
        " ORDER BY d"};
    return text + one_of(kOrders);
  }

 private:
  const char* order() { return one_of({"=", "!=", "<", "<=", ">", ">="}); }
  const char* status() { return one_of({"Running", "Completed", "Terminated", "Failed"}); }
  const char* time() {
    return one_of({"'2023-11-14T22:13:20.020Z'", "'2023-11-14T22:13:20.0405Z'", "'2023-11-15'",
                   "1700000000060000000"});
  }
  std::mt19937 random_;
};

class Differential : public SearchFixture {
 protected:
  void make_runs(Random& random) {
    for (int i = 0; i < 60; ++i) {
      std::vector<proto::SettingRecorded> settings;
      if (random.below(2) == 0)
        settings.push_back(integer("n", static_cast<int>(random.below(4)) - 1));
      if (random.below(2) == 0)
        settings.push_back(real("d", 0.5 * static_cast<double>(random.below(5)) - 0.5));
      if (random.below(2) == 0) settings.push_back(text("t", random.one_of({"", "a", "ab", "b"})));
      if (random.below(2) == 0)
        settings.push_back(texts("l", {random.one_of({"x", "yy"}), random.one_of({"x", "z"})}));
      if (random.below(2) == 0) settings.push_back(truth("yes", random.below(2) == 0));
      if (random.below(2) == 0)
        settings.push_back(
            time("w", 1'700'000'000'000 + 20 * static_cast<std::int64_t>(random.below(5))));
      start(random.one_of({"waits", "sets"}), "r" + std::to_string(i), std::move(settings));
      clock_.advance(base::Duration{static_cast<std::int64_t>(random.below(3))});
      const std::string other = "r" + std::to_string(random.below(static_cast<std::size_t>(i) + 1));
      if (random.below(3) == 0) terminate(other);
      if (random.below(3) == 0)
        signal(other, random.one_of({"go", "set"}), random.one_of({"", "b"}));
    }
    // Each name once at least, so that it is known.
    start("waits", "all",
          {integer("n", 1), real("d", 1), text("t", "a"), texts("l", {"x"}), truth("yes", true),
           time("w", 1)});
  }

  // The runs that match, in order, without any index. Runs have been started one by one.
  std::vector<std::string> expected(const std::string& filter) {
    const auto query = visibility::parse(filter);
    runtime::ListRequest everything;
    everything.limit = 10'000;
    everything.newest_first = false;
    std::vector<std::pair<std::string, std::string>> found;
    std::uint64_t number = 0;
    for (const auto& run : list(everything)) {
      ++number;
      const visibility::Subject subject(run);
      if (!visibility::matches(*query, subject)) continue;
      found.emplace_back(visibility::sort_key(*query, subject, number), run.workflow_id);
    }
    std::sort(found.begin(), found.end());
    std::vector<std::string> names;
    for (auto& [key, id] : found) names.push_back(std::move(id));
    return names;
  }

  void compare(Random& random, int filters) {
    for (int i = 0; i < filters; ++i) {
      const std::string filter = random.filter();
      SCOPED_TRACE(filter);
      const auto wanted = expected(filter);
      EXPECT_EQ(count(filter), wanted.size());
      std::vector<std::string> paged;
      std::string token;
      do {
        const auto page = find(filter, 1 + random.below(20), token);
        for (const auto& run : page.runs) paged.push_back(run.workflow_id);
        token = page.next_page_token;
      } while (!token.empty());
      ASSERT_EQ(paged, wanted);
    }
  }
};

TEST_F(Differential, TheIndexFindsWhatAScanFinds) {
  for (const unsigned seed : {1U, 2U, 3U}) {
    for (const std::size_t slice : {1U, 50U, 100'000U}) {
      SCOPED_TRACE("seed " + std::to_string(seed) + ", slice " + std::to_string(slice));
      clock_ = ManualClock();
      with_archive_of(slice);
      Random random(seed);
      make_runs(random);
      compare(random, 60);
      if (HasFailure()) return;
    }
  }
}

}  // namespace
}  // namespace reprise::testing::search_test
