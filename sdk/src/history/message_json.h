// Messages of the event format as JSON objects. By reflection, so that no field can be forgotten: a
// new field has a JSON form at once.
#pragma once
#include <string_view>

#include "sdk/src/history/json.h"

namespace google::protobuf {
class FieldDescriptor;
class Message;
}  // namespace google::protobuf

namespace reprise::internal {

using Field = google::protobuf::FieldDescriptor;

using Wanted = bool (*)(const Field&);

// Adds every field that is set and wanted, by name, in the order of their numbers: enums by name,
// payloads by payload_to_json(), run ids as UUIDs; {"$bytes": "<hexadecimal>"} for text that is not
// UTF-8. Fields of a newer version are kept as {"$unknown": "<hexadecimal>"}.
void add_fields(const google::protobuf::Message& message, Wanted wanted, Json* object);
Json message_to_json(const google::protobuf::Message& message);

// Sets the field that add_fields() wrote as the member `key`. Throws Malformed: the message has no
// such wanted field, or the value does not fit it.
void set_field(std::string_view key,
               const Json& value,
               Wanted wanted,
               google::protobuf::Message* message);
void message_from_json(const Json& object, google::protobuf::Message* message);

}  // namespace reprise::internal
