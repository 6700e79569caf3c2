// Behind the public Service: the runtime's one, and how a caller waits for it.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "reprise/engine.h"
#include "runtime/service.h"
#include "sdk/src/errors.h"

namespace reprise::internal {

struct ServiceState {
  ServiceState() = default;
  virtual ~ServiceState() = default;
  ServiceState(const ServiceState&) = delete;
  ServiceState& operator=(const ServiceState&) = delete;

  runtime::Service* service = nullptr;
  LogSink log;
  // Told which run a caller is about to wait for. Empty: nobody asks.
  std::function<void(const runtime::RunKey&)> awaiting{};
};

struct ServiceAccess {
  static ServiceState& state(Service& service) { return *service.state_; }
};

// Waiting would block the very thread that the answer needs.
void forbid_in_workflow();

// False: the timeout passed.
template <class T>
bool wait_for(runtime::Service& service,
              const runtime::Promise<T>& promise,
              std::optional<base::Duration> timeout = std::nullopt) {
  const auto ready = [&promise] { return promise.ready(); };
  const auto block = [&promise](std::optional<base::Duration> limit) {
    return promise.wait(limit);
  };
  return value_or_throw(service.wait(ready, block, timeout));
}

// Sets the promise when it is called, and also when it is dropped uncalled, as by an engine that
// was closed with the question under way: whoever waits is told.
template <class T>
runtime::Reply<T> reply_to(std::shared_ptr<runtime::Promise<base::Result<T>>> promise) {
  struct Answer {
    explicit Answer(std::shared_ptr<runtime::Promise<base::Result<T>>> to)
        : promise(std::move(to)) {}
    Answer(const Answer&) = delete;
    Answer& operator=(const Answer&) = delete;
    ~Answer() {
      promise->set(base::Error{base::ErrorCode::kStoreClosed,
                               "the engine was closed before it answered; open it and ask again"});
    }
    const std::shared_ptr<runtime::Promise<base::Result<T>>> promise;
  };
  auto answer = std::make_shared<const Answer>(std::move(promise));
  return [answer](base::Result<T> reply) { answer->promise->set(std::move(reply)); };
}

// Calls `send` with a Reply<T> and waits for the reply.
template <class T, class Send>
base::Result<T> ask(runtime::Service& service, const Send& send) {
  forbid_in_workflow();
  const auto promise = std::make_shared<runtime::Promise<base::Result<T>>>();
  send(reply_to(promise));
  wait_for(service, *promise);
  return promise->get();
}

// spdlog's default logger.
LogSink default_log();
// Hands on lines that can be printed: with control characters and the like as \x1b, and with no
// further line in the first column, where the next entry of the log begins.
LogSink printable_log(LogSink log);

}  // namespace reprise::internal
