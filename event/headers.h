// Headers: what interceptors send along with a call. Repeated fields of the messages that have
// them.
#pragma once
#include <cstddef>
#include <map>
#include <string>

#include <google/protobuf/message.h>

#include "proto/log.pb.h"

namespace reprise::event {

using Headers = std::map<std::string, std::string>;  // by name
using HeaderFields = google::protobuf::RepeatedPtrField<proto::Header>;

// Appends them.
void write(Headers&& headers, HeaderFields* out);
// Of two with one name, which no engine records, the first counts.
Headers read(const HeaderFields& fields);
// Names and values.
std::size_t bytes_of(const HeaderFields& fields);
std::size_t bytes_of(const Headers& headers);

// The bytes of the message as it would be without headers.
std::string bytes_without_headers(const google::protobuf::Message& message);

}  // namespace reprise::event
