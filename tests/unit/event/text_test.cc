#include "event/text.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

#include "tests/unit/event/any_event.h"

namespace reprise::event {
namespace text_test {

using proto::Event;

TEST(EventText, AnEventIsItsKindAndWhatTellsItApart) {
  std::string all;
  for (const Row& row : rows()) all += describe(any_event(row.kind)) + "\n";
  EXPECT_EQ(all,
            "RunStarted workflow2\n"
            "ActivityCompleted #1\n"
            "ActivityFailed #1\n"
            "StepCompleted #1\n"
            "StepFailed #1\n"
            "TimerFired #1\n"
            "SignalReceived name0\n"
            "CancelRequested\n"
            "RunTerminated\n"
            "RunTimedOut\n"
            "AttemptFailed #1 attempt 2\n"
            "HeartbeatRecorded #1\n"
            "UpdateReceived name1\n"
            "MessageDelivered #1\n"
            "MessageRefused #1\n"
            "AttemptLeftOpen #1 attempt 2\n"
            "ChildStarted #1\n"
            "ChildCompleted #1\n"
            "ChildFailed #1\n"
            "CheckpointTaken\n"
            "DelayEnded\n"
            "RunCalledOff\n"
            "TransactionCompleted #1, rows changed: 1\n"
            "TransactionFailed #1\n"
            "RunPaused\n"
            "RunResumed\n"
            "RunReset to event 3\n"
            "RunForked at event 4 of from_workflow_id2\n"
            "ActivityScheduled name1\n"
            "StepScheduled name1\n"
            "TimerStarted 2ms\n"
            "SideEffectRecorded\n"
            "RunCompleted\n"
            "RunFailed\n"
            "TimerCancelled #1\n"
            "ActivityCancelRequested #1\n"
            "RunCancelled\n"
            "PatchRecorded change_id0\n"
            "UpdateCompleted update_id0\n"
            "StepAbandoned #1\n"
            "SignalSetAside name2\n"
            "DecisionRecorded what0: true\n"
            "RunContinuedAsNew workflow1\n"
            "SignalSent name3 to workflow_id1\n"
            "CancelSent to workflow_id1\n"
            "SettingRecorded name0 (double)\n"
            "ChildScheduled workflow3 as workflow_id2\n"
            "ActivityCancelAwaited #1\n"
            "Checkpoint\n"
            "TransactionRequested name1\n");
}

TEST(EventText, SettingsThatAreNoAttributesShowNoType) {
  Event event;
  event.mutable_setting_recorded()->set_name("stage");
  event.mutable_setting_recorded()->set_value("\x01");
  EXPECT_EQ(describe(event), "SettingRecorded stage");
  event.mutable_setting_recorded()->set_type(proto::SettingRecorded::TIME);
  EXPECT_EQ(describe(event), "SettingRecorded stage (time)");
  event.mutable_setting_recorded()->set_type(static_cast<proto::SettingRecorded::Type>(77));
  EXPECT_EQ(describe(event), "SettingRecorded stage (unknown)");
}

TEST(EventText, ForeignTextIsFitToBeShown) {
  Event event;
  event.mutable_signal_received()->set_name("a\x1b[2J");
  event.mutable_call_site()->set_file("shop/\n.cc");
  event.mutable_call_site()->set_line(7);
  EXPECT_EQ(describe(event), "SignalReceived a\\x1b[2J");
  EXPECT_EQ(place_of(event), "shop/\\n.cc:7");
}

TEST(EventText, APlaceThatWasNotRecordedIsEmpty) {
  EXPECT_EQ(place_of(Event()), "");
  EXPECT_EQ(place_of(any_event(Event::kTimerStarted)), "shop/checkout.cc:38");
}

TEST(EventText, DurationsAreInTheirLargestWholeUnit) {
  EXPECT_EQ(short_duration(0), "0ms");
  EXPECT_EQ(short_duration(1'500), "1500ms");
  EXPECT_EQ(short_duration(2'000), "2s");
  EXPECT_EQ(short_duration(90 * 60'000), "90min");
  EXPECT_EQ(short_duration(24 * 3'600'000), "24h");
  EXPECT_EQ(short_duration(-1), "-1ms");
}

// It is kept for a report, after the turn it was in is gone.
TEST(EventText, TheOutlineReadsTheSameAndHasNoPayloadAndNoStack) {
  Event out;
  for (const Row& row : rows()) {
    if (row.role != Role::kCommand) continue;
    const Event event = any_event(row.kind);
    outline(event, &out);
    EXPECT_EQ(describe(out), describe(event));
    EXPECT_EQ(place_of(out), place_of(event));
    EXPECT_EQ(out.call_site().stack(), 0U) << row.name;
    if (row.payload != nullptr) {
      EXPECT_EQ(row.payload(out), "") << row.name;
    }
    if (row.failure != nullptr && row.failure(out) != nullptr) {
      EXPECT_FALSE(row.failure(out)->has_cause()) << row.name;
      EXPECT_EQ(row.failure(out)->message(), "") << row.name;
    }
  }
  Event nowhere = any_event(Event::kTimerStarted);
  nowhere.clear_call_site();
  outline(nowhere, &out);
  EXPECT_FALSE(out.has_call_site());
}

}  // namespace text_test
}  // namespace reprise::event
