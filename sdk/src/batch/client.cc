// Batches as their users see them: a start of the batch's run, a look at it, a signal, its end.
#include "reprise/client.h"

#include <algorithm>
#include <utility>

#include "base/printable_text.h"
#include "sdk/src/batch/new_batch.h"
#include "sdk/src/checks.h"
#include "sdk/src/client/run_link.h"
#include "sdk/src/errors.h"

namespace reprise {

namespace internal {

// Thread-safe.
class BatchLink {
 public:
  BatchLink(Client from, std::string_view batch_id) : client(std::move(from)), id(batch_id) {}

  std::string workflow_id() const { return std::string(kBatchPrefix) + id; }
  // The newest run of the batch.
  RunHandle run() const { return client.handle(workflow_id()); }

  Client client;
  std::string id;
};

namespace {

template <class Fn>
auto asked(const BatchLink& link, Fn fn) {
  try {
    return fn(link);
  } catch (const NotFound&) {
    throw NotFound(code_text(base::ErrorCode::kNotFound),
                   "no batch '" + base::printable_text(link.id) +
                       "'; Client::batches() lists those that the store has");
  }
}

BatchDescription described(const RunDescription& run) {
  BatchDescription batch = describe_batch(run.workflow_id, run.settings);
  batch.status = run.status;
  batch.closed = run.closed;
  if (batch.started == Time{}) batch.started = run.started;
  if (run.parked) batch.parked = run.parked->code + " " + run.parked->report;
  return batch;
}

// One of many, which are known without it.
BatchDescription known_of(const RunDescription& run) {
  try {
    return described(run);
  } catch (const Error& error) {  // what it publishes does not open, or is of a later version
    BatchDescription batch;
    batch.id = run.workflow_id.substr(kBatchPrefix.size());
    batch.status = run.status;
    batch.started = run.started;
    batch.closed = run.closed;
    batch.parked = error.what();
    return batch;
  }
}

// A filter that could not be used.
[[noreturn]] void throw_end(const ApplicationFailure& failure) {
  if (failure.type() == code_text(base::ErrorCode::kFilter)) {
    throw_error({base::ErrorCode::kFilter, failure.what()});
  }
  throw failure;
}

template <class Fn>
bool await_end(const BatchLink& link, Fn wait) {
  return asked(link, [&](const BatchLink& known) {
    try {
      return wait(known.client.attach(kBatchDefinition, known.workflow_id()));
    } catch (const ApplicationFailure& failure) {
      throw_end(failure);
    }
  });
}

}  // namespace
}  // namespace internal

// ---- clients ----------------------------------------------------------------------------------

Batch Client::new_batch(const internal::NewBatch& batch, const BatchOptions& options) const {
  internal::forbid_in_workflow();
  const auto request = internal::start_of_batch(batch, options, options_->principal);
  (void)list(batch.filter, {.page_size = 1});  // names of attributes that it has, and their types
  const auto link = internal::RunLink::start(*service_, options_, runtime::StartRequest(request));
  link->started();
  Batch begun =
      this->batch(std::string_view(request.workflow_id).substr(internal::kBatchPrefix.size()));
  const RunDescription run = begun.link_->run().describe();
  internal::check_same_batch(request, run.settings, run.run_id);
  return begun;
}

Batch Client::cancel_all(std::string_view filter,
                         std::string_view reason,
                         const BatchOptions& options) const {
  return new_batch({.verb = BatchVerb::kCancel, .filter = filter, .reason = reason}, options);
}

Batch Client::terminate_all(std::string_view filter,
                            std::string_view reason,
                            const BatchOptions& options) const {
  return new_batch({.verb = BatchVerb::kTerminate, .filter = filter, .reason = reason}, options);
}

Batch Client::pause_all(std::string_view filter,
                        std::string_view reason,
                        const BatchOptions& options) const {
  return new_batch({.verb = BatchVerb::kPause, .filter = filter, .reason = reason}, options);
}

Batch Client::resume_all(std::string_view filter,
                         std::string_view reason,
                         const BatchOptions& options) const {
  return new_batch({.verb = BatchVerb::kResume, .filter = filter, .reason = reason}, options);
}

Batch Client::reset_all(std::string_view filter,
                        const ResetOptions& reset,
                        const BatchOptions& options) const {
  return new_batch(
      {.verb = BatchVerb::kReset, .filter = filter, .reason = reset.reason, .reset = reset},
      options);
}

Batch Client::restart_all(std::string_view filter,
                          const RestartOptions& restart,
                          const BatchOptions& options) const {
  return new_batch({.verb = BatchVerb::kRestart,
                    .filter = filter,
                    .reason = restart.reason,
                    .reset = {.rows_stay = restart.rows_stay}},
                   options);
}

Batch Client::batch(std::string_view id) const {
  internal::check_batch_id(id);
  return Batch(std::make_shared<const internal::BatchLink>(*this, id));
}

std::vector<BatchDescription> Client::batches() const {
  std::vector<BatchDescription> all;
  for (const RunDescription& run :
       list({.workflow = std::string(internal::kBatchWorkflow), .limit = 0})) {
    if (run.status != RunStatus::kContinuedAsNew) all.push_back(internal::known_of(run));
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  return all;
}

// ---- batches
// --------------------------------------------------------------------------------------

Batch::Batch(std::shared_ptr<const internal::BatchLink> link) : link_(std::move(link)) {}

const std::string& Batch::id() const {
  return link_->id;
}

BatchDescription Batch::describe() const {
  return internal::asked(*link_, [](const internal::BatchLink& link) {
    return internal::described(link.run().describe());
  });
}

BatchProgress Batch::wait() const {
  internal::await_end(*link_, [](const auto& run) {
    run.result();
    return true;
  });
  return progress();
}

std::optional<BatchProgress> Batch::wait_for(Duration timeout) const {
  const bool ended =
      internal::await_end(*link_, [timeout](const auto& run) { return run.result_for(timeout); });
  return ended ? std::optional(progress()) : std::nullopt;
}

void Batch::stop() const {
  internal::asked(*link_, [](const internal::BatchLink& link) {
    (void)link.run().try_signal(internal::kStopBatch());
  });
}

}  // namespace reprise
