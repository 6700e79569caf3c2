#include "tests/golden/workflows.h"

#include <chrono>
#include <mutex>
#include <utility>

namespace golden {

using namespace std::chrono_literals;
using reprise::ActivityOptions;
using reprise::Context;
using reprise::Pending;

namespace {

const ActivityOptions kEveryOption{
    .start_to_close = 30s,
    .schedule_to_start = 1h,
    .schedule_to_close = 24h,
    .heartbeat = 10s,
    .retry = {.initial_interval = 250ms,
              .backoff_coefficient = 1.5,
              .maximum_interval = 20s,
              .maximum_attempts = 5,
              .non_retryable = {"Refused", "Gone"}},
    .task_queue = "golden.queue",
};

}  // namespace

// Activities: in sequence, several at once, one that is given up, and one that runs elsewhere.
std::string run_activities(Context& ctx, const std::string& what) {
  std::string done = ctx.call(work(what));
  Pending<int> first = ctx.start(copy(1));
  Pending<int> second = ctx.start(copy(2));
  Pending<int> given_up = ctx.start(copy(3), {.start_to_close = 1h});
  done += std::to_string(second.get() + first.get());
  given_up.cancel();
  return done + ctx.call(work("elsewhere"), kEveryOption);
}

std::string run_failing(Context& ctx, const std::string& what) {
  try {
    ctx.call(work(what + " once"), {.retry = {.maximum_attempts = 2}});
  } catch (const reprise::ActivityFailure&) {
    ctx.sleep(1min);
  }
  return ctx.call(work(what + " again"), {.retry = {.maximum_attempts = 1}});
}

// Steps: on threads and on the shard, tried again, failed for good, and given up with its strand.
int run_steps(Context& ctx, const int& start) {
  int sum = start + ctx.step("plain", [] { return 1; });
  sum += ctx.step("on the shard", [] { return 2; }, {.on = reprise::StepOn::kShard});
  sum += ctx.step("flaky",
                  [] {
                    if (flaky_failures-- > 0) throw reprise::ApplicationFailure("Busy", "not yet");
                    return 4;
                  },
                  {.retry = {.initial_interval = 2s}, .start_to_close = 1min});
  try {
    ctx.step("refused", []() -> int { throw reprise::ApplicationFailure("Refused", "no", false); });
  } catch (const reprise::ApplicationFailure&) {
    sum += 8;
  }
  {
    const auto never = ctx.spawn([&ctx] {
      ctx.step("never", []() -> int { throw reprise::ApplicationFailure("Busy", "never"); },
               {.retry = {.initial_interval = 1h}});
    });
    ctx.inbox(item).next().get();
  }
  return sum + ctx.call(copy(16));
}

std::string run_timers(Context& ctx) {
  ctx.sleep(1500ms);
  Pending<void> early = ctx.timer(1min);
  Pending<void> late = ctx.timer(1h);
  const std::size_t first = ctx.first_of(late, early);
  late.cancel();
  const bool met = ctx.wait_until([] { return false; }, 10s);
  const bool met_at_once = ctx.wait_until([] { return true; }, 10s);
  return std::to_string(first) + (met ? " met" : " not met") + (met_at_once ? " met" : " not met");
}

// What does not come from activities: side effects, patches, random numbers and time.
Values run_values(Context& ctx, const Values& given) {
  const auto seen = ctx.side_effect([&given] { return given; });
  const auto twice = ctx.side_effect([] { return 7; });
  if (ctx.patched("golden-copy")) ctx.call(copy(twice));
  ctx.sleep(1s);
  const bool again = ctx.patched("golden-copy");
  ctx.call(work(ctx.uuid() + " " + std::to_string(ctx.random()) + " " +
                std::to_string(ctx.now().time_since_epoch().count()) + (again ? " patched" : "")));
  return seen;
}

std::string Messages::run() {
  std::string all = ctx_.inbox(item).next().get();
  ctx_.wait_until([this] { return strokes_ >= 3; });
  all += " " + std::to_string(strokes_);
  for (std::string next; next != "stop"; all += " " + next) next = ctx_.inbox(item).next().get();
  return all;
}
void Messages::on_bell(const int& strokes) {
  strokes_ += ctx_.call(copy(strokes));
}
std::string Messages::on_change(const std::string& to) {
  if (to == "impossible") throw reprise::ApplicationFailure("Impossible", "it cannot be", false);
  return ctx_.call(work(to));
}

std::string run_compensated(Context& ctx, const std::string& what) {
  Pending<void> deadline = ctx.timer(24h);
  ctx.call(work("book " + what));
  try {
    ctx.inbox(item).next().get();
    return "kept";
  } catch (const reprise::CancelledFailure&) {
    const reprise::Shield shield(ctx);
    ctx.call(work("undo " + what));
    throw;
  }
}

std::string run_scopes(Context& ctx) {
  int stopped = 0;
  {
    reprise::CancelScope scope(ctx);
    Pending<int> slow = ctx.start(copy(1));
    auto child = ctx.spawn([&] {
      try {
        ctx.sleep(1h);
      } catch (const reprise::CancelledFailure&) {
        ++stopped;
      }
    });
    ctx.inbox(item).next().get();
    scope.cancel();
    child.get();
  }
  return ctx.call(work("stopped " + std::to_string(stopped)));
}

void run_waiting(Context& ctx) {
  ctx.call(copy(1));
  while (true) ctx.inbox(item).next().get();
}

// What happens when a cancellation meets a wait, and in a second get() of a Pending, depends on the
// run's behaviours.
std::string run_cancelled_waits(Context& ctx) {
  std::string seen;
  const auto waits = [&](std::string name, auto wait) {
    return ctx.spawn([&ctx, &seen, name = std::move(name), wait = std::move(wait)] {
      auto message = ctx.inbox(item).next();
      auto timer = ctx.timer(24h);
      try {
        seen += name + wait(message, timer) + " ";
      } catch (const reprise::CancelledFailure&) {
        seen += name + " cancelled ";
      }
    });
  };
  std::vector<Pending<void>> strands;
  strands.push_back(waits("first_of", [&](auto& message, auto& timer) {
    return std::to_string(ctx.first_of(message, timer));
  }));
  strands.push_back(waits("activity", [&](auto& message, auto&) {
    auto slow = ctx.start(copy(1), {.retry = {.initial_interval = 48h, .maximum_interval = 48h}});
    return std::to_string(ctx.first_of(message, slow));
  }));
  strands.push_back(waits("condition", [&](auto&, auto& timer) {
    ctx.wait_until([&] { return timer.ready(); });
    return std::string(" met");
  }));
  strands.push_back(waits("limited", [&](auto&, auto& timer) {
    return std::string(ctx.wait_until([&] { return timer.ready(); }, 48h) ? " met" : " not met");
  }));
  const reprise::Shield shield(ctx);
  ctx.all(strands);
  auto taken = ctx.timer(1s);
  const auto take = [&] {
    try {
      taken.get();
      seen += "taken ";
    } catch (const reprise::UsageError&) {
      seen += "too late ";
    }
  };
  strands.clear();
  for (int i = 0; i < 2; ++i) strands.push_back(ctx.spawn(take));
  ctx.all(strands);
  return ctx.call(work(seen));
}

// Messages to a run: to itself, which gets them, and to one that is not there; and it asks itself
// to cancel.
std::string run_telling(Context& ctx) {
  ctx.external(ctx.info().workflow_id).signal(item("to myself"));
  std::string seen = ctx.inbox(item).next().get();
  try {
    ctx.external("nobody").signal(bell(1));
  } catch (const reprise::ExternalFailure& failure) {
    seen += ", " + std::string(failure.code());
  }
  try {
    ctx.external(ctx.info().workflow_id, ctx.info().run_id).cancel("enough");
    ctx.sleep(1h);
  } catch (const reprise::CancelledFailure&) {
    seen += ", cancelled";
  }
  return seen;
}

// Decisions: both ways, of one name twice, the last of a turn, on a strand, and in a cancelled run.
std::string run_decisions(Context& ctx, const int& score) {
  std::string seen = ctx.decide("credit ok", score > 600) ? "ok" : "not ok";
  ctx.call(copy(score));
  for (int i = 0; i < 2; ++i) seen += ctx.decide("even", (score + i) % 2 == 0) ? " even" : " odd";
  const auto other = ctx.spawn([&] { seen += ctx.decide("first", score == 1) ? " first" : ""; });
  try {
    ctx.inbox(item).next().get();
  } catch (const reprise::CancelledFailure&) {
    if (!ctx.decide("goes on", ctx.cancelled())) seen += " never";
  }
  return seen;
}

// Activities that clients end: one is completed, one fails, is late and is completed, one is failed
// for good, one is given up.
std::string run_elsewhere(Context& ctx) {
  std::string seen = ctx.call(ask("first"), {.start_to_close = 1h});
  seen += ", " + ctx.call(ask("second"), {.schedule_to_close = 24h, .heartbeat = 1min});
  try {
    ctx.call(ask("third"));
  } catch (const reprise::ActivityFailure& failure) {
    seen += ", " + std::string(failure.cause()->what());
  }
  auto given_up = ctx.start(ask("fourth"));
  seen += ", " + ctx.inbox(item).next().get();
  given_up.cancel();
  return seen + ctx.call(ask("fifth"));
}

std::string Picky::run() {
  {
    auto given_up = ctx_.inbox(nudge).next();
    given_up.cancel();
  }
  std::string seen = ctx_.call(work(ctx_.inbox(nudge).empty() ? "nothing" : "a nudge"));
  auto inbox = ctx_.inbox(item);
  const auto read = [](Pending<std::string> signal) {
    try {
      return signal.get();
    } catch (const reprise::PayloadError&) {
      return std::string("unreadable");
    }
  };
  auto next = inbox.next();
  auto limit = ctx_.timer(1h);
  seen += ctx_.first_of(next, limit) == 0 ? " " + read(std::move(next)) : " late";
  ctx_.call(copy(strokes_));
  ctx_.wait_until([&] { return !inbox.empty(); });
  return ctx_.call(work(seen + " " + read(inbox.next())));
}

// A map with a lock sends through a channel what a saga does, and then undoes.
std::string run_together(reprise::Context& ctx) {
  reprise::Channel<int> made(ctx, 1);
  reprise::Mutex one_at_a_time(ctx);
  const auto make = [&](int i) {
    const std::lock_guard lock(one_at_a_time);
    made.send(ctx.call(copy(i)));
  };
  auto making = ctx.spawn([&] {
    ctx.map({1, 2, 3, 4}, make, {.at_most = 3});
    made.close();
  });
  reprise::Saga saga(ctx);
  std::string seen;
  try {
    saga.run([&] {
      while (const auto i = made.receive().get()) {
        const std::string what = std::to_string(*i);
        ctx.call(work(what));
        saga.undo_with([&ctx, what] { ctx.call(work("undoing " + what)); });
      }
      auto slow = ctx.timer(48h);
      auto fast = ctx.timer(1h);
      seen = "first: " + std::to_string(ctx.race(slow, fast));
      throw reprise::ApplicationFailure("Refused", "all of it", false);
    });
  } catch (const reprise::ApplicationFailure& failure) {
    seen += ", then " + std::string(failure.type());
  }
  return ctx.call(work(seen));
}

// Settings: values and attributes of all types, set again, taken back, on a strand, the last of a
// turn, and in a cancelled run.
std::string run_published(reprise::Context& ctx) {
  const reprise::Value<std::map<std::string, int>> value("value");
  const reprise::Attribute<std::string> text("text");
  ctx.set(value({{"done", 1}}));
  ctx.set(reprise::Attribute<bool>("flag")(true));
  ctx.set(reprise::Attribute<std::int64_t>("number")(-7));
  ctx.set(reprise::Attribute<double>("amount")(0.5));
  ctx.set(text("first"));
  ctx.set(reprise::Attribute<std::vector<std::string>>("tags")({"a", "b"}));
  ctx.set(reprise::Attribute<reprise::Time>("at")(ctx.now()));
  std::string seen = ctx.call(work("while it is published"));
  ctx.unset(value);
  ctx.set(text("second"));
  const auto other = ctx.spawn([&] { ctx.set(text("from a strand")); });
  try {
    ctx.inbox(item).next().get();
  } catch (const reprise::CancelledFailure&) {
    ctx.set(text("cancelled"));
  }
  return seen;
}

// Continues as a new run, with signals that it has not read, in an inbox and handed over; an update
// under way; a timer, and an activity that is given up.
std::string run_chained(reprise::Context& ctx, const std::string& past) {
  const auto accepting = ctx.accept(change, [&](const std::string& to) {
    ctx.wait_until([&] { return !past.empty(); });
    return to + " " + past;
  });
  const auto limit = ctx.timer(48h);
  auto handed = ctx.inbox(item).next();
  ctx.inbox(bell).next().get();
  const auto copying = ctx.start(copy(static_cast<int>(ctx.history_events())));
  if (past.empty()) {
    ctx.continue_as_new(chained("once"), {.task_queue = "golden.queue", .run_timeout = 36h});
  }
  return past + " " + handed.get() + (ctx.should_continue() ? " long" : " short");
}

// Fails in the first attempt, with a signal read and one not; is out of time in the second one.
std::string run_tried(reprise::Context& ctx, const std::string& what) {
  const int attempt = ctx.info().attempt;
  std::string text = ctx.call(work(what + " " + std::to_string(attempt)));
  auto inbox = ctx.inbox(item);
  if (attempt == 1) throw reprise::ApplicationFailure("TryAgain", inbox.next().get());
  if (attempt == 2) ctx.sleep(100h);
  return text + " " + inbox.next().get();
}

// Updates with a check, whose handlers are waited for; then it continues as a new run.
std::string run_checked(reprise::Context& ctx, const std::string& past) {
  std::string changes = past;
  const auto change_to = [&](const std::string& to) {
    ctx.sleep(1min);
    changes += to + ";";
    return ctx.call(work(to));
  };
  const auto accepting = ctx.accept(change, change_to, [&](const std::string& to) {
    if (to.empty() || changes.size() > 20) throw reprise::ApplicationFailure("Refused", to);
  });
  ctx.inbox(bell).next().get();
  ctx.finish_handlers();
  if (past.empty()) ctx.continue_as_new(checked(changes));
  return changes;
}

// Children: one completes, with every option; one without an id fails; one gets a signal, one
// that has the same id is refused, and one uses that run; one is cancelled and waited for, one
// before it has begun; one is let go, and terminated when the run ends; then one is
// cancelled, and one goes on that had not begun by then.
std::string run_family(Context& ctx) {
  const auto why = [](auto& child) {
    try {
      return child.get();
    } catch (const reprise::ChildFailure& failure) {
      return std::string(failure.cause()->what());
    } catch (const reprise::CancelledFailure&) {
      return std::string("given up");
    }
  };
  std::string seen = ctx.call(member("result"), {.id = "first",
                                                 .task_queue = "golden.queue",
                                                 .on_parent_close = reprise::ParentClose::kAbandon,
                                                 .id_reuse = reprise::IdReuse::kReject,
                                                 .id_conflict = reprise::IdConflict::kUseExisting,
                                                 .run_timeout = 1h,
                                                 .settings = {reprise::Value<int>("n")(7)}});
  auto failing_child = ctx.start(member("failure"));
  seen += ", " + why(failing_child);
  auto listening = ctx.start(member("once"), {.id = "listening"});
  seen += ", " + listening.run_id();
  auto refused = ctx.start(member("once"), {.id = "listening"});
  seen += ", " + why(refused);
  auto used = ctx.start(member("once"),
                        {.id = "listening", .id_conflict = reprise::IdConflict::kUseExisting});
  seen += used.run_id() == listening.run_id() ? ", the same" : ", another";
  listening.signal(item("hello"));
  seen += ", " + why(listening) + ", " + why(used);
  auto patient = ctx.start(member("always"), {.id = "patient"});
  patient.started();
  patient.cancel();
  seen += ", " + why(patient);
  auto early = ctx.start(member("always"), {.id = "early", .on_cancel = reprise::CancelMode::kTry});
  early.cancel();
  seen += ", " + why(early);
  auto let_go =
      ctx.start(member("always"), {.id = "let go", .on_cancel = reprise::CancelMode::kAbandon});
  ctx.sleep(1min);
  let_go.cancel();
  seen += ", " + why(let_go);
  auto cancelled = ctx.start(member("always"),
                             {.id = "cancelled", .on_parent_close = reprise::ParentClose::kCancel});
  cancelled.signal(item("farewell"));
  (void)ctx.start(member("always"),
                  {.id = "abandoned", .on_parent_close = reprise::ParentClose::kAbandon});
  return seen;
}

std::string run_member(Context& ctx, const std::string& role) {
  if (role == "failure") throw reprise::ApplicationFailure("Broken", "as it was told");
  if (role == "result") return "a child of " + ctx.info().parent_workflow_id;
  std::string heard = ctx.inbox(item).next().get();
  while (role == "always") heard += ctx.inbox(item).next().get();
  return heard;
}

// Activities that are cancelled, in each mode: of those that are waited for one completes all the
// same, one stops, one fails, and one has not begun.
std::string run_cancelling(Context& ctx) {
  using reprise::CancelMode;
  std::vector<reprise::Pending<std::string>> all;
  for (const char* end : {"completes", "stops", "fails"}) {
    all.push_back(ctx.start(ask(end), {.on_cancel = CancelMode::kWait}));
  }
  all.push_back(ctx.start(ask("goes on"), {.on_cancel = CancelMode::kAbandon}));
  all.push_back(ctx.start(ask("is given up"), {.on_cancel = CancelMode::kTry}));
  auto bells = ctx.inbox(bell);
  bells.next().get();
  all.push_back(ctx.start(ask("never begins"), {.on_cancel = CancelMode::kWait}));
  for (auto& each : all) each.cancel();
  std::string seen;
  for (auto& each : all) {
    try {
      seen += each.get();
    } catch (const reprise::ActivityFailure& failure) {
      seen += failure.cause()->what();
    } catch (const reprise::CancelledFailure& cancelled) {
      seen += cancelled.what();
    }
    seen += "; ";
  }
  bells.next().get();
  return seen;
}

std::string MadeSlowly::run() {
  ctx_.inbox(item).next().get();
  return changes_;
}
std::string MadeSlowly::on_change(const std::string& to) {
  changes_ += to;
  return ctx_.call(work(to));
}

// Checkpoints: the first one when there is an unread signal and a published value, the second one
// in a cancelled run.
std::string run_staged(reprise::Context& ctx, int stage, const std::string& past) {
  const auto accepting = ctx.accept(change, [&](const std::string& to) {
    ctx.sleep(1min);
    return to + " in stage " + std::to_string(stage);
  });
  const reprise::Shield shield(ctx);
  std::string seen = past + ctx.call(work("stage " + std::to_string(stage))) + " ";
  if (stage == 1) ctx.set(reprise::Value<int>("stage")(stage));
  seen += std::to_string(ctx.history_events()) + " ";
  ctx.inbox(bell).next().get();
  ctx.finish_handlers();
  if (stage < 3) ctx.checkpoint(staged(stage + 1, seen));
  return seen + ctx.inbox(item).next().get();
}

// Transactions: rows that are put, replaced and erased; one that returns nothing; one that throws;
// two at once, of which one is cancelled while the other is made.
// For operators: it waits, and uses what is made from its run's id.
std::string run_operated(Context& ctx, const std::string& what) {
  std::string seen = ctx.call(work(what)) + " " + ctx.uuid();
  ctx.sleep(std::chrono::hours(1));
  seen += " " + ctx.inbox(item).next().get();
  seen += " " + std::to_string(ctx.transaction("count", [](reprise::Transaction& rows) {
            const int now = rows.get(stock, "operated").value_or(0) + 1;
            rows.put(stock, "operated", now);
            return now;
          }));
  return seen + " " + ctx.call(work(ctx.uuid()));
}

std::string run_transacting(Context& ctx) {
  const int left = ctx.transaction("take", [](reprise::Transaction& rows) {
    rows.put(stock, "apples", rows.get(stock, "apples").value_or(10) - 3);
    rows.put(stock, "pears", 1);
    rows.erase(stock, "pears");
    return rows.get(stock, "apples").value();
  });
  std::string seen = std::to_string(left);
  try {
    ctx.transaction("throw", [](reprise::Transaction& rows) {
      rows.put(stock, "apples", 0);
      throw reprise::ApplicationFailure("Refused", "not today");
    });
  } catch (const reprise::ApplicationFailure& failure) {
    seen += ", " + std::string(failure.type());
  }
  auto second = [&] {
    reprise::CancelScope scope(ctx);
    auto strand = ctx.spawn([&] {
      try {
        ctx.transaction("second", [](reprise::Transaction& rows) { rows.put(stock, "figs", 2); });
        seen += ", made";
      } catch (const reprise::CancelledFailure&) {
        seen += ", cancelled";
      }
    });
    ctx.transaction("first", [](reprise::Transaction& rows) { rows.put(stock, "kiwis", 5); });
    scope.cancel();
    return strand;
  }();
  second.get();
  return seen;
}

// What comes first: an activity and a child that say it, and ones that have it from their run.
std::string run_preferred(Context& ctx, const std::string& what) {
  if (what == "child") return ctx.call(work("for the child"));
  std::string seen =
      ctx.call(work("first"), {.priority = 1, .fairness_key = "golden", .fairness_weight = 4.0});
  seen += ", " + ctx.call(work("as the run"));
  seen += ", " + ctx.call(preferred("child"),
                          {.id = "preferred child", .priority = 5, .fairness_key = "other"});
  return seen + ", " + ctx.call(preferred("child"), {.id = "preferred as its parent"});
}

}  // namespace golden
