#include "runtime/engine/listing.h"

#include <algorithm>
#include <iterator>

#include "base/reserved.h"
#include "proto/parse.h"

namespace reprise::runtime {
namespace {

// Open runs are known to the shards; the archive adds those that have ended.
constexpr RunStatus kEnded[] = {RunStatus::kCompleted, RunStatus::kFailed,
                                RunStatus::kCancelled, RunStatus::kTerminated,
                                RunStatus::kTimedOut,  RunStatus::kContinuedAsNew};

// A run of which the archive knows only that it exists.
RunDescription describe_unreadable(RunStatus status, const base::Error& why) {
  RunDescription description;
  description.workflow = description.task_queue = "(unreadable)";
  description.status = status;
  description.parked = why;
  return description;
}

}  // namespace

bool is_listed(const ListRequest& request, std::string_view workflow) {
  return request.workflow.empty() ? !base::is_reserved(workflow) : workflow == request.workflow;
}

RunDescription describe_state(const RunState& state) {
  RunDescription description;
  description.workflow_id = state.workflow_id;
  description.run_id = state.id;
  description.workflow = *state.workflow;
  description.task_queue = *state.task_queue;
  description.status = state.status;
  description.started = base::from_ms(state.started_ms);
  if (state.closed_ms() != 0) description.closed = base::from_ms(state.closed_ms());
  description.history_events = state.events;
  description.replayed_events = state.events_since_checkpoint();
  description.settings = state.settings().list();
  const auto if_any = [](const base::RunId& id) {
    return id == base::RunId() ? std::nullopt : std::optional(id);
  };
  description.continued_from = if_any(state.continued_from());
  if (state.in_chain()) description.first_run_id = state.first_of_chain();
  description.continued_to = if_any(state.continued_to());
  if (const Parent* const parent = state.parent(); parent != nullptr) description.parent = *parent;
  description.attempt = state.attempt();
  if (const std::int64_t until_ms = state.delayed_until_ms(); until_ms > 0) {
    description.delayed_until = base::from_ms(until_ms);
  }
  if (const Paused* const paused = state.paused(); paused != nullptr && state.is_paused()) {
    description.paused = Pause{base::from_ms(paused->since_ms), paused->reason, paused->principal};
  }
  if (state.origin() != nullptr) description.origin = *state.origin();
  return description;
}

RunDescription shown(const sealing::Sealing& sealing, RunDescription description) {
  for (proto::SettingRecorded& setting : description.settings) {
    setting.set_value(sealing.show_value(std::move(*setting.mutable_value())));
  }
  if (description.paused) {
    description.paused->reason = sealing.show_text(std::move(description.paused->reason));
  }
  return description;
}

void show(const sealing::Sealing& sealing, FoundRuns* found) {
  for (RunDescription& run : found->runs) run = shown(sealing, std::move(run));
}

void Listing::add(std::map<store::RunNumber, RunDescription> runs) {
  bool last = false;
  {
    std::lock_guard lock(mutex_);
    runs_.merge(runs);
    last = --missing_ == 0;
  }
  if (last) finish();
}

void Listing::finish() {
  for (const RunStatus status : kEnded) {
    if (request_.status && *request_.status != status) continue;
    if (const base::Status read = add_archived(status); !read) return reply_(read.error());
  }
  keep_within_limit();
  std::vector<RunDescription> list;
  list.reserve(runs_.size());
  for (auto& [number, run] : runs_) list.push_back(shown(shared_.sealing, std::move(run)));
  if (request_.newest_first) std::reverse(list.begin(), list.end());
  reply_(std::move(list));
}

base::Status Listing::add_archived(RunStatus status) {
  const store::Archive& archive = shared_.store->archive();
  std::size_t found = 0;
  Names names;
  const auto add = [&](store::RunNumber number, RunDescription description) {
    runs_.emplace(number, std::move(description));
    return base::go_on_if(++found < request_.limit);
  };
  const auto take = [&](std::string_view, store::RunNumber number) -> base::Visited {
    if (runs_.contains(number)) return base::Next::kGoOn;
    const auto stored = archive.summary(number);
    if (!stored && stored.error().code == base::ErrorCode::kStoreDamaged) {
      return add(number, describe_unreadable(status, stored.error()));
    }
    if (!stored) return stored.error();
    proto::RunSummary summary;
    if (!*stored || !proto::parse(**stored, &summary)) return base::Next::kGoOn;
    if (!is_listed(request_, summary.workflow())) return base::Next::kGoOn;
    return add(number, describe_state(RunState::from_summary(number, summary, names)));
  };
  return archive.list(index_key(status), {}, request_.newest_first, take);
}

void Listing::keep_within_limit() {
  while (runs_.size() > request_.limit) {
    runs_.erase(request_.newest_first ? runs_.begin() : std::prev(runs_.end()));
  }
}

}  // namespace reprise::runtime
