#include "runtime/visibility/keys.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/ids.h"

namespace reprise::runtime::visibility {
namespace {

// The first byte of an entry.
constexpr char kStatusTag = 'S';
constexpr char kWorkflowTag = 'W';
constexpr char kRunIdTag = 'R';
constexpr char kParentTag = 'P';
constexpr char kAttributeTag = 'A';
constexpr char kKnownTag = 'N';

constexpr char kPresent = 1;
constexpr char kAbsent = 2;

void append_be(std::uint64_t value, std::string* out) {
  char bytes[8];
  for (char& byte : bytes) {
    byte = static_cast<char>(value >> 56);
    value <<= 8;
  }
  out->append(bytes, sizeof bytes);
}
std::uint64_t be_at(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

constexpr std::uint64_t kSign = std::uint64_t{1} << 63;
void append_signed(std::int64_t value, std::string* out) {
  append_be(static_cast<std::uint64_t>(value) ^ kSign, out);
}
std::int64_t signed_at(std::string_view bytes) {
  return static_cast<std::int64_t>(be_at(bytes) ^ kSign);
}

// Both zeros are equal; what is not a number comes last.
void append_double(double value, std::string* out) {
  if (std::isnan(value)) return append_be(~std::uint64_t{0}, out);
  const auto bits = std::bit_cast<std::uint64_t>(value == 0 ? 0.0 : value);
  append_be((bits & kSign) != 0 ? ~bits : bits ^ kSign, out);
}

// No text is a prefix of another one: a zero byte is followed by FF, the end by 01.
void append_text(std::string_view text, std::string* out) {
  for (std::size_t zero; (zero = text.find('\0')) != text.npos; text.remove_prefix(zero + 1)) {
    out->append(text.substr(0, zero)).append("\0\xff", 2);
  }
  out->append(text).append("\0\1", 2);
}

// As much of it as a key may have.
std::string_view beginning(std::string_view text) {
  return text.substr(0, kIndexedTextBytes);
}

// Names are told apart, however long they are.
void append_name(std::string_view name, std::string* out) {
  append_text(beginning(name), out);
  if (!is_whole(name)) append_be(base::hash64(name), out);
}

void append_scalar(const RunValue& value, bool whole, std::string* out) {
  switch (value.type) {
    case FieldType::kText:
    case FieldType::kTexts:
      return append_text(whole ? value.text : beginning(value.text), out);
    case FieldType::kInt:
    case FieldType::kTime:
    case FieldType::kDuration:
    case FieldType::kStatus:
      return append_signed(value.integer, out);
    case FieldType::kDouble:
      return append_double(value.number, out);
    case FieldType::kBool:
      *out += value.truth ? '\1' : '\0';
      return;
  }
}

// Stored: the numbers of the types of the log.
char type_byte(FieldType type) {
  switch (type) {
    case FieldType::kBool:
      return 1;
    case FieldType::kInt:
      return 2;
    case FieldType::kDouble:
      return 3;
    case FieldType::kText:
      return 4;
    case FieldType::kTexts:
      return 5;
    case FieldType::kTime:
      return 6;
    case FieldType::kDuration:
      return 7;
    case FieldType::kStatus:
      return 8;
  }
  return 0;
}

// The smaller of two keys becomes the larger one.
void invert(std::string* bytes, std::size_t from) {
  for (std::size_t i = from; i < bytes->size(); ++i) (*bytes)[i] = static_cast<char>(~(*bytes)[i]);
}

void append_order(const OrderKey& by, const Subject& run, std::string* out) {
  const auto value = run.value(by.field);
  if (!value || value->type == FieldType::kTexts) {
    *out += kAbsent;
    return;
  }
  *out += kPresent;
  const std::size_t from = out->size();
  *out += type_byte(value->type);
  append_scalar(*value, true, out);
  if (by.descending) invert(out, from);
}

}  // namespace

std::string place_bytes(const Place& place) {
  std::string bytes;
  append_signed(place.started_ms, &bytes);
  append_be(place.number, &bytes);
  return bytes;
}

Place place_of(std::string_view sixteen) {
  return {signed_at(sixteen), be_at(sixteen.substr(8))};
}

std::string status_prefix(event::RunStatus status) {
  return {kStatusTag, static_cast<char>(status)};
}

std::string workflow_prefix(std::string_view workflow) {
  std::string prefix;
  prefix.reserve(std::min(workflow.size(), kIndexedTextBytes) + 16);  // the start follows
  prefix += kWorkflowTag;
  append_text(beginning(workflow), &prefix);
  return prefix;
}

// Its time, and as much of its random part: new ids come near the end.
std::string run_id_prefix(const base::RunId& id) {
  std::string prefix(1, kRunIdTag);
  prefix += id.bytes().substr(0, 6);
  prefix += id.bytes().substr(14);
  return prefix;
}

std::string parent_prefix(std::string_view workflow_id) {
  std::string prefix(1, kParentTag);
  append_text(beginning(workflow_id), &prefix);
  return prefix;
}

std::string attribute_prefix(std::string_view name, FieldType type) {
  std::string prefix(1, kAttributeTag);
  append_name(name, &prefix);
  prefix += type_byte(type);
  return prefix;
}

std::string attribute_prefix(std::string_view name, const RunValue& scalar) {
  std::string prefix = attribute_prefix(name, scalar.type);
  append_scalar(scalar, false, &prefix);
  return prefix;
}

std::string attribute_text_begin(std::string_view name, FieldType type, std::string_view text) {
  std::string key = attribute_prefix(name, type);
  append_text(beginning(text), &key);
  key.resize(key.size() - 2);  // without its end
  return key;
}

std::string status_entry(event::RunStatus status, std::int64_t started_ms) {
  std::string entry = status_prefix(status);
  append_signed(started_ms, &entry);
  return entry;
}

std::vector<std::string> fixed_entries(const Subject& run) {
  std::vector<std::string> entries;
  entries.reserve(4);
  entries.push_back(status_prefix(run.status()));
  entries.push_back(workflow_prefix(run.workflow()));
  entries.push_back(run_id_prefix(run.run_id()));
  if (!run.parent_id().empty()) entries.push_back(parent_prefix(run.parent_id()));
  for (std::string& entry : entries) append_signed(run.started_ms(), &entry);
  return entries;
}

std::vector<std::string> attribute_entries(const Subject& run) {
  std::vector<std::string> entries;
  run.for_each_setting([&](const proto::SettingRecorded& setting) {
    const auto value = decode_attribute(setting);
    if (!value) return;
    if (value->type != FieldType::kTexts) {
      entries.push_back(attribute_prefix(setting.name(), *value));
      return;
    }
    RunValue each;
    each.type = FieldType::kTexts;
    for (const std::string_view text : value->texts) {
      each.text = text;
      entries.push_back(attribute_prefix(setting.name(), each));
    }
  });
  std::sort(entries.begin(), entries.end());
  entries.erase(std::unique(entries.begin(), entries.end()), entries.end());
  for (std::string& entry : entries) append_signed(run.started_ms(), &entry);
  return entries;
}

std::string_view all_known_prefix() {
  return {&kKnownTag, 1};
}

std::string known_prefix(std::string_view attribute) {
  std::string prefix(1, kKnownTag);
  append_name(attribute, &prefix);
  return prefix;
}

std::vector<std::string> known_entries(const Subject& run) {
  std::vector<std::string> entries;
  run.for_each_setting([&](const proto::SettingRecorded& setting) {
    const auto type = type_of(setting.type());
    if (type) entries.push_back(known_prefix(setting.name()) + type_byte(*type));
  });
  return entries;
}

std::optional<FieldType> known_type(std::string_view entry) {
  for (const FieldType type : {FieldType::kBool, FieldType::kInt, FieldType::kDouble,
                               FieldType::kText, FieldType::kTexts, FieldType::kTime}) {
    if (!entry.empty() && entry.back() == type_byte(type)) return type;
  }
  return std::nullopt;
}

std::string known_name(std::string_view entry) {
  std::string name;
  for (std::size_t i = 1; i + 1 < entry.size(); ++i) {
    if (entry[i] != '\0') {
      name += entry[i];
    } else if (entry[++i] == '\xff') {
      name += '\0';
    } else {
      return i + 2 == entry.size() ? name : std::string();  // else a hash follows
    }
  }
  return {};
}

std::string sort_key(const Query& query, const Subject& run, std::uint64_t number) {
  std::string key;
  if (!query.in_order_of_starts()) {
    for (const OrderKey& by : query.order) append_order(by, run, &key);
  }
  const std::size_t from = key.size();
  key += place_bytes({run.started_ms(), number});
  if (query.newest_first()) invert(&key, from);
  return key;
}

std::string sort_key(const Query& in_order_of_starts, const Place& place) {
  std::string key = place_bytes(place);
  if (in_order_of_starts.newest_first()) invert(&key, 0);
  return key;
}

std::optional<Place> place_of_sort_key(const Query& query, std::string_view key) {
  if (!query.in_order_of_starts() || key.size() != kPlaceBytes) return std::nullopt;
  std::string bytes(key);
  if (query.newest_first()) invert(&bytes, 0);
  return place_of(bytes);
}

}  // namespace reprise::runtime::visibility
