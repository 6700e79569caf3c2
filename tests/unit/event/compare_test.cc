#include "event/compare.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

#include "event/causes.h"
#include "tests/unit/event/any_event.h"

namespace reprise::event {
namespace compare_test {

using proto::Event;

bool is_identity(const Field& field) {
  static const std::set<std::string> kIdentity = {
      "id",      "change_id",   "update_id", "name", "event",    "looks",   "what",
      "outcome", "workflow_id", "run_id",    "type", "workflow", "of_chain"};
  // The ids of the next run and of a child are taken from the log.
  if (field.full_name() == "reprise.proto.RunContinuedAsNew.run_id") return false;
  if (field.full_name() == "reprise.proto.ChildScheduled.run_id") return false;
  return kIdentity.contains(field.name());
}

// What code computes, or a codec says, and does not say again on replay. Headers are those of
// interceptors, which come and go.
bool never_counts(const Field& field) {
  if (field.name() == "headers") return true;
  static const std::set<std::string> kNever = {"reprise.proto.SideEffectRecorded.value",
                                               "reprise.proto.PatchRecorded.deprecated",
                                               "reprise.proto.SignalSetAside.why"};
  return kNever.contains(field.full_name());
}

Event changed(const Row& row, const Field& field) {
  Event event = any_event(row.kind);
  Message* body = body_of(&event, row.kind);
  body->GetReflection()->ClearField(body, &field);
  if (field.cpp_type() != Field::CPPTYPE_BOOL) set(body, field, 100);
  return event;
}

TEST(Compare, EachFieldThatIsChangedIsFound) {
  for (const Row& row : rows()) {
    if (row.role != Role::kCommand) continue;
    const Event recorded = any_event(row.kind);
    EXPECT_TRUE(same_command(recorded, recorded)) << row.name;
    EXPECT_TRUE(same_input(recorded, recorded)) << row.name;
    for_each_field(row, [&](const Field& field) {
      const Event attempted = changed(row, field);
      EXPECT_EQ(same_command(recorded, attempted), !is_identity(field)) << field.full_name();
      if (is_identity(field)) return;
      EXPECT_EQ(same_input(recorded, attempted), never_counts(field)) << field.full_name();
    });
  }
}

// Fields within the options and the failure too.
TEST(Compare, EachFieldBelowIsFoundInStrictMode) {
  int looked_at = 0;
  for (const Row& row : rows()) {
    if (row.role != Role::kCommand) continue;
    const Event recorded = any_event(row.kind);
    for_each_field(row, [&](const Field& field) {
      if (field.message_type() == nullptr || never_counts(field)) return;
      for (int i = 0; i < field.message_type()->field_count(); ++i) {
        Event attempted = recorded;
        Message* body = body_of(&attempted, row.kind);
        const auto* reflection = body->GetReflection();
        Message* inner = field.is_repeated() ? reflection->MutableRepeatedMessage(body, &field, 0)
                                             : reflection->MutableMessage(body, &field);
        const Field& below = *field.message_type()->field(i);
        if (below.message_type() == field.message_type()) continue;
        inner->GetReflection()->ClearField(inner, &below);
        EXPECT_FALSE(same_input(recorded, attempted)) << row.name << ": " << below.full_name();
        ++looked_at;
      }
    });
  }
  EXPECT_GT(looked_at, 20);
}

TEST(Compare, TheCallSiteNeverCounts) {
  for (const Row& row : rows()) {
    Event moved = any_event(row.kind);
    moved.mutable_call_site()->set_line(1'000);
    EXPECT_TRUE(same_command(any_event(row.kind), moved)) << row.name;
    EXPECT_TRUE(same_input(any_event(row.kind), moved)) << row.name;
  }
}

TEST(Compare, OfTwoKindsNoTwoAreTheSame) {
  for (const Row& one : rows()) {
    for (const Row& other : rows()) {
      EXPECT_EQ(same_command(any_event(one.kind), any_event(other.kind)), &one == &other)
          << one.name << ", " << other.name;
    }
  }
}

proto::Failure nested(int causes) {
  proto::Failure failure;
  failure.set_message("outermost");
  proto::Failure* at = &failure;
  for (int i = 0; i < causes; ++i) at = at->mutable_cause();
  return failure;
}

TEST(Compare, AFailureThatWasCutIsNotCompared) {
  for (const int causes : {kMaxCauses - 1, kMaxCauses}) {
    Event recorded;
    *recorded.mutable_run_failed()->mutable_failure() = nested(causes);
    Event attempted = recorded;
    attempted.mutable_run_failed()->mutable_failure()->set_message("in its own words");
    EXPECT_EQ(same_input(recorded, attempted), causes == kMaxCauses) << causes;
  }
}

}  // namespace compare_test
}  // namespace reprise::event
