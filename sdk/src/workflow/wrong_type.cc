#include "sdk/src/workflow/wrong_type.h"

#include <algorithm>
#include <utility>

#include "base/stack_frames.h"
#include "reprise/internal/registry.h"
#include "sdk/src/errors.h"
#include "sdk/src/workflow/durable.h"

namespace reprise {

void internal::throw_wrong_type(const PayloadError& error,
                                proto::Event recorded,
                                std::uint64_t event,
                                std::string_view type,
                                base::CallSite asked_for,
                                std::string payload_of,
                                std::size_t strand) {
  replay::Mismatch mismatch;
  mismatch.kind = replay::Mismatch::Kind::kChangedType;
  mismatch.event = event;
  if (asked_for.line != 0) {
    recorded.mutable_call_site()->set_file(std::string(asked_for.short_file()));
    recorded.mutable_call_site()->set_line(asked_for.line);
  }
  mismatch.recorded = std::move(recorded);
  mismatch.payload_of = std::move(payload_of);
  mismatch.read_as = type;
  mismatch.unreadable = error.what();
  mismatch.strands.push_back({strand, {}, base::stack_frames()});
  throw WrongType(error, std::move(mismatch));
}

namespace internal {
namespace {

// In runs from before signals were set aside, a signal that is not recorded yet is its sender's
// mistake.
void require_recorded(const replay::Execution& run, const PayloadError& error) {
  if (run.replaying() || run.behaviours().unreadable_signals_are_set_aside()) return;
  throw PayloadError(error);
}

// From its what(), which begins with its code.
PayloadError to_payload_error(const std::string& what) {
  const std::size_t code_end = std::min(what.find(' '), what.size());
  return {what.substr(0, code_end), what.substr(std::min(code_end + 1, what.size()))};
}

}  // namespace

std::shared_ptr<void> read_handed(const replay::Execution& run,
                                  const std::string& name,
                                  const replay::Execution::HandedSignal& signal,
                                  const SignalReader& reader) {
  std::shared_ptr<void> value;
  std::string why_not;
  if (reader.read(signal.input, &value, &why_not)) return value;
  const PayloadError error = to_payload_error(why_not);
  require_recorded(run, error);
  proto::Event recorded;
  recorded.mutable_signal_received()->set_name(name);
  recorded.mutable_signal_received()->set_input(signal.input.data(), signal.input.size());
  throw_wrong_type(error, std::move(recorded), signal.event, reader.type, {}, {},
                   run.running_strand());
}

}  // namespace internal

void internal::wrong_input(const PayloadError& error,
                           std::string_view input,
                           std::string_view type) {
  proto::Event recorded;
  recorded.mutable_run_started()->set_input(input.data(), input.size());
  throw_wrong_type(error, std::move(recorded), 1, type, {}, {}, 1);
}

void PendingBase::wrong_type(const PayloadError& error,
                             std::string_view payload,
                             std::string_view type) const {
  const replay::Operation& read = operation();
  const replay::Execution& run = *parts_.execution;
  proto::Event recorded;
  std::string payload_of;
  if (read.kind() == replay::Operation::Kind::kSignal) {
    internal::require_recorded(run, error);
    recorded.mutable_signal_received()->set_name(read.label);
    recorded.mutable_signal_received()->set_input(payload.data(), payload.size());
  } else if (read.kind() == replay::Operation::Kind::kChild) {
    payload_of = "child " + read.label;
    recorded.mutable_child_completed()->set_id(read.id());
    recorded.mutable_child_completed()->set_result(payload.data(), payload.size());
  } else {
    payload_of = "activity " + read.label;
    recorded.mutable_activity_completed()->set_id(read.id());
    recorded.mutable_activity_completed()->set_result(payload.data(), payload.size());
  }
  internal::throw_wrong_type(error, std::move(recorded), read.event, type, read.site,
                             std::move(payload_of), run.running_strand());
}

void Context::wrong_type(const PayloadError& error,
                         ValueOf what,
                         std::string_view name,
                         const std::string& payload,
                         std::string_view type,
                         CallSite site) const {
  proto::Event recorded;
  std::string payload_of;
  switch (what) {
    case ValueOf::kSideEffect:
      recorded.mutable_side_effect_recorded()->set_value(payload);
      break;
    case ValueOf::kStep:
      recorded.mutable_step_completed()->set_result(payload);
      payload_of = "step " + std::string(name);
      break;
    case ValueOf::kTransaction:
      recorded.mutable_transaction_completed()->set_result(payload);
      payload_of = "transaction " + std::string(name);
      break;
  }
  internal::throw_wrong_type(error, std::move(recorded), execution_->value_event(), type,
                             internal::to_base(site), std::move(payload_of),
                             execution_->running_strand());
}

}  // namespace reprise
