#include "sdk/src/history/payload_json.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "reprise/cbor.h"
#include "reprise/error.h"

namespace reprise::internal {
namespace {

constexpr std::string_view kCbor = "$cbor";
constexpr std::string_view kBytes = "$bytes";
constexpr std::string_view kFloat = "$float";
constexpr std::string_view kMap = "$map";

Json marked(std::string_view mark, Json content) {
  Json object = Json::object();
  add_member(&object, mark, std::move(content));
  return object;
}

// ---- CBOR to JSON -----------------------------------------------------------------------------

Json read_item(CborReader& in);

Json read_array(CborReader& in) {
  const CborReader::Nesting nesting(in);
  Json array = Json::array();
  for (std::size_t left = in.array(); left > 0; --left) array.push_back(read_item(in));
  return array;
}

// Can the keys be those of a JSON object? They must differ, and none may look like a mark of ours.
bool are_members(const std::vector<Json>& keys) {
  std::vector<std::string_view> texts;
  for (const Json& key : keys) {
    if (!key.is_string()) return false;
    texts.emplace_back(key.get_ref<const std::string&>());
    if (texts.back().starts_with('$')) return false;
  }
  std::sort(texts.begin(), texts.end());
  return std::adjacent_find(texts.begin(), texts.end()) == texts.end();
}

Json read_map(CborReader& in) {
  const CborReader::Nesting nesting(in);
  std::vector<Json> keys;
  std::vector<Json> values;
  for (std::size_t left = in.map(); left > 0; --left) {
    keys.push_back(read_item(in));
    values.push_back(read_item(in));
  }
  if (are_members(keys)) {
    Json object = Json::object();
    object.get_ref<Json::object_t&>().reserve(keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) {
      add_member(&object, keys[i].get_ref<const std::string&>(), std::move(values[i]));
    }
    return object;
  }
  Json pairs = Json::array();
  for (std::size_t i = 0; i < keys.size(); ++i) {
    Json::array_t pair;
    pair.push_back(std::move(keys[i]));
    pair.push_back(std::move(values[i]));
    pairs.push_back(std::move(pair));
  }
  return marked(kMap, std::move(pairs));
}

// Throws PayloadError for what JSON cannot express.
Json read_item(CborReader& in) {
  using Type = CborReader::Type;
  switch (in.peek()) {
    case Type::kNull:
      in.null();
      return nullptr;
    case Type::kBoolean:
      return in.boolean();
    case Type::kUnsigned:
      return in.unsigned_integer(std::numeric_limits<std::uint64_t>::max());
    case Type::kNegative:
      return in.integer(std::numeric_limits<std::int64_t>::min(), -1);
    case Type::kFloat:
      return float_to_json(in.floating());
    case Type::kText:
      return std::string(in.text());
    case Type::kBytes:
      return marked(kBytes, to_hex(in.bytes()));
    case Type::kArray:
      return read_array(in);
    case Type::kMap:
      return read_map(in);
    default:
      in.fail("a value that JSON has");
  }
}

// ---- JSON to CBOR -----------------------------------------------------------------------------

void write_item(CborWriter& out, const Json& value);

void write_pairs(CborWriter& out, const Json& pairs) {
  if (!pairs.is_array()) throw Malformed("$map is no array: " + describe_json(pairs));
  out.map(pairs.size());
  for (const Json& pair : pairs) {
    if (!pair.is_array() || pair.size() != 2) {
      throw Malformed("an entry of $map is no pair: " + describe_json(pair));
    }
    write_item(out, pair[0]);
    write_item(out, pair[1]);
  }
}

void write_object(CborWriter& out, const Json& object) {
  const std::string_view mark = mark_of(object);
  if (mark == kBytes) return out.bytes(bytes_of(object.front(), kBytes));
  if (mark == kFloat) return out.floating(float_of(object, "the payload"));
  if (mark == kMap) return write_pairs(out, object.front());
  if (!mark.empty()) throw Malformed("'" + std::string(mark) + "' has no meaning here");
  out.map(object.size());
  for (const auto& [key, value] : object.get_ref<const Json::object_t&>()) {
    out.text(key);
    write_item(out, value);
  }
}

void write_item(CborWriter& out, const Json& value) {
  using Type = Json::value_t;
  switch (value.type()) {
    case Type::boolean:
      return out.boolean(value.get<bool>());
    case Type::number_integer:
      return out.integer(value.get<std::int64_t>());
    case Type::number_unsigned:
      return out.unsigned_integer(value.get<std::uint64_t>());
    case Type::number_float:
      return out.floating(value.get<double>());
    case Type::string:
      return out.text(value.get_ref<const std::string&>());
    case Type::array:
      out.array(value.size());
      for (const Json& element : value) write_item(out, element);
      return;
    case Type::object:
      return write_object(out, value);
    default:
      return out.null();
  }
}

}  // namespace

Json payload_to_json(std::string_view payload) {
  try {
    CborReader in(payload);
    Json value = read_item(in);
    in.finish();
    // Floats with more bytes than necessary, text that is not UTF-8...
    CborWriter out;
    write_item(out, value);
    if (out.written() == payload) return value;
  } catch (const PayloadError&) {
  }
  return marked(kCbor, to_hex(payload));
}

std::string payload_from_json(const Json& value) {
  if (mark_of(value) == kCbor) return bytes_of(value.front(), kCbor);
  CborWriter out;
  write_item(out, value);
  return out.take();
}

}  // namespace reprise::internal
