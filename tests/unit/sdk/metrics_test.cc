// What an engine counts and measures; that docs/metrics.md lists exactly that; that the dashboard
// asks for nothing else.
#include "reprise/metrics.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reprise/reprise.h"
#include "tests/support/page_code.h"
#include "tests/support/temporary_directory.h"

namespace reprise {
namespace metrics_test {
namespace {

using Labels = std::vector<std::pair<std::string, std::string>>;

constexpr Activity<std::string(std::string)> work{"work"};
constexpr Workflow<std::string(std::string)> job{"job"};
constexpr Signal<> go{"go"};

std::string run_job(Context& ctx, const std::string& what) {
  if (what == "step") return ctx.step("one", [] { return std::string("stepped"); });
  if (what == "wait") ctx.inbox(go).next().get();
  if (what == "bug") throw std::logic_error("a bug");
  return ctx.call(work(what), {.retry = {.maximum_attempts = 1}});
}

std::string run_work(ActivityContext&, const std::string& what) {
  if (what == "fail") throw ApplicationFailure("Bad", "it fails", false);
  return "did " + what;
}

const MetricFamily& family(const std::vector<MetricFamily>& all, std::string_view name) {
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const MetricFamily& each) { return each.name == name; });
  EXPECT_NE(found, all.end()) << name;
  return *found;
}

const MetricSample* sample(const Metrics& metrics, std::string_view name, const Labels& labels) {
  static std::vector<MetricFamily> all;
  all = metrics.collect();
  for (const MetricSample& each : family(all, name).samples) {
    if (each.labels == labels) return &each;
  }
  return nullptr;
}

double value(const Metrics& metrics, std::string_view name, const Labels& labels = {}) {
  const MetricSample* const found = sample(metrics, name, labels);
  return found == nullptr ? -1 : found->value;
}

std::uint64_t count(const Metrics& metrics, std::string_view name, const Labels& labels = {}) {
  const MetricSample* const found = sample(metrics, name, labels);
  return found == nullptr ? 0 : found->count;
}

class AnEngine : public ::testing::Test {
 protected:
  void open(EngineOptions options = {}) {
    options.metrics = metrics;
    options.logger = [](LogLevel, std::string_view) {};
    engine = Engine::open(directory / "store", options);
    worker = std::make_unique<Worker>(*engine);
    worker->implement(job, run_job).implement(work, run_work);
    worker->start();
  }
  void close() {
    worker.reset();
    engine.reset();
  }
  std::string outcome(const std::string& what) const {
    try {
      return Client(*engine).start(job(what)).result();
    } catch (const Failure& failure) {
      return "failed";
    }
  }

  const testing::TemporaryDirectory directory;
  const std::shared_ptr<Metrics> metrics = std::make_shared<Metrics>();
  std::unique_ptr<Engine> engine;
  std::unique_ptr<Worker> worker;
};

TEST_F(AnEngine, CountsStartsEndsAndAttempts) {
  open();
  EXPECT_EQ(outcome("it"), "did it");
  EXPECT_EQ(outcome("more"), "did more");
  EXPECT_EQ(outcome("fail"), "failed");
  EXPECT_EQ(outcome("step"), "stepped");
  EXPECT_EQ(value(*metrics, "reprise_runs_started_total", {{"workflow", "job"}}), 4);
  const auto closed = [&](const std::string& status) {
    return value(*metrics, "reprise_runs_closed_total", {{"workflow", "job"}, {"status", status}});
  };
  EXPECT_EQ(closed("Completed"), 3);
  EXPECT_EQ(closed("Failed"), 1);
  EXPECT_EQ(closed("Terminated"), 0);
  const auto attempts = [&](const std::string& how) {
    return value(*metrics, "reprise_activity_attempts_total",
                 {{"activity", "work"}, {"outcome", how}});
  };
  EXPECT_EQ(attempts("completed"), 2);
  EXPECT_EQ(attempts("failed"), 1);
  EXPECT_EQ(count(*metrics, "reprise_activity_attempt_seconds", {{"activity", "work"}}), 3U);
  EXPECT_EQ(count(*metrics, "reprise_step_seconds"), 1U);
  EXPECT_EQ(count(*metrics, "reprise_schedule_to_start_seconds", {{"task_queue", "default"}}), 4U);
  EXPECT_EQ(count(*metrics, "reprise_turn_seconds"), 8U);
  EXPECT_EQ(value(*metrics, "reprise_waiting_attempts", {{"task_queue", "default"}}), 0);
}

TEST_F(AnEngine, MeasuresItsStore) {
  open();
  EXPECT_EQ(outcome("it"), "did it");
  EXPECT_GE(count(*metrics, "reprise_commit_seconds"), 2U);
  const MetricSample* const bytes = sample(*metrics, "reprise_commit_bytes", {});
  ASSERT_NE(bytes, nullptr);
  EXPECT_GT(bytes->sum, 100);
  EXPECT_EQ(bytes->buckets.size(), 9U);
  EXPECT_TRUE(std::is_sorted(bytes->buckets.begin(), bytes->buckets.end()));
  EXPECT_LE(bytes->buckets.back().second, bytes->count);
  EXPECT_GE(sample(*metrics, "reprise_commit_records", {})->sum, 2);
  EXPECT_GT(value(*metrics, "reprise_journal_bytes"), 0);
  EXPECT_GT(value(*metrics, "reprise_archive_bytes"), 0);
}

void wait_for(const std::function<bool()>& holds) {
  while (!holds()) std::this_thread::yield();
}

TEST_F(AnEngine, ShowsParkedRunsWhileTheyAre) {
  open();
  const auto run = Client(*engine).start(job("bug"), {.id = "bug"});
  const auto parked = [&] { return value(*metrics, "reprise_parked_runs", {{"code", "RP2002"}}); };
  wait_for([&] { return parked() == 1; });
  run.terminate("enough");
  EXPECT_EQ(parked(), 0);
  EXPECT_EQ(value(*metrics, "reprise_mismatches_total"), 0);
}

TEST_F(AnEngine, ShowsBreakersAndWhatTheyHoldBack) {
  open();
  worker.reset();
  worker = std::make_unique<Worker>(*engine);
  worker->implement(job, run_job).implement(work, [](ActivityContext&, const std::string&) {
    throw ApplicationFailure("Down", "it is down");
    return std::string();
  });
  using std::chrono::hours;
  worker->limit(work, {.breaker = {.failures = 1, .window = hours(1), .open_for = hours(1)}});
  worker->start();
  const Labels labels = {{"task_queue", "default"}, {"activity", "work"}};
  const auto is = [&](const std::string& state) {
    Labels all = labels;
    all.emplace_back("state", state);
    return value(*metrics, "reprise_breaker_state", all);
  };
  const auto held_back = [&] { return value(*metrics, "reprise_held_back_attempts", labels); };
  EXPECT_EQ(is("closed"), 1);
  EXPECT_EQ(is("open"), 0);
  EXPECT_EQ(is("half_open"), 0);
  EXPECT_EQ(held_back(), 0);
  EXPECT_EQ(outcome("it"), "failed");
  EXPECT_EQ(is("closed"), 0);
  EXPECT_EQ(is("open"), 1);
  const auto next = Client(*engine).start(job("it"), {.id = "next"});
  wait_for([&] { return held_back() == 1; });
  next.terminate("enough");
  close();
  EXPECT_EQ(is("open"), -1) << "gauges are those of open engines";
}

TEST_F(AnEngine, CountsEvictionsAndReplays) {
  open({.shards = 1, .cached_runs = 1});
  const Client client(*engine);
  const auto one = client.start(job("wait"), {.id = "one"});
  const auto two = client.start(job("wait"), {.id = "two"});
  wait_for([&] { return value(*metrics, "reprise_evictions_total") >= 1; });
  EXPECT_LE(value(*metrics, "reprise_resident_runs"), 2);
  one.signal(go());
  two.signal(go());
  EXPECT_EQ(one.result(), "did wait");
  EXPECT_EQ(two.result(), "did wait");
  EXPECT_GE(count(*metrics, "reprise_replay_seconds"), 1U);
}

TEST_F(AnEngine, GoesOnCountingWhenItIsOpenedAgain) {
  open();
  EXPECT_EQ(outcome("it"), "did it");
  close();
  EXPECT_EQ(value(*metrics, "reprise_resident_runs"), 0);
  EXPECT_EQ(value(*metrics, "reprise_journal_bytes"), 0);
  open();
  EXPECT_EQ(outcome("it"), "did it");
  EXPECT_EQ(value(*metrics, "reprise_runs_started_total", {{"workflow", "job"}}), 2);
  close();
}

// ---- names ------------------------------------------------------------------------------------

std::set<std::string> names_in(const std::string& text, const std::string& pattern) {
  std::set<std::string> names;
  const std::regex name(pattern);
  for (std::sregex_iterator at(text.begin(), text.end(), name), end; at != end; ++at) {
    names.insert((*at)[1]);
  }
  return names;
}

std::set<std::string> exposed() {
  std::set<std::string> names;
  for (const MetricFamily& each : Metrics().collect()) names.insert(each.name);
  return names;
}

TEST(MetricsPage, ListsWhatIsExposed) {
  EXPECT_EQ(names_in(testing::content_of("docs/metrics.md"), "\\n\\| `(reprise_[a-z_]+)`"),
            exposed());
}

TEST(MetricsNames, FollowTheConventions) {
  for (const MetricFamily& each : Metrics().collect()) {
    EXPECT_TRUE(std::regex_match(each.name, std::regex("reprise_[a-z]+(_[a-z]+)*"))) << each.name;
    EXPECT_EQ(each.name.ends_with("_total"), each.type == MetricType::kCounter) << each.name;
    EXPECT_TRUE(each.help.ends_with(".")) << each.name;
    if (each.type != MetricType::kHistogram) continue;
    EXPECT_TRUE(std::regex_search(each.name, std::regex("_(seconds|bytes|records)$")));
  }
}

TEST(Dashboard, AsksOnlyForWhatExists) {
  const auto dashboard = nlohmann::json::parse(testing::content_of("docs/grafana/reprise.json"));
  EXPECT_TRUE(dashboard.at("title").is_string());
  EXPECT_GE(dashboard.at("schemaVersion").get<int>(), 36);
  EXPECT_TRUE(dashboard.at("templating").at("list").is_array());
  const std::set<std::string> names = exposed();
  std::set<std::string> asked;
  std::set<int> ids;
  for (const auto& panel : dashboard.at("panels")) {
    EXPECT_TRUE(ids.insert(panel.at("id").get<int>()).second);
    EXPECT_TRUE(panel.at("type").is_string());
    for (const char* const side : {"x", "y", "w", "h"}) {
      EXPECT_TRUE(panel.at("gridPos").at(side).is_number_unsigned());
    }
    EXPECT_LE(panel.at("gridPos").at("x").get<int>() + panel.at("gridPos").at("w").get<int>(), 24);
    EXPECT_FALSE(panel.at("targets").empty());
    for (const auto& target : panel.at("targets")) {
      const auto queried = names_in(target.at("expr").get<std::string>(), "(reprise_[a-z_]+)");
      EXPECT_FALSE(queried.empty()) << target;
      asked.insert(queried.begin(), queried.end());
    }
  }
  for (const std::string& series : asked) {
    const std::string name = std::regex_replace(series, std::regex("_(bucket|sum|count)$"), "");
    EXPECT_TRUE(names.contains(series) || names.contains(name)) << series;
  }
  EXPECT_GE(asked.size(), names.size() - 2);
}

}  // namespace
}  // namespace metrics_test
}  // namespace reprise
