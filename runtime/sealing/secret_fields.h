// Which fields of the log's messages have content of users (proto/text.proto), and a walk over a
// serialized message that puts something else in their places. It works on the bytes: what it does
// not know, such as fields of a later version, stays as it is.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include <google/protobuf/descriptor.h>

#include "base/function_ref.h"
#include "base/result.h"

namespace reprise::sealing {

enum class Secrecy : std::uint8_t {
  kPlain,
  kInTurn,  // sealed with the others of its turn
  kAlone,   // sealed by itself
};

// A field that may be secret: whether this one of a SettingRecorded is depends on its type.
Secrecy secrecy_of(const google::protobuf::FieldDescriptor& field);

struct SecretField {
  Secrecy secrecy = Secrecy::kPlain;
  bool text = false;  // otherwise a payload
};

// Appends what is to be in the field's place to `out`.
using Replace = base::FunctionRef<base::Status(
    const SecretField& field, std::string_view content, std::string* out)>;

// Appends the serialized Turn `turn` to `out`, with each content of a secret field that is not
// empty replaced, in their order, and without its field `sealed`. kSealBroken: it is no such
// message. Errors of `replace` end it. `out` then has a part of it.
base::Status rewrite_turn(std::string_view turn, Replace replace, std::string* out);

// Turn.sealed of a serialized Turn; empty: it has none, or is no Turn.
std::string_view sealed_part(std::string_view turn);

}  // namespace reprise::sealing
