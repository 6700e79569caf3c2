#include "runtime/host/host.h"

#include <optional>
#include <utility>

#include "base/check.h"
#include "base/pooled.h"
#include "base/prefetch.h"
#include "runtime/metrics/engine_metrics.h"

namespace reprise::runtime {

using replay::Trouble;
using replay::TurnEnd;

namespace {

std::unique_ptr<Trouble> trouble(base::ErrorCode code, std::string report) {
  return std::make_unique<Trouble>(Trouble{code, std::move(report), std::nullopt});
}

}  // namespace

struct Host::Resident : base::Pooled<Host::Resident> {
  Resident(Key run, Place* where) : key(run), place(where) {}

  Key key;
  Loaded code;
  Place* place;  // what refers to this
  StepsUnderWay steps;
  Resident* previous = nullptr;  // used later
  Resident* next = nullptr;      // used earlier
};

Host::Host(HostOptions options, Executor& executor)
    : options_(std::move(options)),
      executor_(executor),
      stacks_({.stack_bytes = options_.stack_bytes}) {}

Host::~Host() {
  while (latest_ != nullptr) drop(latest_);
}

void Host::remove_worker(std::string_view task_queue) {
  const auto worker = registry_.find(task_queue);
  for (Resident* run = latest_; run != nullptr;) {
    Resident* const next = run->next;
    if (run->code.worker == worker) drop(run);
    run = next;
  }
  registry_.remove(task_queue);
}

TurnResult Host::run_turn(Place& place, const RunSource& source, proto::Turn* turn) {
  TurnResult result;
  Resident* run = ensure(place, source, &result.trouble);
  if (run == nullptr) {
    result.end = TurnEnd::kParked;
    return result;
  }
  const auto began = EngineMetrics::now_if(options_.metrics);
  result.end = run->code.execution->run_turn(turn);
  if (options_.metrics != nullptr) options_.metrics->turn.observe(EngineMetrics::since(began));
  result.untaken = run->code.execution->take_untaken();
  if (result.end == TurnEnd::kParked) {
    result.trouble = std::make_unique<Trouble>(run->code.execution->trouble());
    evict(place);
  }
  return result;
}

void Host::prefetch(Place place, Prefetch stage) {
  if (place == nullptr) return;
  switch (stage) {
    case Prefetch::kPlace:
      return base::prefetch(place, sizeof *place);
    case Prefetch::kExecution:
      return base::prefetch(place->code.execution.get(), sizeof(replay::Execution));
    case Prefetch::kState:
      return place->code.execution->prefetch_state();
    case Prefetch::kStrand:
      return place->code.execution->prefetch_strand();
  }
}

void Host::note_deferred(Place place, const proto::Turn& turn) {
  if (place != nullptr) (void)place->code.execution->replay_turn(turn);
}

base::Result<std::string> Host::query(Place& place,
                                      const RunSource& source,
                                      std::string_view name,
                                      std::string_view input) {
  if (auto found = load(place, source)) return base::Error{found->code, found->report};
  auto answer = place->code.execution->query(name, input);
  if (place->code.execution->closed()) evict(place);  // only another query can need it
  return answer;
}

std::unique_ptr<Trouble> Host::load(Place& place, const RunSource& source) {
  std::unique_ptr<Trouble> found;
  (void)ensure(place, source, &found);
  return found;
}

std::unique_ptr<Trouble> Host::replay_afresh(Place place, const RunSource& source) {
  Resident not_resident(source.label().number, nullptr);
  Loaded copy;
  if (auto found = replay(place != nullptr ? *place : not_resident, source, &copy)) return found;
  if (place != nullptr && place->steps.empty()) std::swap(place->code, copy);
  return nullptr;
}

std::unique_ptr<Trouble> Host::check_segment(Place place, const RunSource& source) {
  Resident not_resident(source.label().number, nullptr);
  Loaded copy;
  return replay(place != nullptr ? *place : not_resident, source, &copy);
}

void Host::begin_anew(Place place, const RunSource& source) {
  REPRISE_CHECK(place != nullptr, "a run that takes a checkpoint is resident");
  replay::RunInfo info = source.info();
  const auto& code = place->code.worker->workflows.at(info.workflow);
  std::unique_ptr<replay::Execution> leaving =
      std::exchange(place->code.execution, execute(*place, std::move(info), code));
  executor_.dropping(place->key, [&] { leaving.reset(); });
}

replay::Execution* Host::find(Place place) {
  return place == nullptr ? nullptr : place->code.execution.get();
}

StepsUnderWay& Host::steps(Place place) {
  REPRISE_CHECK(place != nullptr, "steps are of resident runs");
  return place->steps;
}

void Host::evict(Place place) {
  if (place != nullptr && place->steps.empty()) drop(place);
}

void Host::evict_excess(base::FunctionRef<bool(Key)> may_leave) {
  // A run that must stay counts as used now, so that the next call begins with others, and one call
  // does not go through all of them.
  constexpr int kRefusals = 256;
  for (int refused = 0; refused < kRefusals && oldest_ != nullptr;) {
    if (resident_ <= options_.cached_runs && resident_bytes() <= options_.cached_bytes) return;
    Resident* const run = oldest_;
    const bool would_stay = given_up_.too_many(run->code.execution->info().workflow);
    if (run->steps.empty() && !would_stay && may_leave(run->key)) {
      drop(run);
      if (options_.metrics != nullptr) options_.metrics->evictions.add();
      continue;
    }
    ++refused;
    unlink(run);
    link_first(run);
  }
}

Host::Resident* Host::ensure(Place& place,
                             const RunSource& source,
                             std::unique_ptr<Trouble>* why_not) {
  if (place != nullptr) {
    if (place != latest_) {
      unlink(place);
      link_first(place);
    }
    return place;
  }
  auto loading = std::make_unique<Resident>(source.label().number, &place);
  auto found = replay(*loading, source, &loading->code);
  if (found == nullptr && loading->code.execution->at_checkpoint()) {
    found = trouble(base::ErrorCode::kStoreDamaged,
                    "the history ends with a checkpoint, and what the run goes on with is missing; "
                    "restore the store from a backup");
  }
  if (found != nullptr) {
    *why_not = std::move(found);
    return nullptr;
  }
  place = loading.release();
  link_first(place);
  if (options_.metrics != nullptr) options_.resident->add(1);
  return place;
}

std::unique_ptr<Trouble> Host::make(Resident& run, replay::RunInfo&& info, Loaded* out) {
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
  if (given_up_.too_many(info.workflow)) {
    return trouble(base::ErrorCode::kUnwindSwallowed, GivenUp::too_many_text(info.workflow));
  }
  out->execution = execute(run, std::move(info), code->second);
  return nullptr;
}

std::unique_ptr<replay::Execution> Host::execute(Resident& run,
                                                 replay::RunInfo&& info,
                                                 const replay::WorkflowCode& code) {
  replay::ExecutionOptions execution_options{
      .strict = options_.strict,
      .step_unwanted =
          [this, &run](std::uint32_t id) {
            return executor_.step_unwanted(run.key, run.steps, id);
          },
      .step_abandoned =
          [this, &run](std::uint32_t id) { executor_.step_abandoned(run.key, run.steps, id); },
      .given_up = [this](const replay::RunInfo& of,
                         const replay::StrandStatus& strand) { note_given_up(of, strand); },
      .pending_operations = options_.pending_operations,
      .turn_bytes = options_.turn_bytes,
      .settings = options_.settings,
      .settings_bytes = options_.settings_bytes,
      .guard = options_.guard,
      .symbols = &symbols_,
      .record_stacks = options_.record_stacks ? &stack_texts_ : nullptr};
  return std::make_unique<replay::Execution>(std::move(info), code, stacks_,
                                             std::move(execution_options));
}

std::unique_ptr<Trouble> Host::replay(Resident& run, const RunSource& source, Loaded* out) {
  if (auto found = make(run, source.info(), out)) return found;
  bool parked = false;
  bool any = false;
  const auto began = EngineMetrics::now_if(options_.metrics);
  const auto read = source.history([&](const proto::Turn& turn) {
    any = true;
    // A summary that an earlier version has written does not know of a checkpoint, and the history
    // is read from its beginning.
    if (out->execution->at_checkpoint()) (void)make(run, source.info(), out);
    parked = out->execution->replay_turn(turn) == TurnEnd::kParked;
    return base::go_on_if(!parked);
  });
  if (parked) return std::make_unique<Trouble>(out->execution->trouble());
  if (!read) return trouble(read.error().code, read.error().message);
  if (options_.metrics != nullptr && any) {
    options_.metrics->replay.observe(EngineMetrics::since(began));
  }
  return nullptr;
}

void Host::link_first(Resident* run) {
  ++resident_;
  run->next = latest_;
  run->previous = nullptr;
  (latest_ != nullptr ? latest_->previous : oldest_) = run;
  latest_ = run;
}

void Host::unlink(Resident* run) {
  --resident_;
  (run->previous != nullptr ? run->previous->next : latest_) = run->next;
  (run->next != nullptr ? run->next->previous : oldest_) = run->previous;
}

void Host::drop(Resident* run) {
  // Taken out of its place first: destructors of user code run now, and must find a consistent
  // state.
  std::unique_ptr<Resident> leaving(run);
  unlink(run);
  if (options_.metrics != nullptr) options_.resident->add(-1);
  *run->place = nullptr;
  executor_.dropping(run->key, [&] { leaving.reset(); });
}

void Host::note_given_up(const replay::RunInfo& run, const replay::StrandStatus& strand) {
  const std::string text = given_up_.add(run, strand, symbols_);
  if (options_.report) options_.report(text);
}

}  // namespace reprise::runtime
