#include "runtime/engine/limits.h"

#include <string>

namespace reprise::runtime {

base::Status check_request(std::string_view workflow_id,
                           std::string_view name,
                           std::string_view input) {
  if (workflow_id.empty() || workflow_id.size() > kMaxIdBytes) {
    return base::Error{base::ErrorCode::kInvalidId,
                       "a workflow id has 1 to " + std::to_string(kMaxIdBytes) +
                           " bytes, this one " + std::to_string(workflow_id.size())};
  }
  if (name.empty() || name.size() > kMaxIdBytes) {
    return base::Error{base::ErrorCode::kInvalidId,
                       "a name has 1 to " + std::to_string(kMaxIdBytes) + " bytes, this one " +
                           std::to_string(name.size())};
  }
  if (input.size() > kMaxPayloadBytes) {
    return base::Error{base::ErrorCode::kPayloadTooLarge,
                       "a payload has at most " + std::to_string(kMaxPayloadBytes) +
                           " bytes, this one " + std::to_string(input.size()) +
                           "; store it elsewhere and pass a reference"};
  }
  return {};
}

}  // namespace reprise::runtime
