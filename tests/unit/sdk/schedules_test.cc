#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "event/headers.h"
#include "proto/history.pb.h"
#include "reprise/history.h"
#include "reprise/reprise.h"
#include "reprise/testing/env.h"
#include "tests/support/env_modes.h"

namespace schedules_test {
namespace {

using namespace std::chrono_literals;
using reprise::Duration;
using reprise::Overlap;
using reprise::RunStatus;
using reprise::Time;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr reprise::Workflow<std::string(std::string, int)> report{"report"};
constexpr reprise::Workflow<void(int)> work{"work"};  // takes that many minutes

std::string run_report(reprise::Context&, const std::string& name, int pages) {
  return name + " has " + std::to_string(pages) + " pages";
}
void run_work(reprise::Context& ctx, int minutes) {
  if (minutes < 0) throw reprise::ApplicationFailure("broken", "it does not work");
  ctx.sleep(std::chrono::minutes(minutes));
}

// Of the environment's first day.
Time at(Duration of_day) {
  return Time(std::chrono::seconds(1'767'225'600)) + of_day;
}

std::vector<std::string> ids_of(reprise::testing::Env& env, const std::string& workflow = "work") {
  std::vector<std::string> ids;
  for (const auto& run :
       env.client().list({.workflow = workflow, .limit = 0, .newest_first = false})) {
    ids.push_back(run.workflow_id);
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

std::string last_part(const std::string& id) {
  return id.substr(id.find('T'));
}

// "01:00 Completed" for each run, in the order of their times.
std::vector<std::string> story(reprise::testing::Env& env) {
  std::vector<std::string> lines;
  for (const std::string& id : ids_of(env)) {
    const auto run = env.client().describe(id);
    lines.push_back(last_part(id).substr(1, 5) + " " + std::string(to_string(run.status)));
  }
  return lines;
}

class Schedules : public reprise::testing::InEveryMode {
 protected:
  Schedules() {
    env.implement(report, run_report);
    env.implement(work, run_work);
  }
};
INSTANTIATE_TEST_SUITE_P(All,
                         Schedules,
                         ::testing::ValuesIn(reprise::testing::all_modes()),
                         reprise::testing::name_of);

TEST_P(Schedules, StartAWorkflowAtEachTimeOnce) {
  const auto nightly = env.client().create_schedule(
      "nightly", {.cron = {"0 2 * * *"}, .time_zone = "Europe/Berlin"}, report("sales", 12));
  EXPECT_THAT(nightly.next(2), ElementsAre(at(1h), at(25h)));
  env.skip(72h);
  EXPECT_THAT(ids_of(env, "report"),
              ElementsAre("nightly-2026-01-01T01:00:00Z", "nightly-2026-01-02T01:00:00Z",
                          "nightly-2026-01-03T01:00:00Z"));
  const auto run = env.client().find(report, "nightly-2026-01-02T01:00:00Z");
  ASSERT_TRUE(run);
  EXPECT_EQ(run->result(), "sales has 12 pages");
  const auto known = nightly.describe();
  EXPECT_EQ(known.id, "nightly");
  EXPECT_EQ(known.workflow, "report");
  EXPECT_EQ(known.task_queue, "default");
  EXPECT_EQ(known.started, 3U);
  EXPECT_EQ(known.failed + known.skipped + known.missed, 0U);
  EXPECT_THAT(known.running, IsEmpty());
  ASSERT_THAT(known.recent, SizeIs(3));
  EXPECT_EQ(known.recent[0].workflow_id, "nightly-2026-01-03T01:00:00Z");
  EXPECT_EQ(known.recent[0].due, at(49h));
  EXPECT_EQ(known.recent[0].status, RunStatus::kCompleted);
  EXPECT_EQ(known.next.front(), at(73h));
}

class Tenant final : public reprise::Interceptor {
 public:
  void client(std::string_view verb, std::string_view name, reprise::Headers& headers) override {
    headers["tenant"] = "acme";
    headers["call"] = std::string(verb) + " " + std::string(name);
  }
};

const reprise::proto::RunStarted& start_of(const reprise::History& history) {
  return history.data().turns(0).inputs(0).run_started();
}

TEST_P(Schedules, GiveTheirRunsWhatTheyWereCreatedWith) {
  const auto ann = env.client({.principal = "ann", .interceptors = {std::make_shared<Tenant>()}});
  const auto hourly =
      ann.create_schedule("hourly", {.every = 1h}, work(1),
                          {.priority = 2, .fairness_key = "acme", .fairness_weight = 4.0});
  env.skip(1h);
  (void)env.client({.principal = "bob"}).schedule("hourly").trigger();
  (void)env.client().create_schedule("plain", {.every = 1h}, work(1));
  env.skip(1h);
  const auto ids = ids_of(env);
  ASSERT_THAT(ids, SizeIs(4));
  for (const std::string& id : ids) {
    const reprise::History history = env.client().handle(id).history();
    const auto& started = start_of(history);
    const auto headers = reprise::event::read(started.headers());
    if (id.starts_with("plain")) {
      EXPECT_EQ(started.principal(), "");
      EXPECT_FALSE(started.has_precedence());
      EXPECT_THAT(headers, IsEmpty());
      continue;
    }
    EXPECT_EQ(started.principal(), "ann") << "who has created it";
    EXPECT_EQ(started.precedence().priority(), 2U);
    EXPECT_EQ(started.precedence().fairness_key(), "acme");
    EXPECT_EQ(started.precedence().fairness_weight(), 4.0);
    EXPECT_THAT(headers, ElementsAre(std::pair("call", "create_schedule work"),
                                     std::pair("tenant", "acme")));
  }
}

TEST(ScheduledRuns, HaveTheirCreatorAfterTheScheduleHasContinuedAsNew) {
  reprise::testing::Env env({.replay = reprise::testing::Replay::kOff});
  env.implement(work, [](reprise::Context&, int) {});
  const auto ann = env.client({.principal = "ann"});
  (void)ann.create_schedule("often", {.every = 1min}, work(0), {.priority = 5});
  env.skip(12h);
  const auto own = env.client().describe("reprise:schedule:often");
  EXPECT_NE(own.continued_from, "");
  const reprise::History history = env.client().handle("often-2026-01-01T11:59:00Z").history();
  EXPECT_EQ(start_of(history).principal(), "ann");
  EXPECT_EQ(start_of(history).precedence().priority(), 5U);
}

TEST_P(Schedules, ArePausedResumedTriggeredAndErased) {
  const auto hourly = env.client().create_schedule("hourly", {.every = 1h}, work(1));
  env.skip(90min);
  hourly.pause("maintenance");
  EXPECT_EQ(hourly.describe().note, "maintenance");
  EXPECT_THAT(hourly.describe().next, IsEmpty());
  env.skip(2h);
  EXPECT_THAT(ids_of(env), SizeIs(1));
  const auto triggered = hourly.trigger();
  EXPECT_THAT(triggered.id(), HasSubstr("hourly-2026-01-01T03:30:00"));
  EXPECT_EQ(triggered.describe().parent_workflow_id, "reprise:schedule:hourly");
  const auto other = hourly.trigger();
  EXPECT_NE(other.id(), triggered.id());
  hourly.resume();
  hourly.resume();
  env.skip(1h);
  EXPECT_THAT(ids_of(env), SizeIs(4));
  EXPECT_EQ(hourly.describe().started, 4U);
  EXPECT_EQ(hourly.describe().skipped, 0U);
  hourly.erase();
  env.skip(5h);
  EXPECT_THAT(ids_of(env), SizeIs(4));
  EXPECT_THROW(hourly.describe(), reprise::NotFound);
  EXPECT_THROW(hourly.pause(), reprise::NotFound);
  EXPECT_THROW(hourly.erase(), reprise::NotFound);
  (void)env.client().create_schedule("hourly", {.every = 1h}, work(1));
}

TEST_P(Schedules, BackfillOneAfterTheOther) {
  env.skip(5h);
  const auto hourly = env.client().create_schedule("hourly", {.every = 1h}, work(10));
  hourly.backfill(at(1h), at(4h));
  EXPECT_EQ(hourly.describe().backfills, 1U);
  EXPECT_EQ(hourly.describe().running_count, 1U);
  env.skip(41min);
  EXPECT_THAT(story(env), ElementsAre("01:00 Completed", "02:00 Completed", "03:00 Completed",
                                      "04:00 Completed"));
  EXPECT_EQ(hourly.describe().backfills, 0U);
  // What ran is not run once more.
  hourly.backfill(at(3h), at(5h));
  env.skip(15min);
  EXPECT_THAT(ids_of(env), SizeIs(5));
  EXPECT_EQ(hourly.describe().skipped, 2U);
  EXPECT_EQ(hourly.describe().started, 5U);
}

// Long histories, not replayed after each turn: other tests do that.
TEST(ScheduleHistory, ContinuesAsNewAndForgetsNothing) {
  reprise::testing::Env env({.replay = reprise::testing::Replay::kOff});
  env.implement(work, run_work);
  const auto often = env.client().create_schedule("often", {.every = 60s, .jitter = 30s}, work(0),
                                                  {}, {.overlap = Overlap::kBufferAll});
  env.skip(24h);
  EXPECT_THAT(ids_of(env), SizeIs(1'439));  // the last one's jitter is not over
  EXPECT_EQ(often.describe().started, 1'439U);
  const auto run = env.client().describe("reprise:schedule:often");
  EXPECT_FALSE(run.continued_from.empty());
  EXPECT_LT(run.history_events, 5'000U);
}

TEST(ScheduleHistory, ContinuesAsNewWhileARunIsUnderWay) {
  reprise::testing::Env env({.replay = reprise::testing::Replay::kOff});
  env.implement(work, run_work);
  const auto often = env.client().create_schedule("often", {.every = 1s}, work(600));
  env.skip(599min);
  EXPECT_THAT(env.client().describe("reprise:schedule:often").continued_from,
              ::testing::Not(IsEmpty()));
  EXPECT_EQ(often.describe().running_count, 1U);
  EXPECT_EQ(often.describe().started, 1U);
  often.pause();
  env.skip(2min);
  const auto known = often.describe();
  EXPECT_EQ(known.running_count, 0U);
  ASSERT_THAT(known.recent, SizeIs(1));
  EXPECT_EQ(known.recent[0].status, RunStatus::kCompleted);
  EXPECT_EQ(known.skipped, 599U * 60 - 1);
  EXPECT_THAT(ids_of(env), SizeIs(1));
}

// ---- overlap: a run takes 90 minutes, and one is due every hour
// -------------------------------------

std::vector<std::string> story_with(reprise::testing::Env& env, Overlap overlap) {
  const auto schedule =
      env.client().create_schedule("s", {.every = 1h}, work(90), {}, {.overlap = overlap});
  env.skip(4h + 5min);
  schedule.pause();
  env.skip(24h);
  return story(env);
}

TEST_P(Schedules, SkipWhileOneRuns) {
  EXPECT_THAT(story_with(env, Overlap::kSkip), ElementsAre("01:00 Completed", "03:00 Completed"));
  EXPECT_EQ(env.client().schedule("s").describe().skipped, 2U);
}
TEST_P(Schedules, BufferOne) {
  // At 02:30 the one of 02:00 starts, at 04:00 that of 03:00; that of 04:00 waits until it is
  // paused.
  EXPECT_THAT(story_with(env, Overlap::kBufferOne),
              ElementsAre("01:00 Completed", "02:00 Completed", "03:00 Completed"));
}
TEST_P(Schedules, BufferAll) {
  EXPECT_THAT(story_with(env, Overlap::kBufferAll),
              ElementsAre("01:00 Completed", "02:00 Completed", "03:00 Completed"));
  EXPECT_EQ(env.client().schedule("s").describe().waiting, 1U);
  env.client().schedule("s").backfill(at(30min), at(1h + 30min));  // has run already
  env.client().schedule("s").backfill(at(6h), at(6h));             // while another one waits
  env.skip(1min);
  EXPECT_EQ(story(env).back(), "06:00 Running");
  env.client().schedule("s").resume();
  env.skip(91min);
  EXPECT_THAT(story(env), ::testing::Contains("04:00 Running"));
}
TEST_P(Schedules, CancelTheOther) {
  EXPECT_THAT(
      story_with(env, Overlap::kCancelOther),
      ElementsAre("01:00 Cancelled", "02:00 Cancelled", "03:00 Cancelled", "04:00 Completed"));
}
TEST_P(Schedules, TerminateTheOther) {
  EXPECT_THAT(
      story_with(env, Overlap::kTerminateOther),
      ElementsAre("01:00 Terminated", "02:00 Terminated", "03:00 Terminated", "04:00 Completed"));
}
TEST_P(Schedules, AllowAll) {
  EXPECT_THAT(story_with(env, Overlap::kAllow), ElementsAre("01:00 Completed", "02:00 Completed",
                                                            "03:00 Completed", "04:00 Completed"));
}

// ---- failures
// ---------------------------------------------------------------------------------------

TEST_P(Schedules, PauseAfterAFailure) {
  const auto broken = env.client().create_schedule("broken", {.every = 1h}, work(-1), {},
                                                   {.pause_on_failure = true});
  env.skip(10h);
  EXPECT_THAT(story(env), ElementsAre("01:00 Failed"));
  const auto known = broken.describe();
  EXPECT_TRUE(known.paused);
  EXPECT_EQ(known.note, "run broken-2026-01-01T01:00:00Z has failed");
  EXPECT_EQ(known.failed, 1U);
  broken.update({.every = 2h}, {.pause_on_failure = false});
  EXPECT_TRUE(broken.describe().paused);
  broken.resume();
  env.skip(4h);
  EXPECT_THAT(story(env), ElementsAre("01:00 Failed", "12:00 Failed", "14:00 Failed"));
}

TEST_P(Schedules, AnIdThatIsTakenIsNotStartedAgain) {
  (void)env.start(work(0), {.id = "s-2026-01-01T01:00:00Z"});
  const auto schedule =
      env.client().create_schedule("s", {.every = 1h}, work(0), {}, {.pause_on_failure = true});
  env.skip(2h);
  const auto known = schedule.describe();
  EXPECT_FALSE(known.paused);
  EXPECT_EQ(known.started, 1U);
  EXPECT_EQ(known.skipped, 1U);
  ASSERT_THAT(known.recent, SizeIs(2));
  EXPECT_THAT(known.recent[1].refused, HasSubstr("RP3004"));
}

TEST(ScheduleOptions, OfTheRuns) {
  reprise::testing::Env env;
  env.implement(work, run_work);
  constexpr reprise::Attribute<std::string> team{"team"};
  const auto schedule = env.client().create_schedule("s", {.every = 1h}, work(50),
                                                     {.id = "job",
                                                      .task_queue = "batch",
                                                      .run_timeout = 30min,
                                                      .settings = {team("ops")},
                                                      .request_id = "deploy-7"});
  env.skip(91min);
  const auto run = env.client().describe("job-2026-01-01T01:00:00Z");
  EXPECT_EQ(run.status, RunStatus::kTimedOut);
  EXPECT_EQ(run.task_queue, "batch");
  EXPECT_EQ(team.find_in(run.settings), "ops");
  EXPECT_EQ(schedule.describe().failed, 1U);
  // The same request again, and another one.
  (void)env.client().create_schedule("s", {.every = 2h}, work(50), {.request_id = "deploy-7"});
  EXPECT_THROW(env.client().create_schedule("s", {.every = 2h}, work(50)), reprise::AlreadyStarted);
}

TEST(ScheduleList, HasAllOfThemAndOrdinaryListsHaveNone) {
  reprise::testing::Env env;
  env.implement(work, run_work);
  (void)env.client().create_schedule("b", {.every = 1h}, work(0));
  (void)env.client().create_schedule("a", {.cron = {"@daily"}}, work(0));
  const auto all = env.client().schedules();
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_EQ(all[0].id, "a");
  EXPECT_EQ(all[0].spec.cron, std::vector<std::string>{"@daily"});
  EXPECT_EQ(all[1].id, "b");
  EXPECT_THAT(env.client().list(), IsEmpty());
  EXPECT_THAT(env.client().list({.workflow = "reprise:schedule"}), SizeIs(2));
  env.client().schedule("a").erase();
  EXPECT_THAT(env.client().schedules(), SizeIs(1));
}

// ---- bad input
// --------------------------------------------------------------------------------------

class BadSchedules : public ::testing::Test {
 protected:
  template <class Fn>
  static std::string error_of(Fn fn) {
    try {
      fn();
    } catch (const std::exception& error) {
      return error.what();
    }
    return "none";
  }
  std::string creating(std::string_view id,
                       const reprise::ScheduleSpec& spec,
                       const reprise::StartOptions& options = {},
                       const reprise::SchedulePolicy& policy = {}) {
    return error_of(
        [&] { (void)env.client().create_schedule(id, spec, work(0), options, policy); });
  }
  reprise::testing::Env env;
};

TEST_F(BadSchedules, AreRefusedByName) {
  const reprise::ScheduleSpec hourly{.every = 1h};
  EXPECT_THAT(creating("", hourly), HasSubstr("RP3003 the schedule's id"));
  EXPECT_THAT(creating(std::string(201, 'x'), hourly),
              HasSubstr("RP3003 the schedule's id has 201"));
  EXPECT_THAT(creating("\xff", hourly), HasSubstr("RP3003"));
  EXPECT_THAT(creating("s", {}), HasSubstr("RP3043 the schedule is never due"));
  EXPECT_THAT(creating("s", {.cron = {"60 * * * *"}}), HasSubstr("RP3043"));
  EXPECT_THAT(creating("s", {.cron = {"@daily"}, .time_zone = "Mars/Base"}),
              HasSubstr("RP3044 time_zone 'Mars/Base'"));
  EXPECT_THAT(creating("s", hourly, {.id_reuse = reprise::IdReuse::kReject}),
              HasSubstr("RP3010 StartOptions::id_reuse of a schedule"));
  EXPECT_THAT(creating("s", hourly, {.id_conflict = reprise::IdConflict::kUseExisting}),
              HasSubstr("StartOptions::id_conflict"));
  EXPECT_THAT(creating("s", hourly, {.start_delay = 1s}), HasSubstr("StartOptions::start_delay"));
  EXPECT_THAT(creating("s", hourly, {.id = std::string(961, 'x')}),
              HasSubstr("StartOptions::id of a schedule: it has 961 bytes"));
  EXPECT_THAT(creating("s", hourly, {.task_queue = "reprise:system"}), HasSubstr("RP3048"));
  EXPECT_THAT(creating("s", hourly, {}, {.overlap = static_cast<Overlap>(6)}),
              HasSubstr("RP3043 overlap"));
  EXPECT_THAT(creating("s", hourly, {}, {.catch_up = -1ms}), HasSubstr("catch_up is negative"));
  EXPECT_THAT(error_of([&] {
                (void)env.client().create_schedule("s", hourly,
                                                   report(std::string((1 << 20) + 1, 'x'), 1));
              }),
              HasSubstr("RP3002 the arguments of a scheduled workflow"));
  EXPECT_THAT(env.client().schedules(), IsEmpty());
}

TEST_F(BadSchedules, CallsOnASchedule) {
  const auto schedule = env.client().create_schedule("s", {.every = 1h}, work(0));
  EXPECT_THAT(error_of([&] { schedule.pause(std::string(1'001, 'x')); }),
              HasSubstr("RP3010 the note of pause() has 1001 bytes"));
  EXPECT_THAT(error_of([&] { schedule.backfill(at(2h), at(1h)); }), HasSubstr("RP3043 backfill"));
  EXPECT_THAT(error_of([&] { schedule.backfill(at(0h), at(1h)); }), HasSubstr("in the future"));
  EXPECT_THAT(error_of([&] { schedule.update({.every = 1ms}); }), HasSubstr("RP3043 every"));
  EXPECT_THAT(error_of([&] { env.client().schedule("other").resume(); }),
              HasSubstr("RP3005 no schedule 'other'"));
  schedule.pause(std::string(1'000, 'x'));
  EXPECT_THAT(schedule.next(5'000), SizeIs(1'000));
  EXPECT_THAT(schedule.next(0), IsEmpty());
}

TEST_F(BadSchedules, ReservedNames) {
  EXPECT_THAT(error_of([&] { (void)env.start(work(0), {.id = "reprise:schedule:x"}); }),
              HasSubstr("RP3048"));
  EXPECT_THAT(error_of([&] { (void)env.start(work(0), {.task_queue = "reprise:system"}); }),
              HasSubstr("RP3048"));
  EXPECT_THAT(error_of([&] { (void)env.start(reprise::Workflow<void()>("reprise:schedule")()); }),
              HasSubstr("RP3048"));
  EXPECT_THAT(error_of([] { reprise::Worker({.task_queue = "reprise:system"}); }),
              HasSubstr("RP3048"));
  (void)env.implement(work, run_work);
  (void)env.start(work(0), {.id = "reprise"});
}

}  // namespace
}  // namespace schedules_test
