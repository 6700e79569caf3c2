// Payloads as JSON that people can read, where that loses nothing.
#pragma once
#include <string>
#include <string_view>

#include "sdk/src/history/json.h"

namespace reprise::internal {

// The JSON value that the payload's CBOR item is, if encoding that again gives the same bytes;
// {"$cbor": "<hexadecimal>"} if not, and for bytes that are no CBOR. Within the value,
// {"$bytes": "<hexadecimal>"} is a byte string, {"$float": "NaN"} a number that JSON has not, and
// {"$map": [[key, value], ...]} a map whose keys an object cannot have.
Json payload_to_json(std::string_view payload);

// The bytes again. Throws Malformed for what cannot be a payload.
std::string payload_from_json(const Json& value);

}  // namespace reprise::internal
