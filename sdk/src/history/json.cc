#include "sdk/src/history/json.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <vector>

namespace reprise::internal {
namespace {

std::string place(std::string_view whole, std::size_t offset) {
  offset = std::min(offset, whole.size());
  const std::string_view before = whole.substr(0, offset);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const auto column = before.size() - (before.rfind('\n') + 1);  // npos + 1 is 0
  return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

// Receives what the library's parser finds. Not the library's own tree builder, which has no limit
// of depth and searches all members of an object for each new one.
class Builder final : public nlohmann::json_sax<Json> {
 public:
  Builder(std::string_view text, std::string_view whole) : text_(text), whole_(whole) {}

  // For the elements of the outermost object's member `key`, if it is an array.
  void pass_on(std::string_view key, ElementSink& sink) {
    passed_on_ = key;
    sink_ = &sink;
  }

  Json take() { return std::move(root_); }

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(value); }
  bool number_unsigned(number_unsigned_t value) override { return add(value); }
  bool number_float(number_float_t value, const string_t&) override { return add(value); }
  bool string(string_t& value) override { return add(std::move(value)); }
  bool binary(binary_t&) override { return false; }  // not in JSON

  bool start_object(std::size_t) override { return open(true); }
  bool start_array(std::size_t) override { return open(false); }
  bool key(string_t& value) override {
    levels_.back().keys.push_back(std::move(value));
    return true;
  }
  bool end_object() override {
    Level level = close();
    refuse_duplicates(level.keys);
    return add(object_of(std::move(level)));
  }
  bool end_array() override {
    Level level = close();
    return add(Json::array_t(std::move(level.values)));
  }

  bool parse_error(std::size_t position,
                   const std::string&,
                   const nlohmann::detail::exception& error) override {
    // "[json.exception.parse_error.101] parse error at line 1, column 5: syntax error while..."
    std::string_view why = error.what();
    if (const auto colon = why.find(": "); colon != why.npos) why.remove_prefix(colon + 2);
    throw Malformed(place(whole_, offset() + position) + ": " + std::string(why));
  }

 private:
  struct Level {
    bool is_object = false;
    std::vector<std::string> keys{};  // of an object
    std::vector<Json> values{};
  };

  // With the members that have a value by now.
  static Json::object_t object_of(Level level) {
    Json::object_t object;
    object.reserve(level.values.size());
    for (std::size_t i = 0; i < level.values.size(); ++i) {
      object.emplace_back(std::move(level.keys[i]), std::move(level.values[i]));
    }
    return object;
  }
  bool add(Json value) {
    if (passing_on_ && levels_.size() == 2) {
      sink_->take(value);
      return true;
    }
    (levels_.empty() ? root_ : levels_.back().values.emplace_back()) = std::move(value);
    return true;
  }
  bool open(bool is_object) {
    if (levels_.size() == kMaxJsonDepth) refuse("nests too deeply");
    const bool wanted = sink_ != nullptr && !is_object && levels_.size() == 1 &&
                        levels_[0].is_object && levels_[0].keys.back() == passed_on_;
    if (wanted) passing_on_ = sink_->begin(object_of(levels_[0]));
    levels_.push_back({.is_object = is_object});
    return true;
  }
  Level close() {
    Level level = std::move(levels_.back());
    levels_.pop_back();
    if (levels_.size() == 1) passing_on_ = false;
    return level;
  }
  void refuse_duplicates(const std::vector<std::string>& keys) const {
    std::vector<std::string_view> sorted(keys.begin(), keys.end());
    std::sort(sorted.begin(), sorted.end());
    const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
    if (twice != sorted.end())
      refuse("has the key '" + std::string(*twice) + "' twice in one object");
  }
  // The parser gives the position only in its own errors.
  [[noreturn]] void refuse(const std::string& why) const {
    throw Malformed("the value that begins at " + place(whole_, offset() + 1) + " " + why);
  }
  std::size_t offset() const { return static_cast<std::size_t>(text_.data() - whole_.data()); }

  std::string_view text_;
  std::string_view whole_;
  std::vector<Level> levels_;
  Json root_;
  std::string_view passed_on_;
  ElementSink* sink_ = nullptr;
  bool passing_on_ = false;
};

[[noreturn]] void expected(std::string_view what, std::string_view kind, const Json& found) {
  throw Malformed(std::string(what) + " is no " + std::string(kind) + ": " + describe_json(found));
}

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

Json parse_json(std::string_view text, std::string_view whole) {
  Builder builder(text, whole);
  if (!Json::sax_parse(text, &builder)) throw Malformed("it is no JSON");
  return builder.take();
}

Json parse_json_elements(std::string_view text, std::string_view key, ElementSink& sink) {
  Builder builder(text, text);
  builder.pass_on(key, sink);
  if (!Json::sax_parse(text, &builder)) throw Malformed("it is no JSON");
  return builder.take();
}

std::string describe_json(const Json& value) {
  constexpr std::size_t kShown = 40;
  if (value.is_array()) return "an array of " + std::to_string(value.size());
  if (value.is_object()) return "an object of " + std::to_string(value.size());
  std::string text = value.dump(-1, ' ', true, Json::error_handler_t::replace);
  if (text.size() > kShown) text = text.substr(0, kShown) + "...";
  return text;
}

const std::string& text_of(const Json& value, std::string_view what) {
  if (!value.is_string()) expected(what, "text", value);
  return value.get_ref<const std::string&>();
}

std::uint64_t unsigned_of(const Json& value, std::uint64_t max, std::string_view what) {
  const std::string kind = "integer from 0 to " + std::to_string(max);
  if (!value.is_number_unsigned()) expected(what, kind, value);
  const auto number = value.get<std::uint64_t>();
  if (number > max) expected(what, kind, value);
  return number;
}

std::int64_t integer_of(const Json& value,
                        std::int64_t min,
                        std::int64_t max,
                        std::string_view what) {
  const std::string kind = "integer from " + std::to_string(min) + " to " + std::to_string(max);
  if (!value.is_number_integer()) expected(what, kind, value);
  if (value.is_number_unsigned() &&
      value.get<std::uint64_t>() > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) {
    expected(what, kind, value);
  }
  const auto number = value.get<std::int64_t>();
  if (number < min || number > max) expected(what, kind, value);
  return number;
}

bool boolean_of(const Json& value, std::string_view what) {
  if (!value.is_boolean()) expected(what, "true or false", value);
  return value.get<bool>();
}

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  hex.reserve(2 * bytes.size());
  for (const char c : bytes) {
    hex += kDigits[static_cast<unsigned char>(c) >> 4];
    hex += kDigits[static_cast<unsigned char>(c) & 0xf];
  }
  return hex;
}

std::string bytes_of(const Json& hex, std::string_view what) {
  const std::string& text = text_of(hex, what);
  std::string bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    const int high = digit(text[i]);
    const int low = digit(text[i + 1]);
    if (high < 0 || low < 0) break;
    bytes += static_cast<char>(high << 4 | low);
  }
  if (2 * bytes.size() != text.size()) {
    expected(what, "row of pairs of hexadecimal digits (0-9, a-f)", hex);
  }
  return bytes;
}

Json float_to_json(double value) {
  if (std::isfinite(value)) return value;
  std::string text = value < 0 ? "-Infinity" : "Infinity";
  if (std::isnan(value)) {
    text = "NaN";
    const auto bits = std::bit_cast<std::uint64_t>(value);
    if (bits != std::bit_cast<std::uint64_t>(std::numeric_limits<double>::quiet_NaN())) {
      std::string bytes;
      for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(bits >> shift & 0xff);
      text = to_hex(bytes);
    }
  }
  return Json::object({{"$float", text}});
}

double float_of(const Json& value, std::string_view what) {
  if (value.is_number()) return value.get<double>();
  if (mark_of(value) != "$float") expected(what, "number", value);
  const Json& content = value.front();
  const std::string& text = text_of(content, "$float");
  if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (text == "Infinity") return std::numeric_limits<double>::infinity();
  if (text == "-Infinity") return -std::numeric_limits<double>::infinity();
  const std::string bytes = bytes_of(content, "$float");
  if (bytes.size() != sizeof(double)) expected("$float", "number", content);
  std::uint64_t bits = 0;
  for (const char c : bytes) bits = bits << 8 | static_cast<unsigned char>(c);
  return std::bit_cast<double>(bits);
}

std::string_view mark_of(const Json& value) {
  if (!value.is_object()) return {};
  for (const auto& [key, member] : value.get_ref<const Json::object_t&>()) {
    if (!key.starts_with('$')) continue;
    if (value.size() == 1) return key;
    throw Malformed("'" + key + "' is not alone in its object");
  }
  return {};
}

}  // namespace reprise::internal
