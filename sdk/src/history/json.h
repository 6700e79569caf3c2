// JSON values for histories: objects keep the order of their members.
#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "proto/parse.h"

namespace reprise::internal {

using Json = nlohmann::ordered_json;

// What is wrong with a JSON text or value, for people. Becomes a HistoryError that says where.
struct Malformed : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The most levels of arrays and objects: enough for a failure with as many causes as a record may
// nest, and for a payload of 64 levels with its maps in the long form.
inline constexpr std::size_t kMaxJsonDepth = proto::kMostLevels + 16;

// Parses one value. Throws Malformed for anything else, for more than kMaxJsonDepth levels and for
// a repeated key in an object; the message has line and column in `whole`, of which `text` is a
// part.
Json parse_json(std::string_view text, std::string_view whole);

// Takes the elements of an array as they are read, so that they need not all be in memory.
class ElementSink {
 public:
  virtual ~ElementSink() = default;
  // False: keep the array. `before` has the members that come before it in its object.
  virtual bool begin(const Json& before) = 0;
  virtual void take(const Json& element) = 0;
};

// parse_json() of a whole text. If it is an object whose member `key` is an array, its elements may
// go to the sink; then the array is empty in the object returned.
Json parse_json_elements(std::string_view text, std::string_view key, ElementSink& sink);

// Adds a member that the object does not have yet. Json's own operator[] would look at all others.
inline void add_member(Json* object, std::string_view key, Json value) {
  object->get_ref<Json::object_t&>().emplace_back(std::string(key), std::move(value));
}

// "3 characters", "the object": names an unexpected value, for messages.
std::string describe_json(const Json& value);

// Throw Malformed, naming `what`, for a value of another kind or out of range.
const std::string& text_of(const Json& value, std::string_view what);
std::uint64_t unsigned_of(const Json& value, std::uint64_t max, std::string_view what);
std::int64_t integer_of(const Json& value,
                        std::int64_t min,
                        std::int64_t max,
                        std::string_view what);
bool boolean_of(const Json& value, std::string_view what);

// Bytes as hexadecimal digits. bytes_of() throws Malformed.
std::string to_hex(std::string_view bytes);
std::string bytes_of(const Json& hex, std::string_view what);

// JSON has neither infinities nor NaN: {"$float": "NaN"}, "Infinity", "-Infinity", or sixteen
// digits for a NaN with another content.
Json float_to_json(double value);
double float_of(const Json& value, std::string_view what);

// The only key of an object if it begins with '$' ("$cbor"): then the object stands for something
// that JSON does not have. Empty for anything else. Throws Malformed for such a key among others.
std::string_view mark_of(const Json& value);

}  // namespace reprise::internal
