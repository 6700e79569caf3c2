#include "sdk/src/batch/new_batch.h"

#include <array>
#include <cmath>
#include <cstring>
#include <random>
#include <utility>

#include "base/ids.h"
#include "base/printable_text.h"
#include "base/utf8.h"
#include "runtime/visibility/lexer.h"
#include "runtime/visibility/parser.h"
#include "sdk/src/checks.h"
#include "sdk/src/errors.h"
#include "sdk/src/schedule/state.h"
#include "sdk/src/settings.h"

namespace reprise::internal {
namespace {

std::string new_id() {
  std::random_device random;
  std::array<std::uint8_t, 16> bytes{};
  for (std::size_t i = 0; i < bytes.size(); i += sizeof(std::uint32_t)) {
    const std::uint32_t word = random();
    std::memcpy(bytes.data() + i, &word, sizeof word);
  }
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);
  return base::format_uuid(bytes);
}

void check_rate(double rate) {
  const bool given = rate >= 0.001 && rate <= kMaxBatchRate;  // false for NaN
  if (given || rate == 0) return;
  throw InvalidOption(code_text(base::ErrorCode::kInvalidOption),
                      "BatchOptions::rate is " + std::to_string(rate) +
                          "; it is 0, for no limit, or 0.001 to 1000000 runs a second");
}

void check_reason(std::string_view reason) {
  if (reason.size() <= kMaxBatchReasonBytes) return;
  throw InvalidOption(code_text(base::ErrorCode::kInvalidOption),
                      "the reason of a batch has " + std::to_string(reason.size()) +
                          " bytes; at most " + std::to_string(kMaxBatchReasonBytes));
}

void check_signal(const NewBatch& batch) {
  check_id("the signal's name", batch.signal);
  if (batch.input.size() <= kMaxBatchPayloadBytes) return;
  throw PayloadError(code_text(base::ErrorCode::kPayloadTooLarge),
                     "the argument of a batch's signal '" + base::printable_text(batch.signal) +
                         "': " + std::to_string(batch.input.size()) +
                         " bytes when encoded; the limit is " +
                         std::to_string(kMaxBatchPayloadBytes));
}

void check_verb(const NewBatch& batch) {
  switch (batch.verb) {
    case BatchVerb::kSignal:
      return check_signal(batch);
    case BatchVerb::kReset:
      if (batch.reset.event > 0) return;
      throw InvalidOption(code_text(base::ErrorCode::kNoSuchEvent),
                          "ResetOptions::event is 0: events are numbered from 1, and 1 has each "
                          "run begin anew");
    case BatchVerb::kCancel:
    case BatchVerb::kTerminate:
    case BatchVerb::kPause:
    case BatchVerb::kResume:
    case BatchVerb::kRestart:
      return;
  }
}

BatchPlan plan_of(const NewBatch& batch, double rate) {
  return {.verb = batch.verb,
          .filter = std::string(batch.filter),
          .reason = base::to_text(std::string(batch.reason)),
          .rate = rate,
          .signal = std::string(batch.signal),
          .input = {batch.input},
          .event = batch.reset.event,
          .reapply = batch.reset.reapply,
          .rows_stay = batch.reset.rows_stay,
          .principal = {}};
}

template <class T>
T published_in(const Value<T>& value, const Settings& published) {
  return value.find_in(published).value_or(T{});
}

[[noreturn]] void refuse_filter(std::string_view filter, std::size_t at, std::string_view why) {
  throw_error(runtime::visibility::fault_at(filter, at, why));
}

}  // namespace

void check_batch_filter(std::string_view filter) {
  const auto query = value_or_throw(runtime::visibility::parse(filter));
  if (!query.order.empty()) {
    refuse_filter(filter, query.order.front().field.at,
                  "a batch reaches the newest runs first; leave ORDER BY out");
  }
  if (!query.where) {
    refuse_filter(filter, 0,
                  "it is empty, and a batch must say which runs it is for; for all of them say "
                  "WorkflowId IS NOT NULL");
  }
}

void check_batch_id(std::string_view id) {
  check_id("the batch's id", id);
  if (!base::is_printable(id)) {  // people type it
    throw InvalidOption(
        code_text(base::ErrorCode::kInvalidId),
        "the batch's id '" + base::printable_text(id) + "' has unprintable characters");
  }
  if (id.size() <= kMaxBatchIdBytes) return;
  throw InvalidOption(code_text(base::ErrorCode::kInvalidId),
                      "the batch's id has " + std::to_string(id.size()) + " bytes; at most " +
                          std::to_string(kMaxBatchIdBytes));
}

runtime::StartRequest start_of_batch(const NewBatch& batch,
                                     const BatchOptions& options,
                                     const std::string& principal) {
  if (!options.id.empty()) check_batch_id(options.id);
  check_batch_filter(batch.filter);
  check_reason(batch.reason);
  check_rate(options.rate);
  check_verb(batch);
  BatchPlan plan = plan_of(batch, options.rate);
  const std::uint64_t digest = base::hash64(encode_payload(plan));
  plan.principal = principal;
  const ShownBatchPlan shown{plan.verb,   plan.filter,    plan.reason, plan.rate,
                             plan.signal, plan.principal, digest};
  runtime::StartRequest request;
  request.workflow = kBatchWorkflow;
  request.workflow_id = std::string(kBatchPrefix) + (options.id.empty() ? new_id() : options.id);
  request.task_queue = kSystemQueue;
  request.input = encode_arguments(std::make_tuple(std::move(plan), BatchState{}));
  request.reuse = runtime::IdReuse::kUseExisting;
  for (const Setting& setting :
       {kPublishedBatch(shown), kPublishedBatchView({}), kPublishedBatchFailures({})}) {
    request.settings.push_back(to_proto(setting));
  }
  return request;
}

void check_same_batch(const runtime::StartRequest& request,
                      const Settings& published,
                      std::string run_id) {
  const Settings asked{to_public(request.settings.front())};
  if (published_in(kPublishedBatch, asked).digest ==
      published_in(kPublishedBatch, published).digest) {
    return;
  }
  const std::string id = request.workflow_id.substr(kBatchPrefix.size());
  throw AlreadyStarted("the id '" + base::printable_text(id) +
                           "' belongs to a batch that does something else; choose another id",
                       std::move(run_id));
}

BatchDescription describe_batch(std::string_view workflow_id, const Settings& published) {
  auto plan = published_in(kPublishedBatch, published);
  const auto view = published_in(kPublishedBatchView, published);
  BatchDescription batch{
      .id = std::string(workflow_id.substr(std::min(workflow_id.size(), kBatchPrefix.size()))),
      .verb = plan.verb,
      .signal = std::move(plan.signal),
      .filter = std::move(plan.filter),
      .reason = std::move(plan.reason),
      .principal = std::move(plan.principal),
      .rate = plan.rate,
      .progress = {view.total, view.done, view.failed},
      .failures = {},
      .stopped = view.stopped,
      .parked = {}};
  if (view.started) batch.started = *view.started;
  for (FailedRun& run : published_in(kPublishedBatchFailures, published)) {
    batch.failures.push_back({std::move(run.workflow_id), std::move(run.run_id),
                              std::move(run.code), std::move(run.message)});
  }
  return batch;
}

}  // namespace reprise::internal

namespace reprise {

std::string_view to_string(BatchVerb verb) {
  switch (verb) {
    case BatchVerb::kSignal:
      return "signal";
    case BatchVerb::kCancel:
      return "cancel";
    case BatchVerb::kTerminate:
      return "terminate";
    case BatchVerb::kPause:
      return "pause";
    case BatchVerb::kResume:
      return "resume";
    case BatchVerb::kReset:
      return "reset";
    case BatchVerb::kRestart:
      return "restart";
  }
  return "unknown";
}

}  // namespace reprise
