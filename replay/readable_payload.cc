#include "replay/readable_payload.h"

#include <nlohmann/json.hpp>

#include "base/printable_text.h"

namespace reprise::replay {
namespace {

// The size limits the nesting, and so the stack that the parser takes.
constexpr std::size_t kMostBytes = 1'024;
constexpr std::size_t kMostText = 200;

std::string hexadecimal(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text = "0x";
  for (const unsigned char byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 0xf];
  }
  return text;
}

}  // namespace

std::string readable_payload(std::string_view payload) {
  using Json = nlohmann::json;
  if (payload.empty()) return "nothing";
  std::string text;
  if (payload.size() <= kMostBytes) {
    try {
      text = base::printable_json(
          Json::from_cbor(payload).dump(-1, ' ', false, Json::error_handler_t::replace));
    } catch (const Json::exception&) {  // not CBOR, or an array of an absurd size
    }
  }
  if (text.empty()) text = hexadecimal(payload.substr(0, kMostText / 2));
  if (text.size() <= kMostText && payload.size() <= kMostBytes) return text;
  return text.substr(0, kMostText) + "... (" + std::to_string(payload.size()) + " bytes)";
}

}  // namespace reprise::replay
