// Events of any kind, made by reflection, so that a new kind and a new field are tested without a
// change of the tests.
#pragma once
#include <cstdint>
#include <string>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <gtest/gtest.h>

#include "event/catalogue.h"

namespace reprise::event {

using Field = google::protobuf::FieldDescriptor;
using google::protobuf::Message;

inline Message* body_of(proto::Event* event, proto::Event::KindCase kind) {
  const Field* field = proto::Event::descriptor()->FindFieldByNumber(kind);
  return event->GetReflection()->MutableMessage(event, field);
}

// Gives the field a value that depends on `seed` and is never the default one.
inline void set(Message* message, const Field& field, int seed) {
  const auto* reflection = message->GetReflection();
  const auto number = static_cast<std::uint32_t>(seed) + 1;
  if (field.cpp_type() == Field::CPPTYPE_MESSAGE) {
    Message* inner = field.is_repeated() ? reflection->AddMessage(message, &field)
                                         : reflection->MutableMessage(message, &field);
    const auto* type = inner->GetDescriptor();
    for (int i = 0; i < type->field_count(); ++i) {
      if (type->field(i)->message_type() != type) set(inner, *type->field(i), seed + i);
    }
    return;
  }
  switch (field.cpp_type()) {
    case Field::CPPTYPE_INT32:
      return field.is_repeated() ? reflection->AddInt32(message, &field, seed + 1)
                                 : reflection->SetInt32(message, &field, seed + 1);
    case Field::CPPTYPE_INT64:
      return reflection->SetInt64(message, &field, seed + 1);
    case Field::CPPTYPE_UINT32:
      return field.is_repeated() ? reflection->AddUInt32(message, &field, number)
                                 : reflection->SetUInt32(message, &field, number);
    case Field::CPPTYPE_UINT64:
      return field.is_repeated() ? reflection->AddUInt64(message, &field, number)
                                 : reflection->SetUInt64(message, &field, number);
    case Field::CPPTYPE_DOUBLE:
      return reflection->SetDouble(message, &field, seed + 0.5);
    case Field::CPPTYPE_BOOL:
      return reflection->SetBool(message, &field, true);
    case Field::CPPTYPE_ENUM:
      return reflection->SetEnumValue(message, &field, 1 + seed % 5);
    case Field::CPPTYPE_STRING: {
      const std::string text = field.name() + std::to_string(seed);
      return field.is_repeated() ? reflection->AddString(message, &field, text)
                                 : reflection->SetString(message, &field, text);
    }
    case Field::CPPTYPE_FLOAT:
    case Field::CPPTYPE_MESSAGE:
      break;
  }
  FAIL() << field.full_name() << " is of a type that this test cannot set";
}

// Every field of the body set.
inline proto::Event any_event(proto::Event::KindCase kind) {
  proto::Event event;
  Message* body = body_of(&event, kind);
  const auto* type = body->GetDescriptor();
  for (int i = 0; i < type->field_count(); ++i) set(body, *type->field(i), i);
  event.mutable_call_site()->set_file("shop/checkout.cc");
  event.mutable_call_site()->set_line(38);
  event.mutable_call_site()->set_stack(3);
  return event;
}

// Calls `visit` with the descriptor of each field of the kind's body.
template <class Visit>
void for_each_field(const Row& row, Visit visit) {
  const auto* type = proto::Event::descriptor()->FindFieldByNumber(row.kind)->message_type();
  for (int i = 0; i < type->field_count(); ++i) visit(*type->field(i));
}

inline const Field* field_named(const Row& row, std::string_view name) {
  const Field* found = nullptr;
  for_each_field(row, [&](const Field& field) {
    if (field.name() == name) found = &field;
  });
  return found;
}

}  // namespace reprise::event
