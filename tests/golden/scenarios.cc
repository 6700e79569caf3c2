#include "tests/golden/scenarios.h"

#include <chrono>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <memory>
#include <reprise/testing/env.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "samples/approval/approval.h"
#include "samples/fan_out/primes.h"
#include "samples/hello/hello.h"
#include "samples/order_saga/checkout.h"
#include "samples/versioning/fulfil.h"
#include "tests/golden/workflows.h"

namespace golden {
namespace {

using namespace std::chrono_literals;
using reprise::ActivityContext;
using reprise::History;
using reprise::testing::Env;

// Ids and times are the same each time, so that recording again gives the same bytes.
template <class Handle>
History ended(const Handle& run) {
  try {
    (void)run.result();
  } catch (const reprise::Failure&) {
  }
  return run.history();
}

// ---- the samples ------------------------------------------------------------------------------

History hello_greets() {
  Env env;
  env.implement(hello::greet, hello::run_greet);
  return ended(env.start(hello::greet("world"), {.id = "greet-1"}));
}

History approval_ends(bool decide, bool granted) {
  Env env;
  approval::implement_approval(env);
  const auto run = env.start(approval::approve({.who = "ann", .what = "a chair"}, 48h));
  env.skip(1h);
  if (decide) run.signal(approval::decide({.granted = granted, .by = "bob"}));
  return ended(run);
}
History approval_is_granted() {
  return approval_ends(true, true);
}
History approval_is_refused() {
  return approval_ends(true, false);
}
History approval_expires() {
  return approval_ends(false, false);
}

History fan_out_counts() {
  Env env({.replay = reprise::testing::Replay::kOff});
  env.implement(fan_out::count_primes, fan_out::run_count_primes)
      .implement(fan_out::count_block, fan_out::run_count_block);
  return ended(env.start(fan_out::count_primes(100'000), {.id = "primes"}));
}

template <class Code>
History fulfilled(Code code) {
  Env env;
  env.implement(versioning::fulfil, code);
  for (const auto& activity : {versioning::check_fraud, versioning::pick, versioning::ship}) {
    env.stub(activity, [](const std::string&) {});
  }
  const auto run = env.start(versioning::fulfil("order-1"), {.id = "order-1"});
  run.signal(versioning::paid("ann"));
  return ended(run);
}
History versioning_of_the_old_code() {
  return fulfilled(versioning::run_fulfil_old);
}
History versioning_of_the_new_code() {
  return fulfilled(versioning::run_fulfil_patched);
}
History versioning_of_the_deprecated_patch() {
  return fulfilled(versioning::run_fulfil_deprecated);
}

enum class Ends { kShipped, kSoldOut, kNeverPacked, kRefused, kCancelled };

History checked_out(Ends how) {
  using namespace order_saga;
  Env env;
  implement_checkout(env);
  const auto refuse = [](const char* reason) {
    throw reprise::ApplicationFailure("Refused", reason, /*retryable=*/false);
  };
  for (const auto& activity : {reserve, release, charge, refund, request_packing}) {
    env.stub(activity, [=](const Order&) {
      if (how == Ends::kSoldOut && activity.name() == reserve.name()) refuse("sold out");
    });
  }
  env.stub(ship, [=, outages = 2](const Order& order) mutable {
    if (outages-- > 0) throw std::runtime_error("no answer");
    if (how == Ends::kRefused) refuse("no such address");
    return "parcel-of-" + order.id;
  });
  const auto run =
      env.start(checkout({"o-1", "hat", 2, 3'800, "card-1", Flag::kNone}, 5s), {.id = "o-1"});
  if (how == Ends::kCancelled) run.cancel("the customer has changed her mind");
  if (how == Ends::kShipped || how == Ends::kRefused) run.signal(packed("ann"));
  return ended(run);
}
History saga_ships() {
  return checked_out(Ends::kShipped);
}
History saga_is_sold_out() {
  return checked_out(Ends::kSoldOut);
}
History saga_is_never_packed() {
  return checked_out(Ends::kNeverPacked);
}
History saga_is_undeliverable() {
  return checked_out(Ends::kRefused);
}
History saga_is_cancelled() {
  return checked_out(Ends::kCancelled);
}

// ---- every kind of event ----------------------------------------------------------------------

// An Env with the golden workflows, and activities that work at once.
class GoldenEnv : public Env {
 public:
  explicit GoldenEnv(reprise::testing::EnvOptions options = {}) : Env(std::move(options)) {
    golden::implement(static_cast<Env&>(*this));
    stub(work, [](const std::string& what) { return "did " + what; });
    stub(copy, [](int value) { return value; });
  }
};

History activities_of_all_kinds() {
  GoldenEnv env;
  env.implement(copy, [](ActivityContext& ctx, const int& value) {
    if (value == 3 || (value == 1 && ctx.attempt() == 1)) throw std::runtime_error("not now");
    return value;
  });
  env.implement(work, [](ActivityContext& ctx, const std::string& what) {
    if (what != "elsewhere") return "did " + what;
    if (ctx.attempt() < 3) {
      ctx.heartbeat(10 * ctx.attempt());
      throw reprise::ApplicationFailure("Busy", "try again");
    }
    return " and went on at " + std::to_string(ctx.heartbeat_details<int>().value_or(-1));
  });
  return ended(env.start(activities("much"), {.id = "activities"}));
}

History failing_for_good() {
  GoldenEnv env;
  env.stub(work, [](const std::string& what) -> std::string {
    throw reprise::ApplicationFailure("Broken", "cannot do " + what);
  });
  return ended(env.start(failing("it")));
}

History steps_of_all_kinds() {
  GoldenEnv env;
  flaky_failures = 1;
  const auto run = env.start(steps(32));
  env.skip(1min);
  run.signal(item("go"));
  return ended(run);
}

History timers_of_all_kinds() {
  GoldenEnv env;
  return ended(env.start(timers()));
}

History values_of_all_kinds() {
  GoldenEnv env;
  const Values given{{1.5, 0.1, -0.0, 1e300, std::nan(""), std::numeric_limits<double>::infinity()},
                     {0, std::numeric_limits<std::uint64_t>::max()},
                     std::numeric_limits<std::int64_t>::min(),
                     "no UTF-8: \xff\xfe",
                     {{1, "one"}, {-2, "\"minus\" two\n"}},
                     {{"yes", true}, {"$maybe", std::nullopt}}};
  return ended(env.start(values(given)));
}

History messages_of_all_kinds() {
  GoldenEnv env;
  const auto run = env.start(messages());
  run.signal(item("first"));
  (void)run.update(change("new"));
  try {
    (void)run.update(change("impossible"));
  } catch (const reprise::ApplicationFailure&) {
  }
  try {
    (void)run.update(reprise::Update<int(int)>{"golden.unknown"}(1));
  } catch (const reprise::ApplicationFailure&) {
  }
  run.signal(bell(1));
  run.signal(bell(2));
  run.signal(item("second"));
  run.signal(item("stop"));
  return ended(run);
}

History a_cancelled_run() {
  GoldenEnv env;
  const auto run = env.start(compensated("a seat"));
  run.cancel("no time");
  return ended(run);
}

History a_terminated_run() {
  GoldenEnv env;
  const auto run = env.start(waiting());
  run.terminate("enough");
  return ended(run);
}

History a_run_out_of_time() {
  GoldenEnv env;
  return ended(env.start(waiting(), {.task_queue = "golden.queue", .run_timeout = 1h}));
}

History a_cancelled_scope() {
  GoldenEnv env;
  env.stub(copy, [](int) -> int { throw std::runtime_error("slow"); });
  const auto run = env.start(scopes());
  run.signal(item("go"));
  return ended(run);
}

History an_open_run() {
  GoldenEnv env;
  const auto run = env.start(waiting(), {.id = "open"});
  run.signal(item("one"));
  return run.history();
}

// Recorded anew for each correction of behaviours (replay/behaviours.h) that it is about.
History a_cancellation_that_meets_waits() {
  GoldenEnv env;
  env.stub(copy, [](int) -> int { throw std::runtime_error("slow"); });
  const auto run = env.start(cancelled_waits());
  env.skip(1h);
  run.cancel("no time");
  return ended(run);
}

History an_update_before_its_handler() {
  GoldenEnv env;
  const auto run = env.start(made_slowly());
  try {
    (void)run.update(change("early"));
  } catch (const reprise::ApplicationFailure&) {
  }
  env.skip(2h);
  (void)run.update(change("late"));
  run.signal(item("end"));
  return ended(run);
}

History signals_of_other_types() {
  constexpr reprise::Signal<int> item_as_number{"golden.item"};
  GoldenEnv env;
  const auto run = env.start(picky());
  run.signal(item_as_number(7));
  run.signal(item_as_number(8));
  run.signal(bell(2));
  (void)run.try_signal(item("first"));  // by then runs of behaviours 0 and 1 have ended
  (void)run.try_signal(item_as_number(9));
  (void)run.try_signal(item("second"));
  return ended(run);
}

History a_handler_of_signals_of_another_type() {
  constexpr reprise::Signal<std::string> bell_as_text{"golden.bell"};
  GoldenEnv env;
  const auto run = env.start(messages());
  run.signal(bell_as_text("loud"));
  run.signal(item("first"));
  run.signal(bell(3));
  run.signal(item("stop"));
  return ended(run);
}

History decisions_of_all_kinds() {
  GoldenEnv env;
  const auto run = env.start(decisions(612));
  run.cancel("no time");
  return ended(run);
}

History strands_that_work_together() {
  GoldenEnv env;
  return ended(env.start(together(), {.id = "together"}));
}

History messages_to_runs() {
  GoldenEnv env;
  return ended(env.start(telling(), {.id = "telling"}));
}

History completed_elsewhere() {
  GoldenEnv env;
  std::string token;
  env.implement_async(ask, [&](ActivityContext&, const reprise::Completion<std::string>& done,
                               const std::string&) { token = done.token(); });
  const auto run = env.start(elsewhere(), {.id = "elsewhere"});
  env.skip(30min);
  env.client().complete<std::string>(token, "one");
  env.skip(50s);
  env.client().heartbeat(token, 50);
  env.client().fail(token, reprise::ApplicationFailure("Busy", "try again"));
  env.skip(10s);
  env.client().heartbeat(token, 70);
  env.skip(2min);  // the second attempt is late
  env.client().complete<std::string>(token, "two");
  env.client().fail(token, reprise::ApplicationFailure("Never", "no", false));
  run.signal(item("enough"));
  env.client().complete<std::string>(token, "");
  return ended(run);
}

History settings_of_all_kinds() {
  GoldenEnv env;
  const reprise::Attribute<std::string> owner("owner");
  const reprise::Value<int> start("start");
  const auto run =
      env.start(published(), {.id = "published", .settings = {owner("Ann"), start(3)}});
  run.cancel("no time");
  return ended(run);
  return ended(run);
}

// The first run of a chain, and the last one.
std::pair<History, History> a_chain() {
  GoldenEnv env;
  const auto run = env.start(chained(""), {.id = "chain", .run_timeout = 24h});
  const auto update = run.submit_update(change("new"));
  run.signal(item("one"));
  run.signal(item("two"));
  run.signal(bell(1));
  (void)update.result();
  run.signal(bell(2));
  History last = ended(run);
  return {env.client().handle("chain", run.run_id()).history(), std::move(last)};
}
History a_run_that_continues() {
  return a_chain().first;
}
History the_run_that_it_continues_as() {
  return a_chain().second;
}

History a_run_with_checkpoints() {
  GoldenEnv env;
  const auto run = env.start(staged(1, ""), {.id = "staged", .run_timeout = 24h});
  run.signal(item("kept"));
  const auto update = run.submit_update(change("one"));
  run.signal(bell(1));
  (void)update.result();
  run.cancel("in stage two");
  run.signal(bell(2));
  run.signal(bell(3));
  return ended(run);
}

// The three attempts of a run: the first one fails, the second one is out of time.
History attempt_of_a_run(int attempt) {
  GoldenEnv env;
  const auto run = env.start(tried("it"), {.id = "tried",
                                           .run_timeout = 10h,
                                           .execution_timeout = 50h,
                                           .retry = reprise::RetryPolicy{.maximum_attempts = 4},
                                           .start_delay = 2h,
                                           .request_id = "golden"});
  run.signal(item("one"));
  run.signal(item("two"));
  (void)run.result();
  std::string run_id = run.run_id();
  for (int i = 1; i < attempt; ++i) run_id = env.client().describe("tried", run_id).continued_to;
  return env.client().handle("tried", run_id).history();
}
History an_attempt_that_fails() {
  return attempt_of_a_run(1);
}
History an_attempt_out_of_time() {
  return attempt_of_a_run(2);
}
History the_last_attempt() {
  return attempt_of_a_run(3);
}

History a_run_that_is_called_off() {
  GoldenEnv env;
  const auto run = env.start(tried("it"), {.id = "called off", .start_delay = 2h});
  run.signal(item("one"));
  run.cancel("not needed");
  return ended(run);
}

// All runs of its chain are out of time.
History a_chain_out_of_time() {
  GoldenEnv env;
  return ended(env.start(waiting(), {.task_queue = "golden.queue", .execution_timeout = 1h}));
}

// The first of two runs, and the second one. Updates are rejected, and sent again under their ids.
std::pair<History, History> checked_updates() {
  GoldenEnv env;
  const auto send = [](const reprise::RunHandle& run, const char* to, const char* id) {
    try {
      (void)run.start_update(change(to), {.id = id}).result();
    } catch (const reprise::ApplicationFailure&) {
    }
  };
  const reprise::UpdateHandle<std::string> first =
      env.client().update_with_start(change("first"), checked(""), {.id = "checked"},
                                     {.id = "u1", .wait_for = reprise::UpdateStage::kAccepted});
  const auto run = *env.client().find(checked, "checked");
  const std::string run_id = run.run_id();
  send(run, "", "u2");
  send(run, "first again", "u1");
  send(run, "second", "u2");
  const auto under_way = run.submit_update(change("third"));
  run.signal(bell(1));
  (void)under_way.result();
  send(run, "first once more", "u1");
  send(run, "too much", "u3");
  run.signal(bell(2));
  History last = ended(run);
  return {env.client().handle("checked", run_id).history(), std::move(last)};
}
History a_run_with_checked_updates() {
  return checked_updates().first;
}
History the_run_that_knows_them() {
  return checked_updates().second;
}

// A parent, and a child that it has signalled and that was cancelled when it had ended.
std::pair<History, History> a_family() {
  GoldenEnv env;
  const auto run = env.start(family(), {.id = "family"});
  History parent = ended(run);
  env.skip(1min);
  return {std::move(parent), env.client().attach(member, "cancelled").history()};
}
// What interceptors send along with each call.
class Marks final : public reprise::Interceptor {
 public:
  void client(std::string_view verb, std::string_view, reprise::Headers& headers) override {
    headers["client"] = verb;
  }
  void outbound(reprise::Context&,
                std::string_view kind,
                std::string_view name,
                reprise::Headers& headers) override {
    headers["kind"] = kind;
    headers["name"] = name;
  }
};
std::pair<History, History> a_marked_family() {
  GoldenEnv env({.interceptors = {std::make_shared<Marks>()}});
  const auto run = env.start(family(), {.id = "marked"});
  History parent = ended(run);
  env.skip(1min);
  return {std::move(parent), env.client().attach(member, "cancelled").history()};
}
// Who asks, and what comes first: of a client's run, its child, and a run that a schedule has
// started.
struct Preferred {
  std::optional<History> run, child, scheduled;
};
Preferred preferred_runs() {
  GoldenEnv env({.interceptors = {std::make_shared<Marks>()}});
  const reprise::Client ann =
      env.client({.principal = "ann", .interceptors = {std::make_shared<Marks>()}});
  Preferred all;
  const auto run = ann.start(
      preferred("it"),
      {.id = "preferred", .priority = 2, .fairness_key = "tenant", .fairness_weight = 0.5});
  all.run = ended(run);
  all.child = env.client().handle("preferred as its parent").history();
  (void)ann.create_schedule("golden", {.every = 24h}, preferred("child"),
                            {.priority = 4, .fairness_key = "scheduled"});
  env.skip(24h);
  all.scheduled = env.client().handle("golden-2026-01-02T00:00:00Z").history();
  return all;
}
History a_run_that_is_preferred() {
  return *preferred_runs().run;
}
History a_child_as_its_parent() {
  return *preferred_runs().child;
}
History a_scheduled_run() {
  return *preferred_runs().scheduled;
}
History a_run_with_headers() {
  return a_marked_family().first;
}
History a_child_with_headers() {
  return a_marked_family().second;
}
History a_run_with_children() {
  return a_family().first;
}
History a_child_of_it() {
  return a_family().second;
}

History a_run_with_transactions() {
  GoldenEnv env;
  return ended(env.start(transacting(), {.id = "transacting"}));
}

// What operators do with a run: it is paused, reset when it has ended, and forked; and another one
// is reset while it is open.
struct Operated {
  std::optional<History> paused, reset, forked, terminated;
};
Operated operated_runs() {
  GoldenEnv env;
  Operated all;
  const auto run = env.start(operated("it"), {.id = "operated"});
  run.pause("a look");
  run.signal(item("while it was paused"));
  env.skip(2h);
  run.resume("it is well");
  all.paused = ended(run);
  constexpr std::uint64_t kTimerFired = 8;
  (void)run.fork(
      {.id = "forked", .replace_results = {{4, R"("another result")"}}, .reason = "what if"});
  all.forked = ended(env.client().attach(operated, "forked"));
  (void)run.reset({.event = kTimerFired, .rows_stay = true, .reason = "once more"});
  all.reset = ended(env.client().attach(operated, "operated"));
  const auto open = env.start(operated("another"), {.id = "open"});
  const std::string open_id = open.run_id();
  open.signal(item("before"));
  (void)open.reset({.event = 3, .reason = "begun wrongly"});
  all.terminated = env.client().handle("open", open_id).history();
  return all;
}
History a_paused_run() {
  return *operated_runs().paused;
}
History a_run_that_was_reset() {
  return *operated_runs().reset;
}
History a_fork() {
  return *operated_runs().forked;
}
History a_run_that_ends_by_a_reset() {
  return *operated_runs().terminated;
}

// Inputs that were recorded while no worker was there to take them.
History a_run_that_waited_for_a_worker() {
  Env env;
  const auto run = env.start(compensated("a seat"));
  run.signal(item("early"));
  implement(env);
  env.stub(work, [](const std::string& what) { return "did " + what; });
  return ended(run);
}

History activities_that_are_cancelled() {
  GoldenEnv env;
  std::map<std::string, std::string> tokens;
  env.implement_async(ask, [&](ActivityContext&, const reprise::Completion<std::string>& done,
                               const std::string& what) { tokens[what] = done.token(); });
  const auto run = env.start(cancelling(), {.id = "given_up"});
  env.skip(1min);
  run.signal(bell(1));
  env.skip(1min);
  env.client().complete<std::string>(tokens["completes"], "done all the same");
  env.client().fail(tokens["fails"], reprise::ApplicationFailure("Busy", "no time to stop"));
  env.client().fail(tokens["stops"], reprise::CancelledFailure("as you say"));
  env.client().complete<std::string>(tokens["goes on"], "nobody hears it");
  run.signal(bell(2));
  return ended(run);
}

}  // namespace

const std::vector<Scenario>& scenarios() {
  static const std::vector<Scenario> all = {
      {"hello", hello_greets},
      {"approval_granted", approval_is_granted},
      {"approval_refused", approval_is_refused},
      {"approval_expired", approval_expires},
      {"fan_out", fan_out_counts},
      {"versioning_old", versioning_of_the_old_code},
      {"versioning_new", versioning_of_the_new_code},
      {"versioning_deprecated", versioning_of_the_deprecated_patch},
      {"order_saga_shipped", saga_ships},
      {"order_saga_sold_out", saga_is_sold_out},
      {"order_saga_never_packed", saga_is_never_packed},
      {"order_saga_undeliverable", saga_is_undeliverable},
      {"order_saga_cancelled", saga_is_cancelled},
      {"activities", activities_of_all_kinds, true},
      {"failing", failing_for_good},
      {"steps", steps_of_all_kinds, true},
      {"timers", timers_of_all_kinds},
      {"values", values_of_all_kinds, true},
      {"messages", messages_of_all_kinds, true},
      {"cancelled", a_cancelled_run},
      {"terminated", a_terminated_run},
      {"timed_out", a_run_out_of_time},
      {"scopes", a_cancelled_scope},
      {"open", an_open_run},
      {"deferred", a_run_that_waited_for_a_worker},
      {"cancelled_waits", a_cancellation_that_meets_waits},
      {"made_slowly", an_update_before_its_handler},
      {"unreadable_signals", signals_of_other_types},
      // Once more, since behaviours 1.
      {"cancelled_waits_1", a_cancellation_that_meets_waits},
      {"made_slowly_1", an_update_before_its_handler},
      // Once more, since behaviours 2.
      {"unreadable_signals_2", signals_of_other_types},
      {"unreadable_handled_2", a_handler_of_signals_of_another_type},
      {"decisions", decisions_of_all_kinds, true},
      {"telling", messages_to_runs, true},
      {"together", strands_that_work_together},
      {"elsewhere", completed_elsewhere, true},
      {"published", settings_of_all_kinds, true},
      {"continued", a_run_that_continues, true},
      {"continued_from", the_run_that_it_continues_as, true},
      {"tried_and_failed", an_attempt_that_fails, true},
      {"tried_too_long", an_attempt_out_of_time},
      {"tried_again", the_last_attempt, true},
      {"called_off", a_run_that_is_called_off},
      {"chain_timed_out", a_chain_out_of_time},
      {"checked", a_run_with_checked_updates, true},
      {"checked_from", the_run_that_knows_them, true},
      {"family", a_run_with_children, true},
      {"family_child", a_child_of_it, true},
      {"given_up", activities_that_are_cancelled, true},
      {"checkpointing", a_run_with_checkpoints, true},
      {"transacting", a_run_with_transactions, true},
      {"paused", a_paused_run, true},
      {"reset", a_run_that_was_reset, true},
      {"forked", a_fork, true},
      {"ended_by_reset", a_run_that_ends_by_a_reset, true},
      {"headers", a_run_with_headers, true},
      {"headers_child", a_child_with_headers, true},
      {"preferred", a_run_that_is_preferred, true},
      {"preferred_child", a_child_as_its_parent, true},
      {"scheduled", a_scheduled_run, true},
  };
  return all;
}

void implement_all(reprise::Replayer& replayer) {
  replayer.implement(hello::greet, hello::run_greet)
      .implement(fan_out::count_primes, fan_out::run_count_primes)
      .implement(versioning::fulfil, versioning::run_fulfil_patched);
  approval::implement_approval(replayer);
  order_saga::implement_checkout(replayer);
  implement(replayer);
}

}  // namespace golden
