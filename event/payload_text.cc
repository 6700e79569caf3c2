#include "event/payload_text.h"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/place_holder.h"
#include "base/printable_text.h"
#include "event/payload_json.h"

namespace reprise::event {
namespace {

using nlohmann::json;

// Prints while nlohmann reads. Returning false ends the reading: when there is enough text, or when
// the data nests so deeply that more would need too much stack.
class Printer final : public json::json_sax_t {
 public:
  explicit Printer(std::size_t longest) : longest_(longest) {}

  bool complete() const { return complete_; }
  bool cut() const { return text_.size() > enough(); }
  const std::string& text() const { return text_; }

  bool null() override { return value("null"); }
  bool boolean(bool is_true) override { return value(is_true ? "true" : "false"); }
  bool number_integer(number_integer_t number) override { return value(std::to_string(number)); }
  bool number_unsigned(number_unsigned_t number) override { return value(std::to_string(number)); }
  bool number_float(number_float_t number, const string_t&) override {
    if (number != number) return value(quoted("NaN"));
    if (number - number != 0) return value(quoted(number > 0 ? "Infinity" : "-Infinity"));
    return value(json(number).dump());
  }
  bool string(string_t& text) override { return value(quoted(text)); }
  bool binary(binary_t& bytes) override {
    const auto* const data = reinterpret_cast<const char*>(bytes.data());
    return value(quoted(bytes_text({data, bytes.size()}, longest_)));
  }
  bool start_object(std::size_t) override { return open('{'); }
  bool key(string_t& name) override {
    text_ += separator() + quoted(name) + ":";
    has_key_ = true;
    return !cut();
  }
  bool end_object() override { return close('}'); }
  bool start_array(std::size_t) override { return open('['); }
  bool end_array() override { return close(']'); }
  bool parse_error(std::size_t, const std::string&, const json::exception&) override {
    return false;
  }

 private:
  static constexpr std::size_t kDeepest = 64;  // as the codec has it

  std::size_t enough() const { return 4 * longest_; }  // bytes: a character may have four
  static std::string quoted(std::string_view text) {
    return json(text).dump(-1, ' ', false, json::error_handler_t::replace);
  }
  std::string separator() {
    if (has_key_) {
      has_key_ = false;
      return "";
    }
    if (first_.empty()) return "";
    const bool first = first_.back();
    first_.back() = false;
    return first ? "" : ",";
  }
  bool value(const std::string& text) {
    text_ += separator() + text;
    complete_ = first_.empty();
    return !cut();
  }
  bool open(char bracket) {
    text_ += separator() + bracket;
    first_.push_back(true);
    return first_.size() <= kDeepest && !cut();
  }
  bool close(char bracket) {
    text_ += bracket;
    first_.pop_back();
    complete_ = first_.empty();
    return true;
  }

  const std::size_t longest_;
  std::string text_;
  std::vector<bool> first_;  // for each open bracket: it is still empty
  bool has_key_ = false;
  bool complete_ = false;
};

// Empty: not CBOR that can be shown.
std::string json_text(std::string_view payload, std::size_t longest) {
  if (const auto holder = base::place_holder_text(payload)) {
    return json(*holder).dump(-1, ' ', false, json::error_handler_t::replace);
  }
  Printer printer(longest);
  const bool sound = json::sax_parse(payload, &printer, json::input_format_t::cbor);
  return (sound && printer.complete()) || printer.cut() ? printer.text() : "";
}

std::string fit_to_show(std::string_view text, std::size_t longest) {
  return base::printable_text(text, base::LineBreaks::kEscaped, longest);
}

}  // namespace

std::string bytes_text(std::string_view bytes, std::size_t longest) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text = "h'";
  for (const char c : bytes.substr(0, longest / 2 + 1)) {
    text += kDigits[static_cast<unsigned char>(c) >> 4];
    text += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return text + "'";
}

std::string payload_text(std::string_view payload, std::size_t longest) {
  if (payload.empty()) return "";
  const std::string text = json_text(payload, longest);
  if (!text.empty()) return fit_to_show(text, longest);
  return fit_to_show(bytes_text(payload, longest), longest) + " (" +
         std::to_string(payload.size()) + " bytes that are no CBOR)";
}

json payload_json(std::string_view payload) {
  if (payload.empty()) return nullptr;
  const std::string text = json_text(payload, kWholePayload);
  if (text.empty()) return bytes_text(payload, kWholePayload);
  return json::parse(text, nullptr, false);
}

}  // namespace reprise::event
