// What fields of bytes hold.
#pragma once
#include <google/protobuf/descriptor.h>

#include "proto/text.pb.h"

namespace reprise::proto {

inline bool is_text(const google::protobuf::FieldDescriptor& field) {
  return field.options().GetExtension(text);
}

}  // namespace reprise::proto
