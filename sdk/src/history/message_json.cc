#include "sdk/src/history/message_json.h"

#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/unknown_field_set.h>

#include "base/ids.h"
#include "base/utf8.h"
#include "proto/fields.h"
#include "sdk/src/history/payload_json.h"

namespace reprise::internal {
namespace {

// `Message` is a template of the public headers.
using AnyMessage = google::protobuf::Message;
using google::protobuf::Reflection;

constexpr std::string_view kUnknown = "$unknown";
constexpr const char* kBytesMark = "$bytes";

bool any_field(const Field&) {
  return true;
}

bool is_run_id(const Field& field) {
  return field.type() == Field::TYPE_BYTES && field.name().ends_with("run_id");
}

bool holds_text(const Field& field) {
  return field.type() == Field::TYPE_STRING || proto::is_text(field);
}

Json bytes_to_json(const Field& field, const std::string& bytes) {
  if (is_run_id(field)) {
    if (const auto id = base::RunId::from_bytes(bytes)) return id->to_string();
  } else if (!holds_text(field)) {
    return payload_to_json(bytes);
  } else if (base::is_utf8(bytes)) {
    return bytes;
  }
  return Json::object({{kBytesMark, to_hex(bytes)}});
}

std::string bytes_from_json(const Field& field, const Json& value) {
  if (!is_run_id(field) && !holds_text(field)) return payload_from_json(value);
  if (mark_of(value) == kBytesMark) return bytes_of(value.front(), kBytesMark);
  if (holds_text(field)) return text_of(value, field.name());
  const auto id = base::RunId::parse(text_of(value, field.name()));
  if (!id) throw Malformed(field.name() + " is no UUID: " + describe_json(value));
  return std::string(id->bytes());
}

// A field's value, or one of the values of a repeated field.
struct Slot {
  const Field& field;
  int index = -1;  // of a repeated one
};

Json enum_to_json(const Field& field, int number) {
  const auto* value = field.enum_type()->FindValueByNumber(number);
  if (value == nullptr) return number;  // a newer version's
  return value->name();
}

int enum_from_json(const Field& field, const Json& value) {
  using Limits = std::numeric_limits<int>;
  if (value.is_number()) {
    return static_cast<int>(integer_of(value, Limits::min(), Limits::max(), field.name()));
  }
  const auto* known = field.enum_type()->FindValueByName(text_of(value, field.name()));
  if (known == nullptr) {
    throw Malformed(field.name() + " knows no " + describe_json(value));
  }
  return known->number();
}

Json value_to_json(const AnyMessage& from, const Slot& slot) {
  const Reflection& all = *from.GetReflection();
  const Field* field = &slot.field;
  const int i = slot.index;
  const bool one = i < 0;
  switch (field->cpp_type()) {
    case Field::CPPTYPE_INT32:
      return one ? all.GetInt32(from, field) : all.GetRepeatedInt32(from, field, i);
    case Field::CPPTYPE_INT64:
      return one ? all.GetInt64(from, field) : all.GetRepeatedInt64(from, field, i);
    case Field::CPPTYPE_UINT32:
      return one ? all.GetUInt32(from, field) : all.GetRepeatedUInt32(from, field, i);
    case Field::CPPTYPE_UINT64:
      return one ? all.GetUInt64(from, field) : all.GetRepeatedUInt64(from, field, i);
    case Field::CPPTYPE_DOUBLE:
      return float_to_json(one ? all.GetDouble(from, field)
                               : all.GetRepeatedDouble(from, field, i));
    case Field::CPPTYPE_FLOAT:
      return float_to_json(one ? all.GetFloat(from, field) : all.GetRepeatedFloat(from, field, i));
    case Field::CPPTYPE_BOOL:
      return one ? all.GetBool(from, field) : all.GetRepeatedBool(from, field, i);
    case Field::CPPTYPE_ENUM:
      return enum_to_json(
          *field, one ? all.GetEnumValue(from, field) : all.GetRepeatedEnumValue(from, field, i));
    case Field::CPPTYPE_STRING: {
      return bytes_to_json(
          *field, one ? all.GetString(from, field) : all.GetRepeatedString(from, field, i));
    }
    case Field::CPPTYPE_MESSAGE:
      return message_to_json(one ? all.GetMessage(from, field)
                                 : all.GetRepeatedMessage(from, field, i));
  }
  return nullptr;  // there is no other type
}

void put_value(const Json& value, const Field& which, AnyMessage* to) {
  const Reflection& all = *to->GetReflection();
  const Field* field = &which;
  const bool one = !which.is_repeated();
  const auto integer = [&]<class T>(T) {
    using Limits = std::numeric_limits<T>;
    if constexpr (std::is_signed_v<T>) {
      return static_cast<T>(integer_of(value, Limits::min(), Limits::max(), which.name()));
    } else {
      return static_cast<T>(unsigned_of(value, Limits::max(), which.name()));
    }
  };
  switch (which.cpp_type()) {
    case Field::CPPTYPE_INT32: {
      const auto number = integer(std::int32_t{});
      return one ? all.SetInt32(to, field, number) : all.AddInt32(to, field, number);
    }
    case Field::CPPTYPE_INT64: {
      const auto number = integer(std::int64_t{});
      return one ? all.SetInt64(to, field, number) : all.AddInt64(to, field, number);
    }
    case Field::CPPTYPE_UINT32: {
      const auto number = integer(std::uint32_t{});
      return one ? all.SetUInt32(to, field, number) : all.AddUInt32(to, field, number);
    }
    case Field::CPPTYPE_UINT64: {
      const auto number = integer(std::uint64_t{});
      return one ? all.SetUInt64(to, field, number) : all.AddUInt64(to, field, number);
    }
    case Field::CPPTYPE_DOUBLE: {
      const double number = float_of(value, which.name());
      return one ? all.SetDouble(to, field, number) : all.AddDouble(to, field, number);
    }
    case Field::CPPTYPE_FLOAT: {
      const auto number = static_cast<float>(float_of(value, which.name()));
      return one ? all.SetFloat(to, field, number) : all.AddFloat(to, field, number);
    }
    case Field::CPPTYPE_BOOL: {
      const bool flag = boolean_of(value, which.name());
      return one ? all.SetBool(to, field, flag) : all.AddBool(to, field, flag);
    }
    case Field::CPPTYPE_ENUM: {
      const int number = enum_from_json(which, value);
      return one ? all.SetEnumValue(to, field, number) : all.AddEnumValue(to, field, number);
    }
    case Field::CPPTYPE_STRING: {
      std::string bytes = bytes_from_json(which, value);
      return one ? all.SetString(to, field, std::move(bytes))
                 : all.AddString(to, field, std::move(bytes));
    }
    case Field::CPPTYPE_MESSAGE:
      return message_from_json(value,
                               one ? all.MutableMessage(to, field) : all.AddMessage(to, field));
  }
}

// Checks that the bytes have only fields that this version does not know.
void set_unknown(const Json& value, AnyMessage* message) {
  const std::string bytes = bytes_of(value, kUnknown);
  auto* fields = message->GetReflection()->MutableUnknownFields(message);
  if (!fields->ParseFromString(bytes)) throw Malformed("$unknown is no row of fields");
}

}  // namespace

void add_fields(const AnyMessage& message, Wanted wanted, Json* object) {
  const Reflection& all = *message.GetReflection();
  std::vector<const Field*> set;
  all.ListFields(message, &set);
  for (const Field* field : set) {
    if (!wanted(*field)) continue;
    if (!field->is_repeated()) {
      add_member(object, field->name(), value_to_json(message, {*field}));
      continue;
    }
    Json values = Json::array();
    for (int i = 0; i < all.FieldSize(message, field); ++i) {
      values.push_back(value_to_json(message, {*field, i}));
    }
    add_member(object, field->name(), std::move(values));
  }
  if (const auto& unknown = all.GetUnknownFields(message); !unknown.empty()) {
    std::string bytes;
    unknown.SerializeToString(&bytes);
    add_member(object, kUnknown, to_hex(bytes));
  }
}

Json message_to_json(const AnyMessage& message) {
  Json object = Json::object();
  add_fields(message, any_field, &object);
  return object;
}

void set_field(std::string_view key, const Json& value, Wanted wanted, AnyMessage* message) {
  if (key == kUnknown) return set_unknown(value, message);
  const Field* field = message->GetDescriptor()->FindFieldByName(std::string(key));
  if (field == nullptr || !wanted(*field)) {
    throw Malformed(message->GetDescriptor()->name() + " has no field '" + std::string(key) + "'");
  }
  if (!field->is_repeated()) return put_value(value, *field, message);
  if (!value.is_array()) {
    throw Malformed(field->name() + " is no array: " + describe_json(value));
  }
  for (const Json& element : value) put_value(element, *field, message);
}

void message_from_json(const Json& object, AnyMessage* message) {
  if (!object.is_object()) {
    throw Malformed(message->GetDescriptor()->name() + " is no object: " + describe_json(object));
  }
  for (const auto& [key, value] : object.get_ref<const Json::object_t&>()) {
    set_field(key, value, any_field, message);
  }
}

}  // namespace reprise::internal
