#include "sdk/src/client/run_link.h"

#include <utility>

#include "base/pooled.h"
#include "sdk/src/checks.h"
#include "sdk/src/failures.h"
#include "sdk/src/interceptors.h"

namespace reprise::internal {
namespace {

// Throws the failure with which a run ended, unless it completed.
void throw_end(const runtime::RunEnd& end) {
  using Status = runtime::RunStatus;
  const std::string& message = end.failure().message();
  switch (end.status) {
    case Status::kCompleted:
      return;
    case Status::kCancelled:
      throw CancelledFailure(message.empty() ? "the run was cancelled" : message);
    case Status::kTerminated:
      throw TerminatedFailure(message.empty() ? "the run was terminated" : message);
    case Status::kTimedOut:
      throw TimeoutFailure(
          end.failure().type() == "execution_timeout" ? TimeoutKind::kExecution : TimeoutKind::kRun,
          message.empty() ? "the run timed out" : message);
    default:
      throw_failure(end.failure());
  }
}

}  // namespace

// In one allocation, which the service may keep after the last handle has gone.
struct RunLink::Promises {
  Start start;
  runtime::RunWatch watch;
};

std::shared_ptr<RunLink> RunLink::start(ServiceState& service,
                                        std::shared_ptr<const ClientOptions> client,
                                        runtime::StartRequest&& request) {
  auto link =
      std::allocate_shared<RunLink>(base::PooledAllocator<RunLink>(), service, std::move(client),
                                    runtime::RunKey{request.workflow_id});
  const auto promises = std::allocate_shared<Promises>(base::PooledAllocator<Promises>());
  link->start_ = {promises, &promises->start};
  link->watch_ = {promises, &promises->watch};
  link->send(runtime::verb::Start{std::move(request), link->watch_, reply_to(link->start_)});
  return link;
}

// The run goes on; the service need not remember that this handle waited for its end.
RunLink::~RunLink() {
  if (watch_ == nullptr || watch_->ready()) return;
  if (start_ != nullptr && start_->ready() && start_->get()) {
    service().ask(
        runtime::verb::Unwatch{{start_->get()->workflow_id, start_->get()->run_id}, watch_});
  } else if (!key_.workflow_id.empty()) {
    service().ask(runtime::verb::Unwatch{key_, watch_});
  }
}

const base::Result<runtime::StartedRun>& RunLink::wait_for_start() const {
  if (!start_->ready()) {
    forbid_in_workflow();
    wait_for_answer(service(), *start_);
  }
  return start_->get();
}

bool RunLink::try_started() const {
  if (start_ == nullptr) return true;
  const auto& reply = wait_for_start();
  if (reply) return true;
  if (reply.error().code == base::ErrorCode::kAlreadyStarted) return false;
  throw_error(reply.error());
}

void RunLink::started() const {
  if (try_started()) return;
  // The error's message is the run that has the id, and its workflow if that is the obstacle.
  const std::string& run = start_->get().error().message;
  const std::string run_id = run.substr(0, run.find(' '));
  const std::string exists =
      "a run with workflow id '" + key_.workflow_id + "' exists, run id " + run_id;
  if (run.size() > run_id.size()) {
    throw AlreadyStarted(exists + ", and it is one of workflow '" + run.substr(run_id.size() + 1) +
                             "'; use another id",
                         run_id);
  }
  throw AlreadyStarted(
      exists + "; use another id, attach() to it, or allow it with id_reuse and id_conflict",
      run_id);
}

std::string RunLink::workflow_id() const {
  return key_.workflow_id.empty() ? key().workflow_id : key_.workflow_id;
}

runtime::RunKey RunLink::key() const {
  if (start_ == nullptr) return key_;
  started();
  return {start_->get()->workflow_id, start_->get()->run_id, true};
}

runtime::RunKey RunLink::key_to_await() const {
  auto run = key();
  if (service_.awaiting) service_.awaiting(run);
  return run;
}

base::Status SignalLink::wait() const {
  forbid_in_workflow();  // ready or not: what is wrong must not depend on the disk
  if (!reply.ready()) wait_for_answer(service, reply);
  return reply.get();
}

std::shared_ptr<SignalLink> RunLink::submit_signal(std::string_view name, std::string input) const {
  check_id("the signal's name", name);
  check_payload_size(input, "the argument of signal", name);
  Headers headers = client_headers(client_->interceptors, "signal", name);
  auto link = std::make_shared<SignalLink>(service());
  send(runtime::verb::Signal{
      .key = key(),
      .name = std::string(name),
      .input = std::move(input),
      .reply = reply_to(std::shared_ptr<runtime::Promise<base::Status>>(link, &link->reply)),
      .headers = std::move(headers)});
  return link;
}

base::Status RunLink::signal(std::string_view name, std::string input) const {
  forbid_in_workflow();
  return submit_signal(name, std::move(input))->wait();
}

std::shared_ptr<UpdateLink> UpdateLink::make(std::string_view name,
                                             const std::string& input,
                                             std::string_view id) {
  check_payload_size(input, "the arguments of update", name);
  if (!id.empty()) check_id("the update's id", id);
  auto link = std::make_shared<UpdateLink>();
  link->given_id = std::string(id);
  return link;
}

std::shared_ptr<UpdateLink> UpdateLink::send(std::shared_ptr<RunLink> run,
                                             std::string_view name,
                                             std::string input,
                                             std::string_view id) {
  auto link = make(name, input, id);
  Headers headers = client_headers(run->client().interceptors, "update", name);
  link->run = std::move(run);
  link->run->send(runtime::verb::Update{.key = link->run->key(),
                                        .name = std::string(name),
                                        .input = std::move(input),
                                        .reply = link->on_answer(),
                                        .id = link->given_id,
                                        .accepted = link->on_accepted(),
                                        .headers = std::move(headers)});
  return link;
}

std::shared_ptr<UpdateLink> UpdateLink::start(ServiceState& service,
                                              std::shared_ptr<const ClientOptions> client,
                                              runtime::StartRequest&& request,
                                              std::string_view name,
                                              std::string input,
                                              std::string_view id) {
  auto link = make(name, input, id);
  Headers headers = client_headers(client->interceptors, "update", name);
  request.update = runtime::FirstUpdate{.name = std::string(name),
                                        .input = std::move(input),
                                        .id = link->given_id,
                                        .reply = link->on_answer(),
                                        .accepted = link->on_accepted(),
                                        .headers = std::move(headers)};
  link->run = RunLink::start(service, std::move(client), std::move(request));
  return link;
}

namespace {

// Who waits for the acceptance waits no more, however the reply ends: called, or dropped by an
// engine that is closed.
struct EndOfAcceptance {
  explicit EndOfAcceptance(std::shared_ptr<UpdateLink::Accepted> of) : accepted(std::move(of)) {}
  ~EndOfAcceptance() { accepted->set(std::nullopt); }  // does nothing if it was set
  EndOfAcceptance(const EndOfAcceptance&) = delete;
  EndOfAcceptance& operator=(const EndOfAcceptance&) = delete;

  std::shared_ptr<UpdateLink::Accepted> accepted;
};

}  // namespace

runtime::Reply<replay::Outcome> UpdateLink::on_answer() const {
  return [end = std::make_shared<EndOfAcceptance>(accepted),
          reply = reply_to(answer)](base::Result<replay::Outcome> handled) {
    end->accepted->set(std::nullopt);
    if (!handled) return reply(handled.error());
    reply(std::make_shared<const replay::Outcome>(std::move(*handled)));
  };
}

runtime::Reply<std::string> UpdateLink::on_accepted() const {
  return [accepted = accepted](const base::Result<std::string>& id) {
    if (id) accepted->set(*id);
  };
}

template <class Value>
bool UpdateLink::wait(runtime::Promise<Value>& value, std::optional<base::Duration> timeout) const {
  forbid_in_workflow();  // ready or not: what is wrong must not depend on the disk
  if (value.ready()) return true;
  (void)run->key_to_await();
  if (timeout) return internal::wait_for(run->service(), value, timeout);
  wait_for_answer(run->service(), value, base::InterruptibleWaits::stop());
  return true;
}

std::string UpdateLink::id() const {
  if (given_id.empty()) wait_for(/*completed=*/false);
  return given_id.empty() ? accepted->get().value() : given_id;
}

// What the handler threw is no refusal.
void UpdateLink::wait_for(bool completed) const {
  (void)wait(*accepted, std::nullopt);
  if (!accepted->get()) (void)result(std::nullopt);
  if (!completed) return;
  (void)wait(*answer, std::nullopt);
  throw_if_refused();
}

void UpdateLink::throw_if_refused() const {
  if (answer->get()) return;
  const base::Error& why = answer->get().error();
  if (why.code == base::ErrorCode::kAlreadyStarted) run->started();  // throws, and says it better
  throw_error(why);
}

std::optional<std::string> UpdateLink::result(std::optional<base::Duration> timeout) const {
  if (!wait(*answer, timeout)) return std::nullopt;
  throw_if_refused();
  const replay::Outcome& outcome = **answer->get();
  if (!outcome.ok()) throw_failure(outcome.failure());
  return outcome.payload();
}

std::shared_ptr<runtime::RunWatch> RunLink::watch() {
  std::lock_guard lock(mutex_);
  if (watch_ == nullptr) {
    watch_ = std::make_shared<runtime::RunWatch>();
    service().ask(runtime::verb::Watch{key_, watch_});
  }
  return watch_;
}

// A run that has ended is reported as such however short the timeout is: the question alone may
// take longer. Shards answer in order, so the answer to a question comes after the news of the end.
void RunLink::wait_for_first_look(const runtime::RunWatch& ended, base::Duration timeout) {
  constexpr base::Duration kLongestLook{2'000};  // of a shard whose code does not return
  if (start_ != nullptr || timeout >= kLongestLook || looked_ || ended.ready()) return;
  const auto answer = std::make_shared<runtime::Promise<base::Result<runtime::RunDescription>>>();
  service().ask(runtime::verb::Describe{key_, reply_to(answer)});
  if (wait_for(service(), *answer, kLongestLook)) looked_ = true;
}

std::optional<std::string> RunLink::result(std::optional<base::Duration> timeout) {
  const auto ended = watch();
  if (!ended->ready()) {
    forbid_in_workflow();
    // A test's environment must know which run to advance, and that is known once it has started.
    // An engine reports the end, or a failed start: its timeout covers both.
    if (service_.awaiting) {
      (void)key_to_await();
    } else if (timeout) {
      wait_for_first_look(*ended, *timeout);
    }
    if (!wait_for(service(), *ended, timeout)) return std::nullopt;
  }
  started();
  const runtime::RunEnd& end = [&]() -> const runtime::RunEnd& {
    if (!ended->get()) throw_error(ended->get().error());
    return *ended->get();
  }();
  throw_end(end);
  return end.result;
}

}  // namespace reprise::internal
