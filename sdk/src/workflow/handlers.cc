// Handlers of signals, queries and updates: registering them, and waiting for those under way.
#include <optional>
#include <string>
#include <utility>

#include "proto/log.pb.h"
#include "reprise/context.h"
#include "sdk/src/checks.h"
#include "sdk/src/errors.h"
#include "sdk/src/failures.h"
#include "sdk/src/interceptors.h"
#include "sdk/src/workflow/durable.h"
#include "sdk/src/workflow/wrong_type.h"

namespace reprise {

namespace {

replay::Execution::QueryHandler query_handler(
    std::function<std::string(std::string_view)> handler) {
  return [handler = std::move(handler)](std::string_view input) -> base::Result<std::string> {
    try {
      std::string answer = handler(input);
      internal::check_payload_size(answer, "the query's answer");
      return answer;
    } catch (const std::exception& error) {
      return base::Error{base::ErrorCode::kQueryFailed,
                         std::string("the query handler threw: ") + error.what()};
    } catch (...) {
      return base::Error{base::ErrorCode::kQueryFailed,
                         "the query handler threw no std::exception"};
    }
  };
}

replay::Outcome update_outcome(std::string result) {
  try {
    internal::check_payload_size(result, "the update's result");
    return replay::Outcome::success(std::move(result));
  } catch (const PayloadError& error) {
    return internal::refused_result(error);
  }
}

// Anything but a Failure passes: a bug, or the run leaving memory.
replay::Execution::UpdateHandler update_handler(
    replay::Execution& run,
    const internal::WorkflowHost& host,
    std::string_view name,
    std::function<std::string(std::string_view)> handler) {
  return [&run, &host, name = std::string(name),
          handler = std::move(handler)](std::string_view input) {
    try {
      std::string result;
      internal::intercepted_handler(run, host, {"update", name, run.update_headers()},
                                    [&] { result = handler(input); });
      return update_outcome(std::move(result));
    } catch (const Failure& failure) {
      return replay::Outcome::failed(internal::to_proto(failure));
    } catch (const PayloadError& error) {
      // Returns the handler's result, unless the handler has misread something of its own.
      if (error.code() != base::to_string(base::ErrorCode::kPayloadEncode)) throw;
      return internal::refused_result(error);
    }
  };
}

// Anything but a Failure passes: a bug in the check.
replay::Execution::UpdateCheck update_check(std::function<void(std::string_view)> check) {
  if (!check) return {};
  return [check = std::move(check)](std::string_view input) -> std::optional<proto::Failure> {
    try {
      check(input);
      return std::nullopt;
    } catch (const Failure& failure) {
      return internal::to_proto(failure);
    }
  };
}

}  // namespace

Registration Context::add_query(std::string_view name, Handler handler) {
  internal::require_durable(*execution_);
  internal::check_name(*execution_, "the query's name", name);
  return Registration(*execution_, execution_->answer(name, query_handler(std::move(handler))));
}

Registration Context::add_update(std::string_view name,
                                 Handler handler,
                                 std::function<void(std::string_view)> check) {
  internal::require_durable(*execution_);
  internal::check_name(*execution_, "the update's name", name);
  return Registration(
      *execution_,
      execution_->accept(name, update_handler(*execution_, *host_, name, std::move(handler)),
                         update_check(std::move(check))));
}

void Context::finish_handlers(CallSite site) {
  internal::require_durable(*execution_);
  if (execution_->in_handler()) {
    internal::misused(
        "finish_handlers() in a handler would wait for itself; call it on the workflow's own "
        "strand, before the code ends");
  }
  const auto finished = [this] { return execution_->handlers_under_way() == 0; };
  const auto waited = execution_->wait_until(finished, nullptr, internal::to_base(site));
  if (waited == replay::Waited::kCancelled) internal::throw_cancelled();
}

Registration Context::add_any_signal(
    std::function<void(std::string_view, std::string_view)> handler) {
  internal::require_durable(*execution_);
  const auto handle = [run = execution_, host = host_, handler = std::move(handler)](
                          std::string_view name, std::string_view payload,
                          const event::HeaderFields* headers) {
    try {
      internal::intercepted_handler(*run, *host, {"signal", name, headers},
                                    [&] { handler(name, payload); });
    } catch (const CancelledFailure&) {
      // The run is being cancelled, and its handlers stop with it.
    }
  };
  return Registration(*execution_, execution_->on_any_signal(handle));
}

void internal::Handlers::signal(Context& ctx,
                                std::string_view name,
                                SignalReader reader,
                                std::function<void(SpawnResult&)> handler) {
  replay::Execution& run = ctx.durable();
  check_name(run, "the signal's name", name);
  const auto handle = [&run, host = ctx.host_, reader, name = std::string(name),
                       handler =
                           std::move(handler)](const replay::Execution::HandedSignal& signal) {
    const auto value = signal.value ? signal.value : read_handed(run, name, signal, reader);
    try {
      intercepted_handler(run, *host, {"signal", name, signal.headers},
                          [&] { handler(*static_cast<SpawnResult*>(value.get())); });
    } catch (const CancelledFailure&) {
      // The run is being cancelled, and its handlers stop with it.
    }
  };
  run.on_signal(name, handle, reader.read);
}

void internal::Handlers::query(Context& ctx,
                               std::string_view name,
                               std::function<std::string(std::string_view)> handler) {
  check_name(ctx.durable(), "the query's name", name);
  ctx.durable().answer(name, query_handler(std::move(handler)));
}

void internal::Handlers::update(Context& ctx,
                                std::string_view name,
                                std::function<std::string(std::string_view)> handler,
                                std::function<void(std::string_view)> check) {
  check_name(ctx.durable(), "the update's name", name);
  replay::Execution& run = ctx.durable();
  run.accept(name, update_handler(run, *ctx.host_, name, std::move(handler)),
             update_check(std::move(check)));
}

}  // namespace reprise
