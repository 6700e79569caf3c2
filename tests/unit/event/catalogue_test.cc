#include "event/catalogue.h"

#include <fstream>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "event/text.h"
#include "proto/fields.h"
#include "tests/unit/event/any_event.h"

namespace reprise::event {
namespace catalogue_test {

using proto::Event;
using ::testing::ElementsAreArray;

const google::protobuf::OneofDescriptor& kinds() {
  return *Event::descriptor()->FindOneofByName("kind");
}

TEST(Catalogue, EveryKindOfEventHasARowInTheOrderOfTheFormat) {
  std::vector<std::string> of_format;
  std::vector<std::string> of_rows;
  for (int i = 0; i < kinds().field_count(); ++i) {
    const Field& field = *kinds().field(i);
    of_format.push_back(field.message_type()->name());
    EXPECT_LT(field.number(), static_cast<int>(kKindNumbers));
    EXPECT_EQ(row_of(static_cast<Event::KindCase>(field.number())).name,
              field.message_type()->name());
  }
  for (const Row& row : rows()) {
    of_rows.emplace_back(row.name);
    EXPECT_EQ(&row_of(row.kind), &row);
    EXPECT_EQ(row_named(row.name), &row);
  }
  EXPECT_THAT(of_rows, ElementsAreArray(of_format));
}

TEST(Catalogue, OfAKindThatIsNotKnownTheRowSaysSo) {
  const Event newer;
  EXPECT_EQ(row_of(newer).name, "unknown event");
  EXPECT_EQ(row_of(newer).role, Role::kUnknown);
  EXPECT_FALSE(is_bookkeeping(newer));
  EXPECT_EQ(describe(newer), "unknown event");
  EXPECT_EQ(row_named("unknown event"), nullptr);
  std::size_t unknown = 0;
  for (const Row* row : kRowOfKind) unknown += row->kind == Event::KIND_NOT_SET ? 1 : 0;
  EXPECT_EQ(unknown + rows().size(), kKindNumbers) << "a number that no kind has";
}

// What log.proto says above the kinds.
std::vector<Role> roles_in_the_format() {
  std::ifstream format(REPRISE_SOURCE_DIR "/proto/log.proto");
  std::vector<Role> roles;
  std::string line;
  Role section = Role::kUnknown;
  while (std::getline(format, line) && line.find("oneof kind") == line.npos) {
  }
  while (std::getline(format, line) && line.find("  }") != 0) {
    if (line.find("---- inputs") != line.npos) section = Role::kInput;
    if (line.find("---- command events") != line.npos) section = Role::kCommand;
    if (line.find(" = ") != line.npos) roles.push_back(section);
  }
  return roles;
}

TEST(Catalogue, RolesAreThoseOfTheFormat) {
  const std::vector<Role> expected = roles_in_the_format();
  ASSERT_EQ(expected.size(), rows().size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const Row& row = rows()[i];
    EXPECT_EQ(row.role == Role::kBookkeeping ? Role::kInput : row.role, expected[i]) << row.name;
  }
}

std::string meaning(const Row& row) {
  constexpr std::string_view kRoles[] = {"?", "input", "bookkeeping", "command"};
  constexpr std::string_view kAnswers[] = {"",           " result",         " failure",
                                           " given up",  " attempt failed", " heartbeat",
                                           " left open", " started",        " cancel awaited"};
  std::string text(row.name);
  text += ": ";
  text += kRoles[static_cast<std::size_t>(row.role)];
  if (row.opens != Operation::kNone) text += " opens " + std::string(to_string(row.opens));
  text += kAnswers[static_cast<std::size_t>(row.answers)];
  if (row.ends) text += " ends " + std::string(to_string(*row.ends));
  return text;
}

// Histories mean this for ever; a new kind adds a line.
TEST(Catalogue, WhatEachKindDoes) {
  std::vector<std::string> meanings;
  for (const Row& row : rows()) meanings.push_back(meaning(row));
  EXPECT_THAT(meanings, ::testing::ElementsAre("RunStarted: input",                               //
                                               "ActivityCompleted: input result",                 //
                                               "ActivityFailed: input failure",                   //
                                               "StepCompleted: input result",                     //
                                               "StepFailed: input failure",                       //
                                               "TimerFired: input result",                        //
                                               "SignalReceived: input",                           //
                                               "CancelRequested: input",                          //
                                               "RunTerminated: input ends Terminated",            //
                                               "RunTimedOut: input ends TimedOut",                //
                                               "AttemptFailed: bookkeeping attempt failed",       //
                                               "HeartbeatRecorded: bookkeeping heartbeat",        //
                                               "UpdateReceived: input",                           //
                                               "MessageDelivered: input result",                  //
                                               "MessageRefused: input failure",                   //
                                               "AttemptLeftOpen: bookkeeping left open",          //
                                               "ChildStarted: input started",                     //
                                               "ChildCompleted: input result",                    //
                                               "ChildFailed: input failure",                      //
                                               "CheckpointTaken: input",                          //
                                               "DelayEnded: input",                               //
                                               "RunCalledOff: input ends Cancelled",              //
                                               "TransactionCompleted: input result",              //
                                               "TransactionFailed: input failure",                //
                                               "RunPaused: bookkeeping",                          //
                                               "RunResumed: bookkeeping",                         //
                                               "RunReset: input",                                 //
                                               "RunForked: input",                                //
                                               "ActivityScheduled: command opens activity",       //
                                               "StepScheduled: command opens step",               //
                                               "TimerStarted: command opens timer",               //
                                               "SideEffectRecorded: command",                     //
                                               "RunCompleted: command ends Completed",            //
                                               "RunFailed: command ends Failed",                  //
                                               "TimerCancelled: command given up",                //
                                               "ActivityCancelRequested: command given up",       //
                                               "RunCancelled: command ends Cancelled",            //
                                               "PatchRecorded: command",                          //
                                               "UpdateCompleted: command",                        //
                                               "StepAbandoned: command given up",                 //
                                               "SignalSetAside: command",                         //
                                               "DecisionRecorded: command",                       //
                                               "RunContinuedAsNew: command ends ContinuedAsNew",  //
                                               "SignalSent: command opens message",               //
                                               "CancelSent: command opens message",               //
                                               "SettingRecorded: command",                        //
                                               "ChildScheduled: command opens child",             //
                                               "ActivityCancelAwaited: command cancel awaited",   //
                                               "Checkpoint: command",                             //
                                               "TransactionRequested: command opens transaction"));
}

TEST(Catalogue, AnIdIsThatOfAnOperationThatBeginsOrIsAnswered) {
  for (const Row& row : rows()) {
    const bool has_id = field_named(row, "id") != nullptr;
    EXPECT_EQ(row.id != nullptr, has_id) << row.name;
    EXPECT_EQ(row.opens != Operation::kNone || row.answers != Answer::kNone, has_id) << row.name;
    EXPECT_FALSE(row.opens != Operation::kNone && row.answers != Answer::kNone) << row.name;
    if (row.id == nullptr) continue;
    Event event;
    set(body_of(&event, row.kind), *field_named(row, "id"), 41);
    EXPECT_EQ(row.id(event), 42U) << row.name;
    EXPECT_EQ(row.id(Event()), 0U) << row.name;
  }
}

TEST(Catalogue, TheBodyIsTheMessageOfTheKind) {
  for (const Row& row : rows()) {
    const Event event = any_event(row.kind);
    EXPECT_EQ(row.body(event).GetDescriptor()->name(), row.name);
    EXPECT_GE(row.body(event).ByteSizeLong(), 2U * (field_named(row, "id") != nullptr ? 1U : 0U));
  }
}

// An accessor and the one field of the body that it must return; nullptr: there is none.
void expect_returns(const Row& row,
                    const std::string& (*accessor)(const Event&),
                    const Field* field,
                    const char* what) {
  ASSERT_EQ(accessor != nullptr, field != nullptr) << row.name << ", " << what;
  if (field == nullptr) return;
  const Event event = any_event(row.kind);
  const Message& body = row.body(event);
  EXPECT_EQ(accessor(event), body.GetReflection()->GetString(body, field)) << row.name;
  EXPECT_FALSE(accessor(event).empty()) << row.name;
}

TEST(Catalogue, ThePayloadIsTheFieldOfBytesThatIsNoText) {
  for (const Row& row : rows()) {
    const Field* payload = nullptr;
    for_each_field(row, [&](const Field& field) {
      if (field.type() != Field::TYPE_BYTES || proto::is_text(field)) return;
      if (field.name().ends_with("run_id")) return;  // sixteen bytes
      EXPECT_EQ(payload, nullptr) << row.name << " has two payloads";
      payload = &field;
    });
    expect_returns(row, row.payload, payload, "payload");
  }
}

// The field of these names that the kind has.
const Field* one_of(const Row& row, std::initializer_list<std::string_view> names) {
  const Field* found = nullptr;
  for (const std::string_view name : names) {
    const Field* field = field_named(row, name);
    if (field == nullptr) continue;
    EXPECT_EQ(found, nullptr) << row.name;
    found = field;
  }
  return found;
}

TEST(Catalogue, NamesAndReasonsAreThoseOfTheFormat) {
  for (const Row& row : rows()) {
    expect_returns(row, row.called, one_of(row, {"name", "workflow", "change_id", "what"}),
                   "called");
    expect_returns(row, row.remark, one_of(row, {"reason", "why"}), "remark");
  }
}

TEST(Catalogue, TheFailureIsReturnedWhereThereIsOne) {
  for (const Row& row : rows()) {
    ASSERT_EQ(row.failure != nullptr, field_named(row, "failure") != nullptr) << row.name;
    if (row.failure == nullptr) continue;
    const Event event = any_event(row.kind);
    ASSERT_NE(row.failure(event), nullptr) << row.name;
    EXPECT_FALSE(row.failure(event)->message().empty()) << row.name;
  }
  Event done;
  done.mutable_update_completed()->set_result("x");
  EXPECT_EQ(row_of(done).failure(done), nullptr) << "the update has not failed";
}

}  // namespace catalogue_test
}  // namespace reprise::event
