#include "runtime/host/host.h"

#include <utility>

#include "base/check.h"

namespace reprise::runtime {

using replay::Trouble;
using replay::TurnEnd;

namespace {

Trouble trouble(base::ErrorCode code, std::string report) {
  return Trouble{code, std::move(report), std::nullopt};
}

}  // namespace

Host::Host(HostOptions options)
    : options_(std::move(options)), stacks_({.stack_bytes = options_.stack_bytes}) {}

Host::~Host() {
  while (!runs_.empty()) drop(runs_.begin());
}

void Host::remove_worker(std::string_view task_queue) {
  const auto worker = registry_.find(task_queue);
  for (auto run = runs_.begin(); run != runs_.end();) {
    const auto next = std::next(run);
    if (run->second.worker == worker) drop(run);
    run = next;
  }
  registry_.remove(task_queue);
}

TurnResult Host::run_turn(Key key, const RunSource& source, proto::Turn* turn) {
  TurnResult result;
  Resident* run = ensure(key, source, &result.trouble);
  if (run == nullptr) {
    result.end = TurnEnd::kParked;
    return result;
  }
  result.end = run->execution->run_turn(turn);
  if (result.end == TurnEnd::kParked) {
    result.trouble = run->execution->trouble();
    evict(key);
  }
  return result;
}

void Host::note_deferred(Key key, const proto::Turn& turn) {
  if (Resident* run = touch(key); run != nullptr) (void)run->execution->replay_turn(turn);
}

base::Result<std::string> Host::query(Key key,
                                      const RunSource& source,
                                      std::string_view name,
                                      std::string_view input) {
  if (auto found = load(key, source)) return base::Error{found->code, found->report};
  replay::Execution& execution = *find(key);
  auto answer = execution.query(name, input);
  if (execution.closed()) evict(key);  // nothing but another query will ever need it
  return answer;
}

std::optional<Trouble> Host::load(Key key, const RunSource& source) {
  std::optional<Trouble> found;
  (void)ensure(key, source, &found);
  return found;
}

std::optional<Trouble> Host::replay_afresh(Key key, const RunSource& source) {
  Resident copy;
  if (auto found = replay(key, source, &copy)) return found;
  const auto run = runs_.find(key);
  if (run == runs_.end() || run->second.pins > 0) return std::nullopt;
  run->second.execution = std::move(copy.execution);
  run->second.worker = std::move(copy.worker);  // whose code the execution refers to
  return std::nullopt;
}

replay::Execution* Host::find(Key key) const {
  const auto run = runs_.find(key);
  return run == runs_.end() ? nullptr : run->second.execution.get();
}

void Host::pin(Key key) {
  const auto run = runs_.find(key);
  REPRISE_CHECK(run != runs_.end(), "only a resident run can be pinned");
  ++run->second.pins;
}

void Host::unpin(Key key) {
  const auto run = runs_.find(key);
  REPRISE_CHECK(run != runs_.end() && run->second.pins > 0, "pins are balanced");
  --run->second.pins;
}

void Host::evict(Key key) {
  const auto run = runs_.find(key);
  if (run != runs_.end() && run->second.pins == 0) drop(run);
}

void Host::evict_excess(base::FunctionRef<bool(Key)> may_leave) {
  auto candidate = recently_used_.end();
  while (candidate != recently_used_.begin() &&
         (runs_.size() > options_.cached_runs || resident_bytes() > options_.cached_bytes)) {
    const auto run = runs_.find(*--candidate);
    if (run->second.pins > 0 || !may_leave(run->first)) continue;
    ++candidate;  // stays valid when the run's own entry goes
    drop(run);
  }
}

Host::Resident* Host::touch(Key key) {
  const auto run = runs_.find(key);
  if (run == runs_.end()) return nullptr;
  recently_used_.splice(recently_used_.begin(), recently_used_, run->second.used);
  return &run->second;
}

Host::Resident* Host::ensure(Key key, const RunSource& source, std::optional<Trouble>* why_not) {
  if (Resident* run = touch(key); run != nullptr) return run;
  Resident loaded;
  if (auto found = replay(key, source, &loaded)) {
    *why_not = std::move(found);
    return nullptr;
  }
  recently_used_.push_front(key);
  loaded.used = recently_used_.begin();
  return &runs_.emplace(key, std::move(loaded)).first->second;
}

std::optional<Trouble> Host::replay(Key key, const RunSource& source, Resident* out) {
  replay::RunInfo info = source.info();
  out->worker = registry_.find(info.task_queue);
  if (out->worker == nullptr) {
    return trouble(base::ErrorCode::kNoWorker,
                   "no worker serves task queue '" + info.task_queue + "'; start one");
  }
  const auto code = out->worker->workflows.find(info.workflow);
  if (code == out->worker->workflows.end()) {
    return trouble(base::ErrorCode::kUnknownWorkflow,
                   "the worker of task queue '" + info.task_queue +
                       "' does not implement workflow '" + info.workflow +
                       "'; implement() it before start()");
  }
  replay::ExecutionOptions execution_options{.strict = options_.strict};
  if (options_.step_abandoned) {
    execution_options.step_abandoned = [this, key](std::uint32_t id) {
      options_.step_abandoned(key, id);
    };
  }
  out->execution = std::make_unique<replay::Execution>(std::move(info), code->second, stacks_,
                                                       std::move(execution_options));
  bool parked = false;
  const auto read = source.history([&](const proto::Turn& turn) {
    parked = out->execution->replay_turn(turn) == TurnEnd::kParked;
    return !parked;
  });
  if (parked) return out->execution->trouble();
  if (!read) return trouble(read.error().code, read.error().message);
  return std::nullopt;
}

void Host::drop(std::unordered_map<Key, Resident>::iterator run) {
  recently_used_.erase(run->second.used);
  // Out of the table first: destructors of user code run now, and must find it consistent.
  const Resident leaving = std::move(run->second);
  runs_.erase(run);
}

}  // namespace reprise::runtime
