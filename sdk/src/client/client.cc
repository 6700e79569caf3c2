#include "reprise/client.h"

#include <limits>
#include <utility>

#include "base/utf8.h"
#include "runtime/history/history.h"
#include "sdk/src/checks.h"
#include "sdk/src/client/run_link.h"
#include "sdk/src/enums.h"
#include "sdk/src/failures.h"
#include "sdk/src/interceptors.h"
#include "sdk/src/limits.h"
#include "sdk/src/service/service.h"
#include "sdk/src/settings.h"
#include "sdk/src/start_terms.h"

namespace reprise {
namespace {

namespace verb = runtime::verb;

std::string id_text(const std::optional<base::RunId>& id) {
  return id ? id->to_string() : std::string();
}

RunDescription to_public(const runtime::RunDescription& from) {
  RunDescription to;
  to.workflow_id = from.workflow_id;
  to.run_id = from.run_id.to_string();
  to.workflow = from.workflow;
  to.task_queue = from.task_queue;
  to.status = internal::to_public(from.status);
  to.started = from.started;
  to.closed = from.closed;
  to.history_events = from.history_events;
  to.replayed_events = from.replayed_events;
  to.settings = internal::to_public(from.settings);
  to.continued_from = id_text(from.continued_from);
  to.first_run_id = id_text(from.first_run_id);
  to.continued_to = id_text(from.continued_to);
  to.attempt = static_cast<int>(from.attempt);
  to.delayed_until = from.delayed_until;
  for (const auto& activity : from.activities) {
    to.activities.push_back({.name = activity.activity,
                             .is_step = activity.is_step,
                             .attempt = static_cast<int>(activity.attempt),
                             .under_way = activity.under_way,
                             .cancel_requested = activity.cancel_requested,
                             .open_since = activity.open_since,
                             .limit = activity.limit,
                             .next_attempt = activity.next_attempt,
                             .held_back = activity.held_back,
                             .last_failure = activity.last_failure});
  }
  if (from.parent) {
    to.parent_workflow_id = from.parent->workflow_id;
    to.parent_run_id = from.parent->run_id.to_string();
  }
  for (const auto& child : from.children) {
    to.children.push_back({.workflow = child.workflow,
                           .workflow_id = child.workflow_id,
                           .run_id = child.run_id.to_string(),
                           .started = child.started});
  }
  for (const auto& timer : from.timers) to.timers.push_back(timer.fires_at);
  to.waiting_for = from.waiting_for;
  if (from.paused) to.paused = {from.paused->since, from.paused->reason, from.paused->principal};
  if (from.origin) {
    to.origin = {from.origin->run_id.to_string(), from.origin->event, from.origin->fork};
  }
  if (from.parked) {
    to.parked = ParkedReason{internal::code_text(from.parked->code), from.parked->message};
  }
  return to;
}

runtime::RunKey make_key(std::string_view id, std::string_view run_id) {
  internal::check_key(id);
  runtime::RunKey key{.workflow_id = std::string(id)};
  if (run_id.empty()) return key;
  key.run_id = base::RunId::parse(run_id);
  if (key.run_id) return key;
  throw InvalidOption(
      internal::code_text(base::ErrorCode::kInvalidId),
      "'" + base::to_text(std::string(run_id)) + "' is no run id; a run id is a UUID");
}

}  // namespace

// ---- runs -------------------------------------------------------------------------------------

RunHandle::RunHandle(std::shared_ptr<internal::RunLink> link) : link_(std::move(link)) {}

std::string RunHandle::id() const {
  return link_->workflow_id();
}

std::string RunHandle::run_id() const {
  const auto key = link_->key();
  if (key.run_id) return key.run_id->to_string();
  return describe().run_id;
}

void RunHandle::started() const {
  link_->started();
}

void RunHandle::send_signal(std::string_view name, std::string input) const {
  internal::value_or_throw(link_->signal(name, std::move(input)));
}

bool RunHandle::try_send_signal(std::string_view name, std::string input) const {
  const auto sent = link_->signal(name, std::move(input));
  if (!sent && sent.error().code == base::ErrorCode::kRunClosed) return false;
  internal::value_or_throw(sent);
  return true;
}

SentSignal RunHandle::send_signal_without_waiting(std::string_view name, std::string input) const {
  internal::forbid_in_workflow();
  return SentSignal(link_->submit_signal(name, std::move(input)));
}

void SentSignal::delivered() const {
  internal::value_or_throw(link_->wait());
}

std::string RunHandle::send_query(std::string_view name, std::string input) const {
  internal::check_id("the query's name", name);
  internal::check_payload_size(input, "the arguments of query", name);
  return internal::value_or_throw(
      link_->ask(verb::Query{link_->key(), std::string(name), std::move(input)}));
}

SentUpdate RunHandle::send_update(std::string_view name,
                                  std::string input,
                                  std::string_view id) const {
  internal::forbid_in_workflow();
  internal::check_id("the update's name", name);
  return SentUpdate(internal::UpdateLink::send(link_, name, std::move(input), id));
}

std::string SentUpdate::id() const {
  return link_->id();
}

void SentUpdate::wait_for(UpdateStage stage) const {
  link_->wait_for(stage == UpdateStage::kCompleted);
}

std::string SentUpdate::wait_result() const {
  return *link_->result(std::nullopt);
}

std::optional<std::string> SentUpdate::wait_result(Duration timeout) const {
  internal::check_duration("the timeout of result_for()", timeout);
  return link_->result(timeout);
}

void RunHandle::cancel(std::string_view reason) const {
  internal::value_or_throw(
      link_->ask(verb::Cancel{link_->key(), base::to_text(std::string(reason))}));
}

void RunHandle::terminate(std::string_view reason) const {
  internal::value_or_throw(
      link_->ask(verb::Terminate{link_->key(), base::to_text(std::string(reason))}));
}

void RunHandle::retry() const {
  internal::value_or_throw(link_->ask(verb::Retry{link_->key()}));
}

Settings RunHandle::published(std::string_view name) const {
  internal::check_id("the setting's name", name);
  const auto found =
      internal::value_or_throw(link_->ask(verb::Get{link_->key(), std::string(name)}));
  return found ? Settings{internal::to_public(*found)} : Settings{};
}

RunDescription RunHandle::describe() const {
  return to_public(internal::value_or_throw(link_->ask(verb::Describe{link_->key()})));
}

History RunHandle::history() const {
  const auto turns = internal::value_or_throw(link_->ask(verb::History{link_->key()}));
  return History(std::make_shared<const proto::History>(
      internal::value_or_throw(runtime::make_history(turns))));
}

std::string RunHandle::wait_result() const {
  return *link_->result(std::nullopt);
}

std::optional<std::string> RunHandle::wait_result(Duration timeout) const {
  internal::check_duration("the timeout of result_for()", timeout);
  return link_->result(timeout);
}

// ---- clients ----------------------------------------------------------------------------------

Client::Client(Service& service, ClientOptions options)
    : service_(&internal::ServiceAccess::state(service)),
      options_(std::make_shared<const ClientOptions>(std::move(options))) {
  internal::check(*options_);
}

template <class Verb>
auto Client::ask(Verb request) const {
  runtime::set_principal(options_->principal, &request);
  return internal::ask(*service_->clients, std::move(request));
}

namespace {

runtime::StartRequest start_request(internal::StartInput input,
                                    const StartOptions& options,
                                    const ClientOptions& client) {
  internal::forbid_in_workflow();
  internal::check_id("the workflow's name", input.workflow);
  internal::check_not_reserved("the workflow's name", input.workflow);
  internal::check_payload_size(input.payload, "the arguments of workflow", input.workflow);
  internal::check(input.workflow, options);
  runtime::StartRequest request;
  request.workflow = std::string(input.workflow);
  request.workflow_id = options.id;
  request.task_queue = options.task_queue.empty() ? "default" : std::string(options.task_queue);
  request.input = std::move(input.payload);
  request.argument_types = input.types;
  request.needs_worker = client.needs_worker;
  request.reuse = internal::to_runtime(options.id_reuse);
  request.conflict = internal::to_runtime(options.id_conflict);
  request.terms = internal::to_terms(options);
  for (const Setting& setting : options.settings) {
    request.settings.push_back(internal::to_proto(setting));
  }
  request.headers = internal::client_headers(client.interceptors, "start", input.workflow);
  return request;
}

}  // namespace

std::shared_ptr<internal::RunLink> Client::submit_run(internal::StartInput input,
                                                      const StartOptions& options,
                                                      const internal::NamedPayload* signal) const {
  runtime::StartRequest request = start_request(std::move(input), options, *options_);
  if (signal != nullptr) {
    internal::check_id("the workflow id of signal_with_start()", options.id);
    internal::check_id("the signal's name", signal->name);
    internal::check_payload_size(signal->payload, "the argument of signal", signal->name);
    request.signal = runtime::FirstSignal{
        .name = std::string(signal->name),
        .input = signal->payload,
        .headers = internal::client_headers(options_->interceptors, "signal", signal->name)};
  }
  return internal::RunLink::start(*service_, options_, std::move(request));
}

SentUpdate Client::submit_with_update(internal::StartInput input,
                                      const StartOptions& options,
                                      const internal::NamedPayload& update,
                                      std::string_view update_id) const {
  runtime::StartRequest request = start_request(std::move(input), options, *options_);
  internal::check_id("the workflow id of update_with_start()", options.id);
  internal::check_id("the update's name", update.name);
  return SentUpdate(internal::UpdateLink::start(*service_, options_, std::move(request),
                                                update.name, update.payload, update_id));
}

std::shared_ptr<internal::RunLink> Client::link(std::string_view id,
                                                std::string_view run_id) const {
  return std::make_shared<internal::RunLink>(*service_, options_, make_key(id, run_id));
}

std::shared_ptr<internal::RunLink> Client::link_to_chain(std::string_view id,
                                                         std::string_view run_id) const {
  runtime::RunKey key = make_key(id, run_id);
  key.of_chain = true;
  return std::make_shared<internal::RunLink>(*service_, options_, std::move(key));
}

bool Client::start_accepted(const RunHandle& handle) {
  return handle.link_->try_started();
}

RunHandle Client::handle(std::string_view id, std::string_view run_id) const {
  return RunHandle(link(id, run_id));
}

RunDescription Client::describe(std::string_view id, std::string_view run_id) const {
  return handle(id, run_id).describe();
}

std::optional<RunDescription> Client::find_description(std::string_view id) const {
  const auto found = ask(verb::Describe{make_key(id, {})});
  if (!found && found.error().code == base::ErrorCode::kNotFound) return std::nullopt;
  return to_public(internal::value_or_throw(found));
}

std::string Client::recorded_input(std::string_view workflow,
                                   std::string_view id,
                                   std::string_view run_id) const {
  runtime::RunInput found = internal::value_or_throw(
      internal::ask(*service_->clients, verb::ReadInput{make_key(id, run_id)}));
  if (found.workflow == workflow) return std::move(found.input);
  throw InvalidOption(internal::code_text(base::ErrorCode::kInvalidOption),
                      "run '" + std::string(id) + "' is of workflow '" + found.workflow +
                          "', not of '" + std::string(workflow) + "'");
}

// ---- attempts that are left open
// -----------------------------------------------------------------

void Client::complete_attempt(std::string_view token, std::string result) const {
  internal::check_payload_size(result, "the result of complete()");
  internal::value_or_throw(ask(verb::Complete{std::string(token), std::move(result)}));
}

void Client::complete(std::string_view token) const {
  complete_attempt(token, {});
}

void Client::fail(std::string_view token, const Failure& failure) const {
  internal::value_or_throw(ask(verb::Fail{std::string(token), internal::to_proto(failure)}));
}

void Client::heartbeat(std::string_view token) const {
  send_heartbeat(token, {});
}

void Client::send_heartbeat(std::string_view token, std::string details) const {
  internal::check_payload_size(details, "the details of heartbeat()");
  internal::value_or_throw(ask(verb::Heartbeat{std::string(token), std::move(details)}));
}

std::vector<LimitState> Client::limits() const {
  std::vector<LimitState> all;
  for (const auto& state :
       internal::value_or_throw(internal::ask(*service_->clients, verb::Limits{}))) {
    all.push_back(internal::to_public(state));
  }
  return all;
}

// ---- tables -----------------------------------------------------------------------------------

std::optional<std::string> Client::get_row(std::string_view table, std::string key) const {
  std::string behind = key + '\0';
  auto rows = internal::value_or_throw(ask(verb::ReadRows{
      .table = std::string(table), .from = std::move(key), .to = std::move(behind)}));
  return rows.empty() ? std::nullopt : std::optional(std::move(rows.front().value));
}

void Client::scan_rows(std::string_view table,
                       std::string from,
                       const std::string* to,
                       internal::RowVisitor visit) const {
  constexpr std::size_t kPage = 1'000;
  const std::optional<std::string> end = to == nullptr ? std::nullopt : std::optional(*to);
  while (true) {
    const auto rows = internal::value_or_throw(
        ask(verb::ReadRows{.table = std::string(table), .from = from, .to = end, .limit = kPage}));
    for (const runtime::TableRow& row : rows) {
      if (!visit.visit(visit.object, row.key, row.value)) return;
    }
    if (rows.empty()) return;
    from = rows.back().key + '\0';
  }
}

// ---- searches -----------------------------------------------------------------------------------

RunPage Client::list(std::string_view filter, const PageOptions& options) const {
  static_assert(kMaxPageSize == runtime::kMaxPageSize && kMaxGroups == runtime::kMaxGroups);
  runtime::ClientService& service = *service_->clients;
  const auto recent =
      internal::value_or_throw(internal::ask(service, verb::RecentRuns{std::string(filter)}));
  auto found = internal::value_or_throw(internal::ask(
      service,
      verb::FindRuns{{std::string(filter), options.page_size, options.page_token}, recent}));
  RunPage page;
  page.runs.reserve(found.runs.size());
  for (const auto& run : found.runs) page.runs.push_back(to_public(run));
  page.next_page_token = std::move(found.next_page_token);
  page.scanned = found.scanned;
  page.examined = found.examined;
  return page;
}

namespace {

runtime::RunCounts count_runs(runtime::ClientService& service, runtime::CountRequest request) {
  const auto recent = internal::value_or_throw(
      internal::ask(service, verb::RecentRuns{request.filter, request.group_by}));
  return internal::value_or_throw(
      internal::ask(service, verb::CountRuns{std::move(request), recent}));
}

}  // namespace

std::uint64_t Client::count(std::string_view filter) const {
  return count_runs(*service_->clients, {std::string(filter), {}}).total;
}

std::vector<Group> Client::count(std::string_view filter, std::string_view group_by) const {
  if (group_by.empty()) {
    throw FilterError(internal::code_text(base::ErrorCode::kFilter),
                      "the field to group by is empty; count(filter) counts all of them");
  }
  auto counted = count_runs(*service_->clients, {std::string(filter), std::string(group_by)});
  std::vector<Group> groups;
  groups.reserve(counted.groups.size());
  for (auto& group : counted.groups) {
    groups.push_back({std::move(group.value), group.none, group.count});
  }
  return groups;
}

std::vector<RunDescription> Client::list(const ListOptions& options) const {
  runtime::ListRequest request;
  if (options.status) request.status = internal::to_event(*options.status);
  request.workflow = options.workflow;
  request.limit = options.limit == 0 ? std::numeric_limits<std::size_t>::max() : options.limit;
  request.newest_first = options.newest_first;
  const auto found = internal::value_or_throw(ask(verb::List{std::move(request)}));
  std::vector<RunDescription> descriptions;
  descriptions.reserve(found.size());
  for (const auto& run : found) descriptions.push_back(to_public(run));
  return descriptions;
}

}  // namespace reprise
