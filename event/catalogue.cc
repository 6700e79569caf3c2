#include "event/catalogue.h"

#include <algorithm>

#include "event/kind_parts.h"

namespace reprise::event {
namespace {

using proto::ActivityScheduled;
using proto::CancelSent;
using proto::Checkpoint;
using proto::ChildScheduled;
using proto::DecisionRecorded;
using proto::Event;
using proto::PatchRecorded;
using proto::RunContinuedAsNew;
using proto::SettingRecorded;
using proto::SignalSent;
using proto::SignalSetAside;
using proto::StepScheduled;
using proto::TransactionRequested;
using proto::UpdateCompleted;

// ---- what the rows are made of: Body is a getter of Event, Field one of the body ---------------

template <auto Body>
const google::protobuf::Message& body(const Event& event) {
  return (event.*Body)();
}

template <auto Body>
std::uint32_t id(const Event& event) {
  return (event.*Body)().id();
}

template <auto Body, auto Field>
const std::string& bytes(const Event& event) {
  return ((event.*Body)().*Field)();
}

template <auto Body>
const proto::Failure* failure(const Event& event) {
  return &(event.*Body)().failure();
}

template <auto Body, auto... Fields>
bool same(const Event& recorded, const Event& attempted) {
  const auto& one = (recorded.*Body)();
  const auto& other = (attempted.*Body)();
  return (((one.*Fields)() == (other.*Fields)()) && ...);
}

template <auto MutableBody>
void outline_kind(const Event&, Event* out) {
  (out->*MutableBody)();
}

// ---- the kinds, in the order of log.proto -------------------------------------------------------

constexpr Row kUnknown{};

constexpr Row kRows[] = {
    // Inputs: something happened to the run.
    {.kind = Event::kRunStarted,
     .name = "RunStarted",
     .role = Role::kInput,
     .body = body<&Event::run_started>,
     .called = bytes<&Event::run_started, &proto::RunStarted::workflow>,
     .payload = bytes<&Event::run_started, &proto::RunStarted::input>,
     .principal = bytes<&Event::run_started, &proto::RunStarted::principal>},
    {.kind = Event::kActivityCompleted,
     .name = "ActivityCompleted",
     .role = Role::kInput,
     .answers = Answer::kResult,
     .body = body<&Event::activity_completed>,
     .id = id<&Event::activity_completed>,
     .payload = bytes<&Event::activity_completed, &proto::ActivityCompleted::result>,
     .principal = bytes<&Event::activity_completed, &proto::ActivityCompleted::principal>},
    {.kind = Event::kActivityFailed,
     .name = "ActivityFailed",
     .role = Role::kInput,
     .answers = Answer::kFailure,
     .body = body<&Event::activity_failed>,
     .id = id<&Event::activity_failed>,
     .failure = failure<&Event::activity_failed>,
     .principal = bytes<&Event::activity_failed, &proto::ActivityFailed::principal>},
    {.kind = Event::kStepCompleted,
     .name = "StepCompleted",
     .role = Role::kInput,
     .answers = Answer::kResult,
     .body = body<&Event::step_completed>,
     .id = id<&Event::step_completed>,
     .payload = bytes<&Event::step_completed, &proto::StepCompleted::result>},
    {.kind = Event::kStepFailed,
     .name = "StepFailed",
     .role = Role::kInput,
     .answers = Answer::kFailure,
     .body = body<&Event::step_failed>,
     .id = id<&Event::step_failed>,
     .failure = failure<&Event::step_failed>},
    {.kind = Event::kTimerFired,
     .name = "TimerFired",
     .role = Role::kInput,
     .answers = Answer::kResult,
     .body = body<&Event::timer_fired>,
     .id = id<&Event::timer_fired>},
    {.kind = Event::kSignalReceived,
     .name = "SignalReceived",
     .role = Role::kInput,
     .body = body<&Event::signal_received>,
     .called = bytes<&Event::signal_received, &proto::SignalReceived::name>,
     .payload = bytes<&Event::signal_received, &proto::SignalReceived::input>,
     .principal = bytes<&Event::signal_received, &proto::SignalReceived::principal>},
    {.kind = Event::kCancelRequested,
     .name = "CancelRequested",
     .role = Role::kInput,
     .body = body<&Event::cancel_requested>,
     .remark = bytes<&Event::cancel_requested, &proto::CancelRequested::reason>,
     .principal = bytes<&Event::cancel_requested, &proto::CancelRequested::principal>},
    {.kind = Event::kRunTerminated,
     .name = "RunTerminated",
     .role = Role::kInput,
     .ends = RunStatus::kTerminated,
     .body = body<&Event::run_terminated>,
     .remark = bytes<&Event::run_terminated, &proto::RunTerminated::reason>,
     .principal = bytes<&Event::run_terminated, &proto::RunTerminated::principal>},
    {.kind = Event::kRunTimedOut,
     .name = "RunTimedOut",
     .role = Role::kInput,
     .ends = RunStatus::kTimedOut,
     .body = body<&Event::run_timed_out>},
    {.kind = Event::kAttemptFailed,
     .name = "AttemptFailed",
     .role = Role::kBookkeeping,
     .answers = Answer::kAttemptFailed,
     .body = body<&Event::attempt_failed>,
     .id = id<&Event::attempt_failed>,
     .payload = bytes<&Event::attempt_failed, &proto::AttemptFailed::heartbeat>,
     .failure = failure<&Event::attempt_failed>,
     .principal = bytes<&Event::attempt_failed, &proto::AttemptFailed::principal>,
     .detail = attempt_detail},
    {.kind = Event::kHeartbeatRecorded,
     .name = "HeartbeatRecorded",
     .role = Role::kBookkeeping,
     .answers = Answer::kHeartbeat,
     .body = body<&Event::heartbeat_recorded>,
     .id = id<&Event::heartbeat_recorded>,
     .payload = bytes<&Event::heartbeat_recorded, &proto::HeartbeatRecorded::heartbeat>,
     .principal = bytes<&Event::heartbeat_recorded, &proto::HeartbeatRecorded::principal>},
    {.kind = Event::kUpdateReceived,
     .name = "UpdateReceived",
     .role = Role::kInput,
     .body = body<&Event::update_received>,
     .called = bytes<&Event::update_received, &proto::UpdateReceived::name>,
     .payload = bytes<&Event::update_received, &proto::UpdateReceived::input>,
     .principal = bytes<&Event::update_received, &proto::UpdateReceived::principal>},
    {.kind = Event::kMessageDelivered,
     .name = "MessageDelivered",
     .role = Role::kInput,
     .answers = Answer::kResult,
     .body = body<&Event::message_delivered>,
     .id = id<&Event::message_delivered>},
    {.kind = Event::kMessageRefused,
     .name = "MessageRefused",
     .role = Role::kInput,
     .answers = Answer::kFailure,
     .body = body<&Event::message_refused>,
     .id = id<&Event::message_refused>,
     .failure = failure<&Event::message_refused>},
    {.kind = Event::kAttemptLeftOpen,
     .name = "AttemptLeftOpen",
     .role = Role::kBookkeeping,
     .answers = Answer::kLeftOpen,
     .body = body<&Event::attempt_left_open>,
     .id = id<&Event::attempt_left_open>,
     .detail = open_attempt_detail},
    {.kind = Event::kChildStarted,
     .name = "ChildStarted",
     .role = Role::kInput,
     .answers = Answer::kStarted,
     .body = body<&Event::child_started>,
     .id = id<&Event::child_started>},
    {.kind = Event::kChildCompleted,
     .name = "ChildCompleted",
     .role = Role::kInput,
     .answers = Answer::kResult,
     .body = body<&Event::child_completed>,
     .id = id<&Event::child_completed>,
     .payload = bytes<&Event::child_completed, &proto::ChildCompleted::result>},
    {.kind = Event::kChildFailed,
     .name = "ChildFailed",
     .role = Role::kInput,
     .answers = Answer::kFailure,
     .body = body<&Event::child_failed>,
     .id = id<&Event::child_failed>,
     .failure = failure<&Event::child_failed>},
    {.kind = Event::kCheckpointTaken,
     .name = "CheckpointTaken",
     .role = Role::kInput,
     .body = body<&Event::checkpoint_taken>},
    {.kind = Event::kDelayEnded,
     .name = "DelayEnded",
     .role = Role::kInput,
     .body = body<&Event::delay_ended>},
    {.kind = Event::kRunCalledOff,
     .name = "RunCalledOff",
     .role = Role::kInput,
     .ends = RunStatus::kCancelled,
     .body = body<&Event::run_called_off>},
    {.kind = Event::kTransactionCompleted,
     .name = "TransactionCompleted",
     .role = Role::kInput,
     .answers = Answer::kResult,
     .body = body<&Event::transaction_completed>,
     .id = id<&Event::transaction_completed>,
     .payload = bytes<&Event::transaction_completed, &proto::TransactionCompleted::result>,
     .detail = transaction_detail},
    {.kind = Event::kTransactionFailed,
     .name = "TransactionFailed",
     .role = Role::kInput,
     .answers = Answer::kFailure,
     .body = body<&Event::transaction_failed>,
     .id = id<&Event::transaction_failed>,
     .failure = failure<&Event::transaction_failed>},
    {.kind = Event::kRunPaused,
     .name = "RunPaused",
     .role = Role::kBookkeeping,
     .body = body<&Event::run_paused>,
     .remark = bytes<&Event::run_paused, &proto::RunPaused::reason>,
     .principal = bytes<&Event::run_paused, &proto::RunPaused::principal>},
    {.kind = Event::kRunResumed,
     .name = "RunResumed",
     .role = Role::kBookkeeping,
     .body = body<&Event::run_resumed>,
     .remark = bytes<&Event::run_resumed, &proto::RunResumed::reason>,
     .principal = bytes<&Event::run_resumed, &proto::RunResumed::principal>},
    {.kind = Event::kRunReset,
     .name = "RunReset",
     .role = Role::kInput,
     .body = body<&Event::run_reset>,
     .remark = bytes<&Event::run_reset, &proto::RunReset::reason>,
     .principal = bytes<&Event::run_reset, &proto::RunReset::principal>,
     .detail = reset_detail},
    {.kind = Event::kRunForked,
     .name = "RunForked",
     .role = Role::kInput,
     .body = body<&Event::run_forked>,
     .remark = bytes<&Event::run_forked, &proto::RunForked::reason>,
     .principal = bytes<&Event::run_forked, &proto::RunForked::principal>,
     .detail = fork_detail},

    // Commands: the code asked for something.
    {.kind = Event::kActivityScheduled,
     .name = "ActivityScheduled",
     .role = Role::kCommand,
     .opens = Operation::kActivity,
     .body = body<&Event::activity_scheduled>,
     .id = id<&Event::activity_scheduled>,
     .called = bytes<&Event::activity_scheduled, &ActivityScheduled::name>,
     .payload = bytes<&Event::activity_scheduled, &ActivityScheduled::input>,
     .same = same<&Event::activity_scheduled, &ActivityScheduled::id, &ActivityScheduled::name>,
     .strict = true,
     .outline = outline_activity},
    {.kind = Event::kStepScheduled,
     .name = "StepScheduled",
     .role = Role::kCommand,
     .opens = Operation::kStep,
     .body = body<&Event::step_scheduled>,
     .id = id<&Event::step_scheduled>,
     .called = bytes<&Event::step_scheduled, &StepScheduled::name>,
     .same = same<&Event::step_scheduled, &StepScheduled::id, &StepScheduled::name>,
     .strict = true,
     .outline = outline_step},
    {.kind = Event::kTimerStarted,
     .name = "TimerStarted",
     .role = Role::kCommand,
     .opens = Operation::kTimer,
     .body = body<&Event::timer_started>,
     .id = id<&Event::timer_started>,
     .detail = timer_detail,
     .same = same<&Event::timer_started, &proto::TimerStarted::id>,
     .strict = true},
    {.kind = Event::kSideEffectRecorded,
     .name = "SideEffectRecorded",
     .role = Role::kCommand,
     .body = body<&Event::side_effect_recorded>,
     .payload = bytes<&Event::side_effect_recorded, &proto::SideEffectRecorded::value>,
     .outline = outline_kind<&Event::mutable_side_effect_recorded>},
    {.kind = Event::kRunCompleted,
     .name = "RunCompleted",
     .role = Role::kCommand,
     .ends = RunStatus::kCompleted,
     .body = body<&Event::run_completed>,
     .payload = bytes<&Event::run_completed, &proto::RunCompleted::result>,
     .strict = true,
     .outline = outline_kind<&Event::mutable_run_completed>},
    {.kind = Event::kRunFailed,
     .name = "RunFailed",
     .role = Role::kCommand,
     .ends = RunStatus::kFailed,
     .body = body<&Event::run_failed>,
     .failure = failure<&Event::run_failed>,
     .strict = true,
     .outline = outline_kind<&Event::mutable_run_failed>},
    {.kind = Event::kTimerCancelled,
     .name = "TimerCancelled",
     .role = Role::kCommand,
     .answers = Answer::kGivenUp,
     .body = body<&Event::timer_cancelled>,
     .id = id<&Event::timer_cancelled>,
     .same = same<&Event::timer_cancelled, &proto::TimerCancelled::id>},
    {.kind = Event::kActivityCancelRequested,
     .name = "ActivityCancelRequested",
     .role = Role::kCommand,
     .answers = Answer::kGivenUp,
     .body = body<&Event::activity_cancel_requested>,
     .id = id<&Event::activity_cancel_requested>,
     .same = same<&Event::activity_cancel_requested, &proto::ActivityCancelRequested::id>},
    {.kind = Event::kRunCancelled,
     .name = "RunCancelled",
     .role = Role::kCommand,
     .ends = RunStatus::kCancelled,
     .body = body<&Event::run_cancelled>},
    {.kind = Event::kPatchRecorded,
     .name = "PatchRecorded",
     .role = Role::kCommand,
     .body = body<&Event::patch_recorded>,
     .called = bytes<&Event::patch_recorded, &PatchRecorded::change_id>,
     .same = same<&Event::patch_recorded, &PatchRecorded::change_id>},
    {.kind = Event::kUpdateCompleted,
     .name = "UpdateCompleted",
     .role = Role::kCommand,
     .body = body<&Event::update_completed>,
     .payload = bytes<&Event::update_completed, &UpdateCompleted::result>,
     .failure = update_failure,
     .detail = update_detail,
     .same = same<&Event::update_completed, &UpdateCompleted::update_id>,
     .strict = true,
     .outline = outline_update},
    {.kind = Event::kStepAbandoned,
     .name = "StepAbandoned",
     .role = Role::kCommand,
     .answers = Answer::kGivenUp,
     .body = body<&Event::step_abandoned>,
     .id = id<&Event::step_abandoned>,
     .same = same<&Event::step_abandoned, &proto::StepAbandoned::id>},
    {.kind = Event::kSignalSetAside,
     .name = "SignalSetAside",
     .role = Role::kCommand,
     .body = body<&Event::signal_set_aside>,
     .called = bytes<&Event::signal_set_aside, &SignalSetAside::name>,
     .remark = bytes<&Event::signal_set_aside, &SignalSetAside::why>,
     .same = same<&Event::signal_set_aside,
                  &SignalSetAside::event,
                  &SignalSetAside::looks,
                  &SignalSetAside::name>,
     .outline = outline_set_aside},
    {.kind = Event::kDecisionRecorded,
     .name = "DecisionRecorded",
     .role = Role::kCommand,
     .body = body<&Event::decision_recorded>,
     .called = bytes<&Event::decision_recorded, &DecisionRecorded::what>,
     .detail = decision_detail,
     .same = same<&Event::decision_recorded, &DecisionRecorded::what, &DecisionRecorded::outcome>},
    {.kind = Event::kRunContinuedAsNew,
     .name = "RunContinuedAsNew",
     .role = Role::kCommand,
     .ends = RunStatus::kContinuedAsNew,
     .body = body<&Event::run_continued_as_new>,
     .called = bytes<&Event::run_continued_as_new, &RunContinuedAsNew::workflow>,
     .payload = bytes<&Event::run_continued_as_new, &RunContinuedAsNew::input>,
     .same = same<&Event::run_continued_as_new, &RunContinuedAsNew::workflow>,
     .strict = true,
     .outline = outline_continued},
    {.kind = Event::kSignalSent,
     .name = "SignalSent",
     .role = Role::kCommand,
     .opens = Operation::kMessage,
     .body = body<&Event::signal_sent>,
     .id = id<&Event::signal_sent>,
     .called = bytes<&Event::signal_sent, &SignalSent::name>,
     .payload = bytes<&Event::signal_sent, &SignalSent::input>,
     .detail = signal_sent_detail,
     .same = same<&Event::signal_sent,
                  &SignalSent::id,
                  &SignalSent::name,
                  &SignalSent::workflow_id,
                  &SignalSent::run_id,
                  &SignalSent::of_chain>,
     .strict = true,
     .outline = outline_signal_sent},
    {.kind = Event::kCancelSent,
     .name = "CancelSent",
     .role = Role::kCommand,
     .opens = Operation::kMessage,
     .body = body<&Event::cancel_sent>,
     .id = id<&Event::cancel_sent>,
     .remark = bytes<&Event::cancel_sent, &CancelSent::reason>,
     .detail = cancel_sent_detail,
     .same = same<&Event::cancel_sent,
                  &CancelSent::id,
                  &CancelSent::workflow_id,
                  &CancelSent::run_id,
                  &CancelSent::of_chain>,
     .strict = true},
    {.kind = Event::kSettingRecorded,
     .name = "SettingRecorded",
     .role = Role::kCommand,
     .body = body<&Event::setting_recorded>,
     .called = bytes<&Event::setting_recorded, &SettingRecorded::name>,
     .payload = bytes<&Event::setting_recorded, &SettingRecorded::value>,
     .detail = setting_detail,
     .same = same<&Event::setting_recorded, &SettingRecorded::name, &SettingRecorded::type>,
     .strict = true,
     .outline = outline_setting},
    {.kind = Event::kChildScheduled,
     .name = "ChildScheduled",
     .role = Role::kCommand,
     .opens = Operation::kChild,
     .body = body<&Event::child_scheduled>,
     .id = id<&Event::child_scheduled>,
     .called = bytes<&Event::child_scheduled, &ChildScheduled::workflow>,
     .payload = bytes<&Event::child_scheduled, &ChildScheduled::input>,
     .detail = child_detail,
     .same = same<&Event::child_scheduled,
                  &ChildScheduled::id,
                  &ChildScheduled::workflow,
                  &ChildScheduled::workflow_id>,
     .strict = true,
     .outline = outline_child},
    {.kind = Event::kActivityCancelAwaited,
     .name = "ActivityCancelAwaited",
     .role = Role::kCommand,
     .answers = Answer::kCancelAwaited,
     .body = body<&Event::activity_cancel_awaited>,
     .id = id<&Event::activity_cancel_awaited>,
     .same = same<&Event::activity_cancel_awaited, &proto::ActivityCancelAwaited::id>},
    {.kind = Event::kCheckpoint,
     .name = "Checkpoint",
     .role = Role::kCommand,
     .body = body<&Event::checkpoint>,
     .payload = bytes<&Event::checkpoint, &Checkpoint::input>,
     .strict = true,
     .outline = outline_kind<&Event::mutable_checkpoint>},
    {.kind = Event::kTransactionRequested,
     .name = "TransactionRequested",
     .role = Role::kCommand,
     .opens = Operation::kTransaction,
     .body = body<&Event::transaction_requested>,
     .id = id<&Event::transaction_requested>,
     .called = bytes<&Event::transaction_requested, &TransactionRequested::name>,
     .same = same<&Event::transaction_requested,
                  &TransactionRequested::id,
                  &TransactionRequested::name>,
     .strict = true},
};

constexpr std::array<const Row*, kKindNumbers> by_kind() {
  std::array<const Row*, kKindNumbers> table{};
  table.fill(&kUnknown);
  for (const Row& row : kRows) table.at(row.kind) = &row;
  return table;
}

}  // namespace

constexpr std::array<const Row*, kKindNumbers> kRowOfKind = by_kind();

std::string_view to_string(Operation operation) {
  switch (operation) {
    case Operation::kNone:
      break;
    case Operation::kActivity:
      return "activity";
    case Operation::kStep:
      return "step";
    case Operation::kTimer:
      return "timer";
    case Operation::kMessage:
      return "message";
    case Operation::kChild:
      return "child";
    case Operation::kTransaction:
      return "transaction";
  }
  return "nothing";
}

std::span<const Row> rows() {
  return kRows;
}

const Row* row_named(std::string_view name) {
  const auto found = std::find_if(std::begin(kRows), std::end(kRows),
                                  [&](const Row& row) { return row.name == name; });
  return found == std::end(kRows) ? nullptr : found;
}

}  // namespace reprise::event
