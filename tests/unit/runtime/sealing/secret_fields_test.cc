// Every field of bytes of the log is one that codecs encode, or one that stays as it is for a
// reason that is said here.
#include "runtime/sealing/secret_fields.h"

#include <map>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "proto/log.pb.h"
#include "proto/summary.pb.h"

namespace reprise::sealing {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;

// Without the message that the field is in: a name means the same everywhere, but for those below.
const std::map<std::string, std::string>& plain_names() {
  static const std::map<std::string, std::string> names = {
      {"run_id", "an id"},
      {"workflow_id", "an id, by which runs are found"},
      {"from_run_id", "an id"},
      {"from_workflow_id", "an id"},
      {"first_run_id", "an id"},
      {"next_run_id", "an id"},
      {"made_as_run_id", "an id"},
      {"continued_from", "an id"},
      {"continued_from_run_id", "an id"},
      {"continued_to", "an id"},
      {"update_id", "an id, by which an update that comes again is recognised"},
      {"request_id", "an id, by which a start that comes again is recognised"},
      {"change_id", "a name in the code"},
      {"name", "of a signal, an activity, a header...: in the code"},
      {"workflow", "the name of a definition"},
      {"activity", "the name of a definition"},
      {"task_queue", "a name, by which workers are found"},
      {"principal", "who asked: the audit is for those without keys too"},
  };
  return names;
}

const std::map<std::string, std::string>& plain_fields() {
  static const std::map<std::string, std::string> fields = {
      {"Turn.sealed", "it is what comes of the others"},
      {"CallSite.file", "a place in the code"},
      {"Failure.type", "retry policies name it"},
      {"RetryPolicy.non_retryable", "names of types"},
      {"Precedence.fairness_key", "queues are ordered by it"},
      {"RowChange.table", "a name"},
      {"RowChange.key", "rows are sorted by it"},
  };
  return fields;
}

// Those of RunSummary and of what is only in summaries; the log's own are in the other file.
void add_fields(const FileDescriptor& file, std::map<std::string, const FieldDescriptor*>* out) {
  for (int i = 0; i < file.message_type_count(); ++i) {
    const Descriptor& type = *file.message_type(i);
    ASSERT_EQ(type.nested_type_count(), 0) << type.name();
    for (int j = 0; j < type.field_count(); ++j) {
      const FieldDescriptor& field = *type.field(j);
      ASSERT_NE(field.type(), FieldDescriptor::TYPE_STRING) << field.full_name();
      if (field.type() == FieldDescriptor::TYPE_BYTES) {
        out->emplace(type.name() + "." + field.name(), &field);
      }
    }
  }
}

std::map<std::string, const FieldDescriptor*> fields_of_bytes() {
  std::map<std::string, const FieldDescriptor*> fields;
  add_fields(*proto::Turn::descriptor()->file(), &fields);
  add_fields(*proto::RunSummary::descriptor()->file(), &fields);
  return fields;
}

TEST(SecretFields, EveryFieldOfBytesIsSecretOrPlainForAReason) {
  const auto fields = fields_of_bytes();
  ASSERT_GT(fields.size(), 100U);
  for (const auto& [name, field] : fields) {
    const bool plain = plain_names().contains(field->name()) || plain_fields().contains(name);
    EXPECT_NE(plain, secrecy_of(*field) != Secrecy::kPlain)
        << name << " is content of users, then it is secret (proto/text.proto); or it is not, then "
        << "say why in this test";
  }
  for (const auto& [name, why] : plain_fields()) EXPECT_TRUE(fields.contains(name)) << name;
}

TEST(SecretFields, WhatIsCopiedWithoutKeysIsSealedAlone) {
  std::set<std::string> alone;
  for (const auto& [name, field] : fields_of_bytes()) {
    if (secrecy_of(*field) == Secrecy::kAlone) alone.insert(name);
  }
  EXPECT_EQ(alone, (std::set<std::string>{"Paused.reason", "RowChange.value", "RunPaused.reason",
                                          "SettingRecorded.value"}));
}

// A summary is the fold of turns, made without keys: what of it is secret is sealed alone.
TEST(SecretFields, NoSummaryHasWhatIsSealedWithItsTurn) {
  std::map<std::string, const FieldDescriptor*> fields;
  add_fields(*proto::RunSummary::descriptor()->file(), &fields);
  for (const auto& [name, field] : fields) {
    EXPECT_NE(secrecy_of(*field), Secrecy::kInTurn) << name;
  }
}

}  // namespace
}  // namespace reprise::sealing
