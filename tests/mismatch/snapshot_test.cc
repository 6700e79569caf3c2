// The text of every kind of mismatch, compared with tests/mismatch/snapshots/*.txt. After an
// intended change: REPRISE_UPDATE_SNAPSHOTS=1 mismatch_snapshot_test writes them anew; look at the
// difference before you commit it.
#include <cstdlib>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/symbols.h"
#include "reprise/internal/registry.h"
#include "sdk/src/workflow/workflow_runner.h"
#include "tests/mismatch/shop.h"
#include "tests/support/scripted_run.h"

namespace reprise::testing::snapshot_test {
namespace {

using Kind = replay::Mismatch::Kind;
using Function = int (*)(Context&, int);

class Snapshot : public ::testing::Test {
 protected:
  static replay::WorkflowCode code(Function function) {
    auto host = std::make_shared<internal::WorkflowHost>();
    host->log = [](LogLevel, std::string_view) {};
    return internal::workflow_code(internal::workflow_function<int(int)>(function), host);
  }

  // Records a run of `function` with order 7.
  void record(Function function, std::vector<std::vector<proto::Event>> turns) {
    run_.set_code(code(function));
    proto::Event start = started();
    start.mutable_run_started()->set_input(internal::encode_arguments(std::tuple<int>(7)));
    EXPECT_EQ(run_.turn({start}), replay::TurnEnd::kBlocked);
    for (auto& inputs : turns) EXPECT_NE(run_.turn(std::move(inputs)), replay::TurnEnd::kParked);
  }

  // Replays it with other code, and compares the report with the file of that name.
  void expect_report(Function function, Kind kind, const std::string& name) {
    run_.set_code(code(function));
    ASSERT_EQ(run_.replay(), replay::TurnEnd::kParked);
    const replay::Trouble& trouble = run_.execution().trouble();
    ASSERT_TRUE(trouble.mismatch.has_value()) << trouble.report;
    EXPECT_EQ(trouble.mismatch->kind, kind) << to_string(trouble.mismatch->kind);
    const replay::RunInfo& info = run_.execution().info();
    const auto report = [&](replay::Payloads payloads) {
      return replay::report(*trouble.mismatch, info.workflow, info.workflow_id,
                            info.run_id.to_string(), &symbols_, payloads);
    };
    compare(name, report(replay::Payloads::kShown));
    EXPECT_EQ(trouble.report, report(replay::Payloads::kLeftOut));
  }

  static void compare(const std::string& name, const std::string& text) {
    const std::string path =
        std::string(REPRISE_SOURCE_DIR) + "/tests/mismatch/snapshots/" + name + ".txt";
    if (std::getenv("REPRISE_UPDATE_SNAPSHOTS") != nullptr) {
      std::ofstream(path) << text;
      return;
    }
    std::ostringstream expected;
    expected << std::ifstream(path).rdbuf();
    EXPECT_EQ(text, expected.str()) << path;
  }

  static proto::Event completed(std::uint32_t id, int result = 1) {
    return activity_completed(id, internal::encode_payload(result));
  }

  base::Symbols symbols_;
  ScriptedRun run_{[](Execution&) { return Outcome(); }, {.strict = true, .symbols = &symbols_}};
};

TEST_F(Snapshot, OtherKind) {
  record(&shop::checkout, {{completed(1)}});
  expect_report(&shop::checkout_later, Kind::kOtherKind, "other_kind");
}

TEST_F(Snapshot, OtherName) {
  record(&shop::checkout, {{completed(1)}});
  expect_report(&shop::checkout_by_bill, Kind::kOtherName, "other_name");
}

TEST_F(Snapshot, OtherId) {
  record(&shop::give_up_first, {});
  expect_report(&shop::give_up_second, Kind::kOtherId, "other_id");
}

TEST_F(Snapshot, ActivityThatIsNotCancelledAnyMore) {
  record(&shop::give_up_patiently, {});
  expect_report(&shop::give_up_nothing, Kind::kMissing, "activity_not_cancelled");
}

TEST_F(Snapshot, ActivityWithAnotherMode) {
  record(&shop::give_up_patiently, {});
  expect_report(&shop::give_up_in_another_mode, Kind::kChangedInput, "activity_in_another_mode");
}

TEST_F(Snapshot, Missing) {
  record(&shop::checkout, {{completed(1)}});
  expect_report(&shop::checkout_when_packed, Kind::kMissing, "missing");
}

TEST_F(Snapshot, Extra) {
  record(&shop::checkout_when_packed, {{completed(1)}});
  expect_report(&shop::checkout, Kind::kExtra, "extra");
}

TEST_F(Snapshot, LeftOverCommand) {
  record(&shop::checkout, {{completed(1)}});
  expect_report(&shop::checkout_for_nothing, Kind::kLeftOver, "left_over_command");
}

TEST_F(Snapshot, LeftOverAtTheEnd) {
  record(&shop::checkout, {{completed(1)}, {completed(2)}});
  proto::Turn more;
  *more.add_inputs() = signal("packed");
  run_.history().push_back(more);
  expect_report(&shop::checkout, Kind::kLeftOver, "left_over_at_the_end");
}

TEST_F(Snapshot, DecidedOtherwise) {
  record(&shop::charge_rich, {});
  expect_report(&shop::charge_richest, Kind::kDecided, "decided_otherwise");
}

TEST_F(Snapshot, OtherReceiver) {
  record(&shop::tell_the_bank, {});
  expect_report(&shop::tell_another_bank, Kind::kOtherReceiver, "other_receiver");
}

TEST_F(Snapshot, OtherType) {
  record(&shop::show_text, {});
  expect_report(&shop::show_number, Kind::kOtherType, "other_type");
}

TEST_F(Snapshot, ContinuedAsAnother) {
  record(&shop::renew, {{completed(1)}});
  expect_report(&shop::renew_yearly, Kind::kOtherName, "continued_as_another");
}

TEST_F(Snapshot, CheckpointAdded) {
  record(&shop::renew, {{completed(1)}});
  expect_report(&shop::renew_in_place, Kind::kOtherKind, "checkpoint_added");
}

TEST_F(Snapshot, CheckpointRemoved) {
  record(&shop::renew_in_place, {{completed(1)}});
  expect_report(&shop::renew, Kind::kLeftOver, "checkpoint_removed");
}

TEST_F(Snapshot, CheckpointWithAnotherInput) {
  record(&shop::renew_in_place, {{completed(1)}});
  expect_report(&shop::renew_doubled, Kind::kChangedInput, "checkpoint_with_another_input");
}

TEST_F(Snapshot, AfterACheckpoint) {
  record(&shop::renew_in_place, {{completed(1)}});
  run_.go_on();
  EXPECT_EQ(run_.turn({}), replay::TurnEnd::kBlocked);
  const proto::Turn next = run_.history()[2];
  run_.history() = {next, run_.last()};
  expect_report(&shop::checkout, Kind::kOtherName, "after_a_checkpoint");
}

TEST_F(Snapshot, OrderSwapped) {
  record(&shop::reserve_and_charge, {});
  expect_report(&shop::charge_and_reserve, Kind::kSwapped, "order_swapped");
}

TEST_F(Snapshot, ChangedInput) {
  record(&shop::checkout, {{completed(1)}});
  expect_report(&shop::checkout_doubled, Kind::kChangedInput, "changed_input");
}

TEST_F(Snapshot, ChangedResultType) {
  const std::map<std::string, int> prices{{"cents", 995}, {"rebate", 3}};
  record(&shop::ask_price, {{activity_completed(1, internal::encode_payload(prices))}});
  expect_report(&shop::ask_plain_price, Kind::kChangedType, "changed_result_type");
}

TEST_F(Snapshot, ChangedStepType) {
  record(&shop::pick, {{step_completed(1, internal::encode_payload(std::string("shelf 9")))}});
  expect_report(&shop::pick_number, Kind::kChangedType, "changed_step_type");
}

TEST_F(Snapshot, ChangedSignalType) {
  record(&shop::checkout_when_packed, {{completed(1)}});
  run_.history().emplace_back();
  *run_.history().back().add_inputs() =
      signal("packed", internal::encode_arguments(std::tuple<std::string>("two")));
  expect_report(&shop::checkout_when_packed, Kind::kChangedType, "changed_signal_type");
}

TEST_F(Snapshot, ChangedInputType) {
  record(&shop::checkout, {});
  run_.history()[0].mutable_inputs(0)->mutable_run_started()->set_input(
      internal::encode_arguments(std::tuple<std::string>("order-7")));
  expect_report(&shop::checkout, Kind::kChangedType, "changed_input_type");
}

TEST_F(Snapshot, ChildAdded) {
  record(&shop::checkout_when_packed, {{completed(1)}});
  expect_report(&shop::ship, Kind::kExtra, "child_added");
}

TEST_F(Snapshot, ChildRemoved) {
  record(&shop::ship, {{completed(1)}});
  expect_report(&shop::checkout_when_packed, Kind::kMissing, "child_removed");
}

TEST_F(Snapshot, ChildReplacedByAnActivity) {
  record(&shop::ship, {{completed(1)}});
  expect_report(&shop::checkout, Kind::kOtherKind, "child_replaced");
}

TEST_F(Snapshot, ChildOfAnotherWorkflow) {
  record(&shop::ship, {{completed(1)}});
  expect_report(&shop::ship_letter, Kind::kOtherName, "child_of_another_workflow");
}

TEST_F(Snapshot, ChildWithAnotherId) {
  record(&shop::ship, {{completed(1)}});
  expect_report(&shop::ship_elsewhere, Kind::kOtherReceiver, "child_with_another_id");
}

TEST_F(Snapshot, ChildWithAnotherInput) {
  record(&shop::ship, {{completed(1)}});
  expect_report(&shop::ship_doubled, Kind::kChangedInput, "child_with_another_input");
}

TEST_F(Snapshot, ChildWithAResultOfAnotherType) {
  proto::Event ended;
  ended.mutable_child_completed()->set_id(2);
  ended.mutable_child_completed()->set_result(internal::encode_payload(std::string("by plane")));
  record(&shop::ship, {{completed(1)}, {ended}});
  expect_report(&shop::ship_number, Kind::kChangedType, "changed_child_type");
}

TEST_F(Snapshot, ChildThatIsNotCancelledAnyMore) {
  proto::Event begun;
  begun.mutable_child_started()->set_id(1);
  begun.mutable_child_started()->set_run_id(std::string(16, 'r'));
  record(&shop::ship_and_give_up, {{begun}});
  expect_report(&shop::ship_and_wait, Kind::kMissing, "child_not_cancelled");
}

TEST_F(Snapshot, EndOfAChildThatWasNeverStarted) {
  record(&shop::ship, {{completed(1)}});
  run_.history().emplace_back();
  run_.history().back().add_inputs()->mutable_child_completed()->set_id(9);
  expect_report(&shop::ship, Kind::kOrphanInput, "end_of_a_child_never_started");
}

TEST_F(Snapshot, VersionMarkerMissing) {
  record(&shop::with_fees, {});
  expect_report(&shop::without_fees, Kind::kMarkerMissing, "version_marker_missing");
}

TEST_F(Snapshot, EventForACommandNeverMade) {
  record(&shop::two_strands, {});
  run_.history().emplace_back();
  *run_.history().back().add_inputs() = completed(9);
  expect_report(&shop::two_strands, Kind::kOrphanInput, "event_for_a_command_never_made");
}

TEST_F(Snapshot, HistoryCutShort) {
  record(&shop::checkout, {{completed(1)}});
  run_.history().erase(run_.history().begin());
  expect_report(&shop::checkout, Kind::kCutShort, "history_cut_short");
}

TEST_F(Snapshot, HistoryWithoutItsFirstEvent) {
  record(&shop::checkout, {});
  run_.history()[0].clear_inputs();
  expect_report(&shop::checkout, Kind::kCutShort, "history_without_its_first_event");
}

// A live signal is the sender's mistake: no history contradicts the code.
TEST_F(Snapshot, ASignalOfAnotherTypeIsSetAsideUntilTheCodeHasTakenIt) {
  record(&shop::checkout_when_packed, {{completed(1)}});
  EXPECT_EQ(
      run_.turn({signal("packed", internal::encode_arguments(std::tuple<std::string>("two")))}),
      replay::TurnEnd::kBlocked);
  EXPECT_THAT(run_.commands(), ::testing::ElementsAre("SignalSetAside packed"));
}

}  // namespace
}  // namespace reprise::testing::snapshot_test
