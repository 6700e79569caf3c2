// What operators do with runs.
#include <exception>
#include <string>
#include <utility>

#include "base/utf8.h"
#include "reprise/client.h"
#include "sdk/src/client/run_link.h"
#include "sdk/src/enums.h"
#include "sdk/src/errors.h"
#include "sdk/src/history/payload_json.h"
#include "sdk/src/service/service.h"

namespace reprise {
namespace {

namespace verb = runtime::verb;

std::string result_from_json(std::uint32_t operation, const std::string& json) {
  try {
    return internal::payload_from_json(internal::parse_json(json, json));
  } catch (const std::exception& error) {
    throw InvalidOption(internal::code_text(base::ErrorCode::kInvalidOption),
                        "ForkOptions::replace_results[" + std::to_string(operation) +
                            "] is not JSON: " + error.what() +
                            ". A text has double quotes of its own");
  }
}

}  // namespace

void RunHandle::pause(std::string_view reason) const {
  internal::value_or_throw(link_->ask(verb::Pause{link_->key(), base::to_text(std::string(reason))}));
}

void RunHandle::resume(std::string_view reason) const {
  internal::value_or_throw(link_->ask(verb::Resume{link_->key(), base::to_text(std::string(reason))}));
}

RunHandle RunHandle::reset(const ResetOptions& options) const {
  if (options.event == 0) {
    throw InvalidOption(internal::code_text(base::ErrorCode::kNoSuchEvent),
                        "ResetOptions::event is 0: events are numbered from 1");
  }
  return RunHandle(link_->goes_on_as(internal::value_or_throw(
      link_->ask(verb::Reset{.key = link_->key(),
                                                  .event = options.event,
                                                  .reapply = internal::to_proto(options.reapply),
                                                  .rows_stay = options.rows_stay,
                                                  .reason = base::to_text(options.reason)}))));
}

RunHandle RunHandle::restart(const RestartOptions& options) const {
  return RunHandle(link_->goes_on_as(internal::value_or_throw(
      link_->ask(verb::Reset{.key = link_->key(),
                                                  .rows_stay = options.rows_stay,
                                                  .reason = base::to_text(options.reason)}))));
}

RunHandle RunHandle::fork(const ForkOptions& options) const {
  verb::Fork asked{.key = link_->key(),
                   .event = options.event,
                   .id = options.id,
                   .rows_stay = options.rows_stay,
                   .reason = base::to_text(options.reason)};
  for (const auto& [operation, json] : options.replace_results) {
    asked.results.emplace(operation, result_from_json(operation, json));
  }
  return RunHandle(link_->goes_on_as(
      internal::value_or_throw(link_->ask(std::move(asked)))));
}

}  // namespace reprise
