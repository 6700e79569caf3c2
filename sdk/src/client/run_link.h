// The state that a RunHandle and its copies share: which run, and what is known of its start and
// its end.
#pragma once
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/client_service.h"
#include "sdk/src/service/service.h"

namespace reprise::internal {

// The state that a SentSignal and its copies share. Thread-safe.
struct SignalLink {
  explicit SignalLink(runtime::ClientService& to) : service(to) {}
  base::Status wait() const;

  runtime::ClientService& service;
  runtime::Promise<base::Status> reply;
};

class RunLink;

// The state that an UpdateHandle and its copies share. Thread-safe.
struct UpdateLink {
  static std::shared_ptr<UpdateLink> send(std::shared_ptr<RunLink> run,
                                          std::string_view name,
                                          std::string input,
                                          std::string_view id);
  // With the start of its run.
  static std::shared_ptr<UpdateLink> start(ServiceState& service,
                                           std::shared_ptr<const ClientOptions> client,
                                           runtime::StartRequest&& request,
                                           std::string_view name,
                                           std::string input,
                                           std::string_view id);
  // These two wait. They throw if the update was refused or rejected.
  std::string id() const;
  void wait_for(bool completed) const;
  // The answer's payload; nullopt: time is up. Throws the handler's failure.
  std::optional<std::string> result(std::optional<base::Duration> timeout) const;

  std::shared_ptr<RunLink> run;
  std::string given_id;
  // Shared with the reply, which the service may keep for longer than any handle lives. The outcome
  // is shared too, because replies are copied and an Outcome cannot be.
  using Answer = base::Result<std::shared_ptr<const replay::Outcome>>;
  std::shared_ptr<runtime::Promise<Answer>> answer = std::make_shared<runtime::Promise<Answer>>();
  // Its id, once it is accepted; nullopt: it was not, and the answer says why.
  using Accepted = runtime::Promise<std::optional<std::string>>;
  std::shared_ptr<Accepted> accepted = std::make_shared<Accepted>();

 private:
  static std::shared_ptr<UpdateLink> make(std::string_view name,
                                          const std::string& input,
                                          std::string_view id);
  runtime::Reply<replay::Outcome> on_answer() const;
  runtime::Reply<std::string> on_accepted() const;
  void throw_if_refused() const;
  template <class Value>
  bool wait(runtime::Promise<Value>& value, std::optional<base::Duration> timeout) const;
};

// Thread-safe.
class RunLink {
 public:
  // Starts the run without waiting. Requests are large: each move of one is work.
  static std::shared_ptr<RunLink> start(ServiceState& service,
                                        std::shared_ptr<const ClientOptions> client,
                                        runtime::StartRequest&& request);
  // A run that should exist.
  RunLink(ServiceState& service, std::shared_ptr<const ClientOptions> client, runtime::RunKey key)
      : service_(service), client_(std::move(client)), key_(std::move(key)) {}
  ~RunLink();
  RunLink(const RunLink&) = delete;
  RunLink& operator=(const RunLink&) = delete;

  runtime::ClientService& service() const { return *service_.clients; }
  const ClientOptions& client() const { return *client_; }
  // Asks in the name of its client.
  template <class Verb>
  void send(Verb request) const {
    runtime::set_principal(client_->principal, &request);
    service().ask(std::move(request));
  }
  // The same, and waits for the answer.
  template <class Verb>
  auto ask(Verb request) const {
    runtime::set_principal(client_->principal, &request);
    return internal::ask(service(), std::move(request));
  }

  // These wait for the start and throw if it failed.
  void started() const;
  bool try_started() const;  // false instead of AlreadyStarted
  std::string workflow_id() const;
  runtime::RunKey key() const;
  runtime::RunKey key_to_await() const;  // tells the service that somebody will wait for the run

  // Of a run that has begun from the history of this one.
  std::shared_ptr<RunLink> goes_on_as(const runtime::StartedRun& started) const {
    return std::make_shared<RunLink>(
        service_, client_,
        runtime::RunKey{started.workflow_id, started.run_id, /*of_chain=*/true});
  }

  std::shared_ptr<SignalLink> submit_signal(std::string_view name, std::string input) const;
  base::Status signal(std::string_view name, std::string input) const;
  // The payload of its result; nullopt: time is up. Throws the failure with which it ended.
  std::optional<std::string> result(std::optional<base::Duration> timeout);

 private:
  using Start = runtime::Promise<base::Result<runtime::StartedRun>>;
  struct Promises;
  const base::Result<runtime::StartedRun>& wait_for_start() const;
  std::shared_ptr<runtime::RunWatch> watch();
  void wait_for_first_look(const runtime::RunWatch& ended, base::Duration timeout);

  ServiceState& service_;
  std::shared_ptr<const ClientOptions> client_;
  runtime::RunKey key_;             // of the start: as asked for
  std::shared_ptr<Start> start_{};  // nullptr: not started by us
  std::mutex mutex_;
  std::shared_ptr<runtime::RunWatch> watch_{};
  std::atomic<bool> looked_{false};  // the service has looked whether the run has ended
};

}  // namespace reprise::internal
