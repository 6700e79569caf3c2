#include "tests/fuzz/recorded_histories.h"

namespace reprise::fuzz {
namespace {

using replay::Execution;
using replay::Outcome;
using replay::Waited;
using testing::activity_completed;
using testing::activity_failed;
using testing::as;
using testing::at;
using testing::call;
using testing::schedule;
using testing::ScriptedRun;
using testing::signal;
using testing::step_completed;
using testing::timer_fired;
using testing::update;

constinit thread_local Answers* answers = nullptr;

std::string side_effect(Execution& e, std::string value) {
  return e.side_effect(
      [&] {
        if (answers == nullptr) return value;
        // More than the history has: it differs in any case.
        if (answers->next == answers->side_effects.size()) return std::string("unrecorded");
        return answers->side_effects[answers->next++];
      },
      at(90));
}

bool patched(Execution& e, const std::string& change) {
  if (answers != nullptr && !answers->patches.contains(change)) return false;
  return e.patched(change, at(91));
}

Outcome failed(proto::Failure::Kind kind, const std::string& type) {
  proto::Failure failure;
  failure.set_kind(kind);
  failure.set_type(type);
  return Outcome::failed(failure);
}

std::string step(Execution& e, const std::string& name) {
  proto::StepScheduled scheduled;
  scheduled.set_name(name);
  const Outcome outcome = e.run_step(
      as(scheduled), [] { return Outcome(); }, at(92));
  return outcome.ok() ? outcome.payload() : "failed";
}

// Transactions: two at once, of which one fails; and one that is cancelled before it begins.
Outcome transacting(Execution& e) {
  const auto transaction = [&e](const char* name, int line) {
    const Outcome outcome = e.run_transaction(
        name, [] { return Outcome(); }, at(line));
    return outcome.ok() ? outcome.payload() : "failed";
  };
  std::string other;
  const auto strand = e.spawn([&] { other = transaction("other", 41); });
  std::string seen = transaction("first", 42);
  e.wait(*strand);
  const auto scope = e.enter_scope(replay::Scope::Kind::kCancellable);
  e.cancel_scope(scope);
  seen += transaction("late", 43);
  e.leave_scope(scope);
  return Outcome::success(seen + other);
}

proto::Event transaction_completed(std::uint32_t id, const std::string& result) {
  proto::Event event;
  event.mutable_transaction_completed()->set_id(id);
  event.mutable_transaction_completed()->set_result(result);
  proto::RowChange* const change = event.mutable_transaction_completed()->add_changes();
  change->set_table("accounts");
  change->set_key("ann");
  change->set_value("7");
  return event;
}

// Activities, a race against a timer, a step, a side effect, a patch, a decision, settings, a
// spawned strand.
Outcome order(Execution& e) {
  if (patched(e, "reserve-first")) call(e, "reserve", 1);
  proto::ActivityScheduled charge;
  charge.set_name("charge");
  charge.set_input(side_effect(e, "price 7"));
  e.decide("is dear", charge.input().size() > 6, at(7));
  e.set("stage", "fcharge", proto::SettingRecorded::TEXT, at(8));
  e.set("gone", "", proto::SettingRecorded::VALUE, at(9));
  const auto charging = e.schedule_activity(as(charge), at(2));
  const auto limit = e.start_timer(base::Duration(60'000), at(3));
  replay::Operation* const race[] = {charging.get(), limit.get()};
  const auto first = e.wait_first(race);
  if (!first) return failed(proto::Failure::CANCELLED, "");
  if (*first == 1) {
    e.cancel(*charging, at(4));
    return failed(proto::Failure::APPLICATION, "Slow");
  }
  e.cancel(*limit, at(5));
  std::string shipped;
  const auto shipping = e.spawn([&] { shipped = call(e, "ship", 6); });
  const std::string packed = step(e, "pack");
  e.wait(*shipping);
  return Outcome::success(charging->take_outcome().payload() + packed + shipped);
}

// Signals in order, a signal handler that schedules, an update, a condition with a time limit.
Outcome entity(Execution& e) {
  int pings = 0;
  std::string last;
  e.on_signal("ping", [&](const auto& signal) {
    ++pings;
    call(e, "pong " + std::to_string(signal.input.size()), 11);
  });
  e.accept("note", [&](std::string_view) {
    call(e, "note", 12);
    return Outcome::success("noted");
  });
  const auto limit = e.start_timer(base::Duration(5'000), at(13));
  if (e.wait_until([&] { return pings >= 2; }, limit.get(), at(14)) == Waited::kCancelled) {
    return failed(proto::Failure::CANCELLED, "");
  }
  while (last != "stop") {
    const auto item = e.next_signal("item");
    if (e.wait(*item) == Waited::kCancelled) return failed(proto::Failure::CANCELLED, "");
    last = item->take_outcome().payload();
    schedule(e, "item " + last.substr(0, 16), 15);
  }
  return Outcome::success(last);
}

// A cancelled scope, and work that is not cancelled with it.
Outcome compensated(Execution& e) {
  const auto booked = schedule(e, "book", 21);
  const auto timer = e.start_timer(base::Duration(1'000), at(22));
  replay::Operation* const both[] = {booked.get(), timer.get()};
  if (e.wait_first(both)) return Outcome::success("done");
  const auto shield = e.enter_scope(replay::Scope::Kind::kShielded);
  call(e, "undo", 23);
  e.leave_scope(shield);
  return failed(proto::Failure::CANCELLED, "");
}

// A strand that is dropped while it executes a step.
Outcome abandoning(Execution& e) {
  auto work = e.spawn([&] { step(e, "long"); });
  const auto go = e.next_signal("go");
  e.wait(*go);
  work = {};
  call(e, "after", 31);
  return failed(proto::Failure::APPLICATION, "Given up");
}

// Messages to other runs: one is awaited, one is refused, and one is under way when the code ends.
Outcome telling(Execution& e) {
  proto::SignalSent signal;
  signal.set_workflow_id("order-8");
  signal.set_name("go");
  signal.set_input("now");
  e.wait(*e.send_signal(as(signal), at(41)));
  proto::CancelSent cancel;
  cancel.set_workflow_id("order-9");
  cancel.set_run_id(std::string(16, '\x07'));
  const auto asked = e.send_cancel(as(cancel), at(42));
  e.wait(*asked);
  e.send_signal(as(signal), at(43));
  return Outcome::success(asked->outcome().ok() ? "asked" : "refused");
}

// Continues with unread signals and an update under way.
Outcome continuing(Execution& e) {
  e.accept("note", [&](std::string_view) {
    call(e, "note", 41);
    return Outcome::success("noted");
  });
  const auto handed = e.next_signal("item");
  const auto go = e.next_signal("go");
  e.wait(*go);
  (void)go->take_outcome();
  proto::RunContinuedAsNew next;
  next.set_workflow("next");
  next.set_input(std::to_string(e.history_events()));
  e.continue_as_new(as(next), at(42));
}

replay::StartedChild start_child(Execution& e,
                                 const std::string& id,
                                 replay::CancelMode mode,
                                 std::uint32_t line) {
  proto::ChildScheduled child;
  child.set_workflow("child");
  child.set_workflow_id(id);
  child.set_input("for " + id);
  child.set_on_parent_close(proto::ChildScheduled::CANCEL);
  return e.start_child(as(child), mode, at(line));
}

// Children: one gets a signal and is asked to cancel, one without an id is given up before it has
// begun, one is refused, and one has not begun when the code ends.
Outcome with_children(Execution& e) {
  const auto one = start_child(e, "one", replay::CancelMode::kWait, 51);
  const auto two = start_child(e, "", replay::CancelMode::kTry, 52);
  const auto three = start_child(e, "three", replay::CancelMode::kAbandon, 53);
  e.cancel(*two.end, at(54));
  e.wait(*one.start);
  if (one.start->ready() && one.start->outcome().ok()) {
    proto::SignalSent signal;
    signal.set_workflow_id(one.workflow_id);
    signal.set_run_id(std::string(one.start->outcome().payload()));
    signal.set_of_chain(true);
    signal.set_name("item");
    e.wait(*e.send_signal(as(signal), at(55)));
  }
  e.cancel(*one.end, at(56));
  replay::Operation* const all[] = {one.end.get(), three.end.get()};
  const auto first = e.wait_first(all);
  e.decide("three comes first", first == 1U, at(57));
  e.wait(*one.end);
  start_child(e, "four", replay::CancelMode::kWait, 58);
  const replay::Outcome& end = one.end->outcome();
  return Outcome::success(end.ok() ? std::string(end.payload()) : end.failure().message());
}

// What a parent starts, signals and cancels.
Outcome as_child(Execution& e) {
  call(e, "for " + e.info().parent_workflow_id.substr(0, 16), 61);
  const auto item = e.next_signal("item");
  if (e.wait(*item) == Waited::kCancelled) return failed(proto::Failure::CANCELLED, "");
  const auto never = e.next_signal("item");
  if (e.wait(*never) == Waited::kCancelled) return failed(proto::Failure::CANCELLED, "");
  return Outcome::success(item->take_outcome().payload());
}

RecordedRun record(Outcome (*code)(Execution&),
                   const std::vector<std::vector<proto::Event>>& turns,
                   std::set<std::size_t> deferred = {}) {
  ScriptedRun run(code, {.strict = true});
  for (std::size_t i = 0; i < turns.size(); ++i) {
    if (deferred.contains(i)) {
      run.defer(turns[i]);
      continue;
    }
    const replay::TurnEnd end = run.turn(turns[i]);
    if (end == replay::TurnEnd::kClosed) break;
    if (end == replay::TurnEnd::kCheckpoint) run.go_on();
  }
  return {testing::code_of(code), run.history()};
}

// Activities of each mode in a run that is cancelled.
Outcome cancelling(Execution& e) {
  std::vector<replay::OperationRef> all;
  for (const int mode : {1, 1, 2, 0}) {
    proto::ActivityScheduled activity;
    activity.set_name("stop");
    activity.set_on_cancel(static_cast<proto::ActivityScheduled::OnCancel>(mode));
    all.push_back(e.schedule_activity(as(activity), at(71)));
  }
  std::string seen;
  for (const auto& each : all) {
    const bool ready = e.wait(*each) == Waited::kReady;
    e.decide("stopped", !ready || !each->outcome().ok(), at(72));
    if (ready && each->outcome().ok()) seen += each->outcome().payload();
  }
  return Outcome::success(seen.substr(0, 64));
}

// Takes a checkpoint after each item but the last one; is cancelled in between.
Outcome checkpointing(Execution& e) {
  e.accept("note", [](std::string_view) { return Outcome(); });
  const std::string at_random = std::to_string(e.random() % 7);
  call(e, "work " + at_random, 71);
  const auto item = e.next_signal("item");
  if (e.wait(*item) == Waited::kCancelled) return failed(proto::Failure::CANCELLED, "");
  std::string got = item->take_outcome().payload();
  if (got == "stop" || e.under_way()) return Outcome::success(got);
  e.checkpoint(std::move(got), at(72));
}

RecordedRun record_segments() {
  return record(checkpointing,
                {{testing::started()},
                 {update("u1", "note"), signal("unread", "x"), activity_completed(1)},
                 {signal("item", "1"), signal("item", "2"), update("u1", "note")},
                 {},
                 {activity_completed(2)},
                 {activity_completed(3), signal("item", "stop")},
                 {activity_completed(3)},
                 {testing::cancel_requested()}});
}

RecordedRun record_parent() {
  const auto begun = [](std::uint32_t id) {
    proto::Event event;
    event.mutable_child_started()->set_id(id);
    event.mutable_child_started()->set_run_id(std::string(16, static_cast<char>(id)));
    return event;
  };
  const auto delivered = [](std::uint32_t id) {
    proto::Event event;
    event.mutable_message_delivered()->set_id(id);
    return event;
  };
  const auto child_failed = [](std::uint32_t id, bool refused) {
    proto::Event event;
    proto::ChildFailed& content = *event.mutable_child_failed();
    content.set_id(id);
    content.set_refused(refused);
    content.mutable_failure()->set_kind(proto::Failure::CHILD);
    content.mutable_failure()->mutable_cause()->set_kind(refused ? proto::Failure::START_REFUSED
                                                                 : proto::Failure::CANCELLED);
    return event;
  };
  proto::Event late;
  late.mutable_child_completed()->set_id(2);
  late.mutable_child_completed()->set_result("late");
  return record(with_children, {{testing::started()},
                                {begun(1)},                         // 4: the signal to it
                                {begun(2), child_failed(3, true)},  // 5: two is asked to cancel
                                {delivered(4), delivered(5)},       // 6: one is, too
                                {delivered(6), late, child_failed(1, false)},  // 7: four
                                {begun(7)}});
}

RecordedRun record_child() {
  proto::Event start = testing::started();
  proto::RunStarted& started = *start.mutable_run_started();
  started.mutable_parent()->set_run_id(std::string(16, '\x08'));
  started.mutable_parent()->set_id(1);
  started.mutable_parent()->set_workflow_id("family");
  started.set_on_parent_close(proto::ChildScheduled::CANCEL);
  started.set_depth(1);
  proto::Event heard = signal("item", "hello");
  *heard.mutable_signal_received()->mutable_sender() = started.parent();
  heard.mutable_signal_received()->mutable_sender()->set_id(2);
  proto::Event cancelled = testing::cancel_requested();
  *cancelled.mutable_cancel_requested()->mutable_sender() = started.parent();
  return record(as_child, {{start}, {activity_completed(1)}, {heard}, {cancelled}});
}

std::vector<RecordedRun> record_all() {
  const auto start = testing::started();
  proto::Event retry;
  retry.mutable_attempt_failed()->set_id(2);
  proto::Event terminated;
  terminated.mutable_run_terminated()->set_reason("enough");
  std::vector<RecordedRun> runs;
  runs.push_back(record(order,
                        {{start},
                         {activity_completed(1)},
                         {retry},
                         {activity_completed(2, "paid")},
                         {step_completed(5, "boxed"), activity_completed(4, "sent")}},
                        {2}));
  proto::Event left_open;
  left_open.mutable_attempt_left_open()->set_id(1);
  left_open.mutable_attempt_left_open()->set_attempt(1);
  left_open.mutable_attempt_left_open()->set_limit_ms(60'000);
  proto::Event elsewhere = activity_completed(1);
  elsewhere.mutable_activity_completed()->set_elsewhere(true);
  runs.push_back(record(order, {{start}, {left_open}, {elsewhere}, {timer_fired(3)}}, {1}));
  runs.push_back(record(order, {{start}, {activity_failed(1, "no")}, {timer_fired(3)}}));
  runs.push_back(record(entity,
                        {{start},
                         {signal("item", "early")},
                         {signal("ping"), update("u1", "note"), signal("ping", "xx")},
                         {activity_completed(3), update("u2", "unknown")},
                         {signal("item", "stop"), signal("item", "late")}},
                        {1}));
  runs.push_back(
      record(compensated, {{start}, {testing::cancel_requested()}, {activity_completed(3)}}));
  runs.push_back(record(compensated, {{start}, {terminated}}, {1}));
  runs.push_back(record(abandoning, {{start}, {signal("go")}, {activity_completed(2)}}));
  proto::Event delivered;
  delivered.mutable_message_delivered()->set_id(1);
  proto::Event refused;
  refused.mutable_message_refused()->set_id(2);
  refused.mutable_message_refused()->mutable_failure()->set_kind(proto::Failure::EXTERNAL);
  proto::Event last = delivered;
  last.mutable_message_delivered()->set_id(3);
  proto::Event from_run = signal("late");
  from_run.mutable_signal_received()->mutable_sender()->set_run_id(std::string(16, '\x08'));
  from_run.mutable_signal_received()->mutable_sender()->set_id(2);
  runs.push_back(record(telling, {{start}, {delivered}, {from_run, refused}, {last}}));
  runs.push_back(record(continuing, {{start},
                                     {signal("item", "1"), update("u1", "note")},
                                     {signal("item", "2"), signal("go"), signal("late")}}));
  // Tried again, with a delay before and signals that nobody has read; and called off.
  proto::Event tried = start;
  proto::RunStarted& started = *tried.mutable_run_started();
  started.set_attempt(2);
  started.set_delayed_until_ms(60'000);
  started.set_execution_due_ms(3'600'000);
  started.mutable_retry()->set_initial_interval_ms(1'000);
  started.mutable_retry()->set_backoff_coefficient(2);
  started.mutable_retry()->set_maximum_interval_ms(9'000);
  proto::Event begins;
  begins.mutable_delay_ended();
  runs.push_back(record(abandoning,
                        {{tried, signal("item", "unread")},
                         {begins},
                         {},
                         {signal("go"), signal("late")},
                         {activity_completed(2)}},
                        {0, 1}));
  // Operators: paused and resumed, and begun with the history of another run.
  proto::Event paused;
  paused.mutable_run_paused()->set_reason("a look");
  proto::Event resumed;
  resumed.mutable_run_resumed()->set_reason("well");
  proto::Event reset;
  reset.mutable_run_reset()->set_run_id(std::string(16, '\x0a'));
  reset.mutable_run_reset()->set_from_run_id(std::string(16, '\x0b'));
  reset.mutable_run_reset()->set_event(4);
  reset.mutable_run_reset()->set_carried(1);
  proto::Event forked;
  forked.mutable_run_forked()->set_run_id(std::string(16, '\x0a'));
  forked.mutable_run_forked()->set_event(4);
  forked.mutable_run_forked()->add_replaced(2);
  proto::Event origin = start;
  origin.mutable_run_started()->mutable_origin()->set_made_as_run_id(std::string(16, '\x0c'));
  runs.push_back(record(abandoning,
                        {{origin},
                         {paused, signal("go")},
                         {resumed},
                         {reset, signal("late")},
                         {forked},
                         {activity_completed(2)}},
                        {1, 2, 3, 4}));
  proto::Event off;
  off.mutable_run_called_off();
  runs.push_back(record(abandoning, {{tried}, {testing::cancel_requested()}, {off}}, {0, 1, 2}));
  proto::Event next = start;
  next.mutable_run_started()->set_continued_from_run_id(std::string(16, '\x09'));
  next.mutable_run_started()->set_first_run_id(std::string(16, '\x09'));
  next.mutable_run_started()->add_known_updates(7);
  runs.push_back(record(continuing, {{next}, {update("u1", "note"), update("u1", "note")}}));
  proto::Event failed_transaction;
  failed_transaction.mutable_transaction_failed()->set_id(2);
  failed_transaction.mutable_transaction_failed()->mutable_failure()->set_type("Refused");
  runs.push_back(record(
      transacting,
      {{start}, {transaction_completed(1, "moved")}, {failed_transaction}, {signal("late")}}, {1}));
  runs.push_back(record_parent());
  runs.push_back(record_child());
  proto::Event stopped;
  stopped.mutable_activity_failed()->set_id(1);
  stopped.mutable_activity_failed()->mutable_failure()->set_kind(proto::Failure::CANCELLED);
  runs.push_back(record(cancelling, {{start},
                                     {testing::cancel_requested(), activity_completed(3, "late")},
                                     {stopped, activity_completed(2, "done")}}));
  runs.push_back(record_segments());
  return runs;
}

}  // namespace

const std::vector<RecordedRun>& recorded_runs() {
  static const std::vector<RecordedRun> runs = record_all();
  return runs;
}

AnswersFrom::AnswersFrom(Answers* from) {
  answers = from;
}
AnswersFrom::~AnswersFrom() {
  answers = nullptr;
}

}  // namespace reprise::fuzz
