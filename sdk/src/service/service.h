// The state of a public Service: the runtime's two seams, and how a caller waits for an answer.
#pragma once
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/interruptible_waits.h"
#include "base/time.h"
#include "reprise/engine.h"
#include "runtime/client_service.h"
#include "runtime/worker_gateway.h"
#include "sdk/src/errors.h"

namespace reprise::internal {

struct ServiceState {
  ServiceState() = default;
  virtual ~ServiceState() = default;
  ServiceState(const ServiceState&) = delete;
  ServiceState& operator=(const ServiceState&) = delete;

  // Does a worker use it?
  virtual bool in_use() const { return false; }
  // True: it belongs to the process from which this one was forked. Nothing of it may be destroyed
  // here: that would wait for its threads, which are not in this process.
  virtual bool abandoned() const { return false; }
  // Ends what it does on its own account. Called before it is asked whether it is in use.
  virtual void close() {}
  // The time as its runs see it.
  virtual base::Time now() const { return base::WallClock().now(); }

  runtime::ClientService* clients = nullptr;
  runtime::WorkerGateway* workers = nullptr;
  LogSink log;
  std::string directory;  // of its store; empty: it has none
  // Told which run a caller is about to wait for. Empty: not needed.
  std::function<void(const runtime::RunKey&)> awaiting{};
};

// An object that cannot be destroyed on this thread, because it would wait for itself, stays until
// the process ends: exit() in an activity destroys static objects on the activity's thread.
template <class T>
void leave_for_ever(std::unique_ptr<T> object) {
  static std::mutex mutex;
  static auto& left = *new std::vector<std::unique_ptr<T>>;
  const std::lock_guard lock(mutex);
  left.push_back(std::move(object));
}

struct ServiceAccess {
  static ServiceState& state(Service& service) { return *service.state_; }
  static const ServiceState& state(const Service& service) { return *service.state_; }
};

// Throws UsageError RP2004 on a thread that is needed for the answer: a shard's, whatever user code
// it runs, and any other thread that runs workflow code.
void forbid_in_workflow();

// StoreError RP1008: the worker whose thread waits is stopping.
[[noreturn]] void throw_worker_stopping();

// For something that may never come, such as the end of a run. False: time is up. A worker that
// stops does not wait for its own threads to return from here.
template <class T>
bool wait_for(runtime::ClientService& service,
              const runtime::Promise<T>& promise,
              std::optional<base::Duration> timeout = std::nullopt) {
  const std::stop_token stop = base::InterruptibleWaits::stop();
  const auto ready = [&promise] { return promise.ready(); };
  const auto block = [&](std::optional<base::Duration> limit) { return promise.wait(limit, stop); };
  if (value_or_throw(service.wait(ready, block, timeout))) return true;
  if (stop.stop_requested()) throw_worker_stopping();
  return false;
}

// For the answer to a request, which comes when the service has carried it out; if it cannot, the
// wait is limited. `stop` is for answers that depend on others.
template <class T>
void wait_for_answer(runtime::ClientService& service,
                     const runtime::Promise<T>& promise,
                     const std::stop_token& stop = {}) {
  const auto ready = [&promise] { return promise.ready(); };
  const auto block = [&](std::optional<base::Duration> limit) { return promise.wait(limit, stop); };
  const base::Status waited = service.await_answer(ready, block, stop);
  if (!waited) throw_error(waited.error());
  if (!promise.ready()) throw_worker_stopping();
}

// Sets the promise when it is called, and also when it is dropped uncalled, as by an engine that is
// closed with the question under way: the waiting caller gets an error.
template <class T>
runtime::Reply<T> reply_to(std::shared_ptr<runtime::Promise<base::Result<T>>> promise) {
  class Answer {
   public:
    explicit Answer(std::shared_ptr<runtime::Promise<base::Result<T>>> to)
        : promise_(std::move(to)) {}
    Answer(Answer&& from) noexcept = default;
    Answer& operator=(Answer&&) = delete;
    ~Answer() {
      if (promise_ == nullptr) return;
      promise_->set(base::Error{base::ErrorCode::kStoreClosed,
                                "the engine was closed before it answered; open it and ask again"});
    }
    void operator()(base::Result<T> reply) {
      if (promise_ != nullptr) std::exchange(promise_, nullptr)->set(std::move(reply));
    }

   private:
    std::shared_ptr<runtime::Promise<base::Result<T>>> promise_;
  };
  return Answer(std::move(promise));
}

// Asks, and waits for the answer.
template <class Verb>
base::Result<typename Verb::Answer> ask(runtime::ClientService& service, Verb request) {
  forbid_in_workflow();
  const auto promise = std::make_shared<runtime::Promise<base::Result<typename Verb::Answer>>>();
  request.reply = reply_to(promise);
  service.ask(std::move(request));
  wait_for_answer(service, *promise);
  return promise->get();
}

// spdlog's default logger.
LogSink default_log();
// Passes on printable lines: control characters are escaped as \x1b, and further lines are
// indented, because an entry of the log begins in the first column.
LogSink printable_log(LogSink log);
// runtime/engine/log_sink.h
LogSink never_throwing(const LogSink& log);

}  // namespace reprise::internal
