#include "reprise/pending.h"

#include "replay/strand.h"
#include "sdk/src/checks.h"
#include "sdk/src/errors.h"
#include "sdk/src/failures.h"
#include "sdk/src/workflow/durable.h"

namespace reprise {
namespace {

[[noreturn]] void throw_outside(const char* message) {
  throw UsageError(internal::code_text(base::ErrorCode::kOutsideWorkflow), message);
}

[[noreturn]] void throw_taken(const char* message) {
  throw UsageError(internal::code_text(base::ErrorCode::kPendingTaken), message);
}

void release(internal::PendingParts& parts) noexcept {
  // Stops a spawned strand, whose stack may refer to `spawned`: in this order.
  if (auto* operation = std::exchange(parts.operation, nullptr)) intrusive_release(operation);
  parts.spawned.reset();
  if (auto* scope = std::exchange(parts.scope, nullptr)) intrusive_release(scope);
}

}  // namespace

namespace internal {

void require_strand(const replay::Execution& execution) {
  // Checks the strand first: it belongs to one thread, so other threads get no further.
  if (replay::Strand::current() != nullptr && execution.callable()) return;
  throw_outside(
      "a durable call outside the run's own code: the Context and what comes from it belong to the "
      "workflow's strands. Steps, query handlers, activities and other threads get values by copy "
      "instead");
}

void require_durable(const replay::Execution& execution) {
  require_strand(execution);
  const char* const closure = execution.closure();
  if (closure == nullptr) return;
  const std::string message = std::string("a durable call in ") + closure +
                              ": replay does not run it as often as it was run. Make the call "
                              "before it, and use the value inside";
  throw_outside(message.c_str());
}

void require_startable(replay::Execution& execution) {
  require_durable(execution);
  if (!execution.may_start()) throw_cancelled();
}

void throw_cancelled() {
  throw CancelledFailure("the run, or the scope in which its code waits, was cancelled");
}

PendingParts to_parts(replay::Execution& execution, const replay::OperationRef& operation) {
  intrusive_add(operation.get());
  return {&execution, operation.get(), {}};
}

PendingParts next_signal(replay::Execution& execution,
                         const std::string& name,
                         CallSite site,
                         ReadSignal read) {
  require_durable(execution);
  check_name(execution, "the signal's name", name);
  return to_parts(execution, execution.next_signal(name, {site.file, site.line}, read));
}

bool has_signal(replay::Execution& execution,
                const std::string& name,
                CallSite site,
                ReadSignal read) {
  require_strand(execution);
  return execution.has_signal(name, read, {site.file, site.line});
}

}  // namespace internal

PendingBase::PendingBase(PendingBase&& other) noexcept
    : parts_(std::exchange(other.parts_, internal::PendingParts{})) {}

PendingBase& PendingBase::operator=(PendingBase&& other) noexcept {
  if (this == &other) return *this;
  release(parts_);
  parts_ = std::exchange(other.parts_, internal::PendingParts{});
  return *this;
}

PendingBase::~PendingBase() {
  release(parts_);
}

bool PendingBase::ready() const {
  return operation().ready();
}

void PendingBase::cancel(CallSite site) {
  replay::Operation& target = operation();
  internal::require_durable(*parts_.execution);
  parts_.execution->cancel(target, internal::to_base(site));
}

std::string PendingBase::take() {
  replay::Operation& awaited = operation();
  internal::require_durable(*parts_.execution);
  replay::Execution& run = *parts_.execution;
  if (awaited.read()) throw_taken("get() was called before on this Pending: it hands over once");
  if (run.wait(awaited) == replay::Waited::kCancelled) internal::throw_cancelled();
  if (awaited.read() && run.behaviours().results_are_taken_once()) {
    throw_taken(
        "another strand has waited in get() of this Pending and has its result: it hands over "
        "once. Let one strand wait for it and pass on what it got");
  }
  if (awaited.signal != nullptr && awaited.signal->value.value != nullptr) {
    // Already decoded when it was handed over.
    parts_.spawned =
        std::static_pointer_cast<internal::SpawnResult>(std::move(awaited.signal->value.value));
  }
  replay::Outcome outcome = awaited.take_outcome();
  if (parts_.spawned && parts_.spawned->failure) std::rethrow_exception(parts_.spawned->failure);
  if (!outcome.ok()) internal::throw_failure(outcome.failure());
  return outcome.take_payload();
}

replay::Operation& PendingBase::operation() const {
  if (parts_.operation == nullptr) throw_outside("this Pending was moved from");
  return *parts_.operation;
}

Registration::Registration(Registration&& other) noexcept
    : execution_(std::exchange(other.execution_, nullptr)), id_(other.id_) {}

Registration& Registration::operator=(Registration&& other) noexcept {
  if (this == &other) return *this;
  remove();
  execution_ = std::exchange(other.execution_, nullptr);
  id_ = other.id_;
  return *this;
}

Registration::~Registration() {
  remove();
}

void Registration::remove() noexcept {
  if (execution_ != nullptr) execution_->remove_handler(id_);
  execution_ = nullptr;
}

}  // namespace reprise
