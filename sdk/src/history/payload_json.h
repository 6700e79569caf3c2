// Payloads as readable JSON, where that is lossless.
#pragma once
#include <string>
#include <string_view>

#include "sdk/src/history/json.h"

namespace reprise::internal {

// The JSON equivalent of the payload's CBOR item, if encoding that again gives the same bytes;
// {"$cbor": "<hexadecimal>"} if not, and for bytes that are not CBOR. Within the value, {"$bytes":
// "<hexadecimal>"} is a byte string, {"$float": "NaN"} a number that JSON does not have, and
// {"$map": [[key, value], ...]} a map whose keys an object cannot have.
Json payload_to_json(std::string_view payload);

// The bytes again. Throws Malformed if the value cannot be a payload.
std::string payload_from_json(const Json& value);

}  // namespace reprise::internal
