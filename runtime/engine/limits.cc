#include "runtime/engine/limits.h"

#include <set>
#include <string>

#include "base/printable_text.h"
#include "base/reserved.h"
#include "base/utf8.h"
#include "event/setting.h"
#include "runtime/host/fair_queue.h"

namespace reprise::runtime {

namespace {

base::Error invalid(std::string_view what, const std::string& found) {
  return {base::ErrorCode::kInvalidId, std::string(what) + " " + found + "; it must have 1 to " +
                                           std::to_string(kMaxIdBytes) + " bytes of UTF-8"};
}

base::Error payload_too_large(std::size_t bytes) {
  return {base::ErrorCode::kPayloadTooLarge,
          "a payload has at most " + std::to_string(kMaxPayloadBytes) + " bytes, this one " +
              std::to_string(bytes) + "; store it elsewhere and pass a reference"};
}

base::Error refused_setting(const proto::SettingRecorded& setting, std::string_view why) {
  return {base::ErrorCode::kInvalidOption, "the setting '" + base::printable_text(setting.name()) +
                                               "' of a start " + std::string(why)};
}

base::Error too_many_settings(std::string_view what, std::string_view limit, std::size_t most) {
  return {base::ErrorCode::kInvalidOption,
          "a start has " + std::string(what) + " than EngineLimits::" + std::string(limit) + " = " +
              std::to_string(most) + " allows; publish less, or raise the limit"};
}

base::Status check_setting(const proto::SettingRecorded& setting) {
  if (base::Status valid = check_id("the setting's name", setting.name()); !valid) return valid;
  if (setting.value().empty()) return refused_setting(setting, "has no value");
  if (setting.value().size() > kMaxPayloadBytes) return payload_too_large(setting.value().size());
  if (proto::SettingRecorded::Type_IsValid(setting.type())) return {};
  return refused_setting(setting, "has a type that this version does not know");
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

// An audit trail is read by people: a name that hides or reorders text on a screen would mislead.
base::Status check_principal(std::string_view principal) {
  const bool long_one = principal.size() > kMaxPrincipalBytes;
  if (!long_one && base::is_printable(principal)) return {};
  return base::Error{
      base::ErrorCode::kInvalidPrincipal,
      "the principal " +
          (long_one ? "has " + std::to_string(principal.size()) + " bytes"
                    : "'" + base::printable_text(principal) + "' has unprintable characters") +
          "; it must have at most " + std::to_string(kMaxPrincipalBytes) +
          " bytes of UTF-8 without control characters"};
}

base::Status check_settings(std::span<const proto::SettingRecorded> settings,
                            const EngineLimits& limits) {
  std::set<std::string_view> names;
  std::size_t bytes = 0;
  for (const auto& setting : settings) {
    if (base::Status valid = check_setting(setting); !valid) return valid;
    if (!names.insert(setting.name()).second) return refused_setting(setting, "comes twice");
    bytes += event::setting_bytes(setting.name(), setting.value().size());
  }
  if (settings.size() > limits.settings) {
    return too_many_settings("more settings", "settings", limits.settings);
  }
  if (bytes > limits.settings_bytes) {
    return too_many_settings("settings of more bytes", "settings_bytes", limits.settings_bytes);
  }
  return {};
}

base::Status check_allowed(const StartRequest& start, const EngineOptions& options) {
  if (!options.refuse_start || base::is_reserved(start.workflow)) return {};
  const std::string why = options.refuse_start(start);
  if (why.empty()) return {};
  return base::Error{base::ErrorCode::kStartNotAllowed,
                     base::to_text(why) + " (the start of workflow '" + start.workflow + "'" +
                         (start.principal.empty() ? "" : " by " + start.principal) + ")"};
}

base::Status check_request(std::string_view workflow_id,
                           std::string_view name,
                           std::string_view input) {
  if (base::Status valid = check_length("the workflow id", workflow_id); !valid) return valid;
  if (base::Status valid = check_id("the name", name); !valid) return valid;
  if (input.size() > kMaxPayloadBytes) return payload_too_large(input.size());
  return {};
}

namespace {

base::Error invalid(const std::string& message) {
  return {base::ErrorCode::kInvalidOption, message};
}

base::Status check_retry(const proto::RetryPolicy& retry) {
  const bool valid = retry.initial_interval_ms() >= 0 && retry.maximum_interval_ms() >= 0 &&
                     retry.backoff_coefficient() >= 1.0 && retry.maximum_attempts() >= 0;
  if (!valid) {
    return invalid("the retry policy of a run has a negative number, or a factor below 1");
  }
  if (retry.ByteSizeLong() <= kMaxRetryPolicyBytes) return {};
  return invalid("the retry policy of a run has " + std::to_string(retry.ByteSizeLong()) +
                 " bytes, and at most " + std::to_string(kMaxRetryPolicyBytes) +
                 " are allowed; list fewer types in non_retryable");
}

base::Status check_precedence(const proto::Precedence& precedence) {
  const double weight = precedence.fairness_weight();
  const bool is_weight = weight == 0 || (weight >= FairShares::kLeastWeight &&
                                         weight <= FairShares::kMostWeight);  // false for NaN
  const std::string& key = precedence.fairness_key();
  if (precedence.priority() <= kLastPriority && is_weight && key.size() <= kMaxFairnessKeyBytes &&
      base::is_utf8(key)) {
    return {};
  }
  return base::Error{base::ErrorCode::kPrecedence,
                     "the priority of a run is 1 to 5, its fairness key has at most " +
                         std::to_string(kMaxFairnessKeyBytes) +
                         " bytes of UTF-8, and its fairness weight is 0.001 to 1000"};
}

}  // namespace

base::Status check_terms(const StartTerms& terms) {
  constexpr base::Duration kNone{0};
  if (terms.run_timeout < kNone || terms.execution_timeout < kNone || terms.start_delay < kNone) {
    return invalid("run_timeout, execution_timeout and start_delay of a run are not negative");
  }
  if (terms.execution_timeout > kNone && terms.start_delay >= terms.execution_timeout) {
    return invalid("start_delay is " + std::to_string(terms.start_delay.count()) +
                   " ms and execution_timeout " + std::to_string(terms.execution_timeout.count()) +
                   " ms, which counts from the start: the code would never run");
  }
  if (terms.retry) {
    if (base::Status valid = check_retry(*terms.retry); !valid) return valid;
  }
  if (terms.precedence) {
    if (base::Status valid = check_precedence(*terms.precedence); !valid) return valid;
  }
  return terms.request_id.empty() ? base::Status() : check_id("request_id", terms.request_id);
}

}  // namespace reprise::runtime
