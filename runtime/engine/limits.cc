#include "runtime/engine/limits.h"

#include <string>

#include "base/utf8.h"

namespace reprise::runtime {

namespace {

base::Error invalid(std::string_view what, const std::string& found) {
  return {base::ErrorCode::kInvalidId, std::string(what) + " " + found + "; it must have 1 to " +
                                           std::to_string(kMaxIdBytes) + " bytes of UTF-8"};
}

}  // namespace

base::Status check_length(std::string_view what, std::string_view id) {
  if (id.empty()) return invalid(what, "is empty");
  if (id.size() > kMaxIdBytes) return invalid(what, "has " + std::to_string(id.size()) + " bytes");
  return {};
}

base::Status check_id(std::string_view what, std::string_view id) {
  if (base::Status valid = check_length(what, id); !valid) return valid;
  if (base::is_utf8(id)) return {};
  return invalid(what, "is no UTF-8 ('" + base::to_text(std::string(id)) + "')");
}

base::Status check_request(std::string_view workflow_id,
                           std::string_view name,
                           std::string_view input) {
  if (base::Status valid = check_length("the workflow id", workflow_id); !valid) return valid;
  if (base::Status valid = check_id("the name", name); !valid) return valid;
  if (input.size() > kMaxPayloadBytes) {
    return base::Error{base::ErrorCode::kPayloadTooLarge,
                       "a payload has at most " + std::to_string(kMaxPayloadBytes) +
                           " bytes, this one " + std::to_string(input.size()) +
                           "; store it elsewhere and pass a reference"};
  }
  return {};
}

}  // namespace reprise::runtime
