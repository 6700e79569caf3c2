#include "runtime/engine/children.h"

#include <utility>

#include "base/reserved.h"
#include "runtime/creator.h"
#include "runtime/engine/limits.h"

namespace reprise::runtime {
namespace {

using proto::ChildScheduled;

IdReuse reuse_of(const ChildScheduled& child) {
  switch (child.id_reuse()) {
    case ChildScheduled::ALLOW_UNLESS_COMPLETED:
      return IdReuse::kAllowUnlessCompleted;
    case ChildScheduled::REJECT:
      return IdReuse::kReject;
    case ChildScheduled::USE_EXISTING:
      return IdReuse::kUseExisting;
    case ChildScheduled::ALLOW:
    default:  // of a newer version
      return IdReuse::kAllow;
  }
}

IdConflict conflict_of(const ChildScheduled& child) {
  switch (child.id_conflict()) {
    case ChildScheduled::USE_RUNNING:
      return IdConflict::kUseExisting;
    case ChildScheduled::TERMINATE_RUNNING:
      return IdConflict::kTerminateExisting;
    case ChildScheduled::FAIL:
    default:  // likewise
      return IdConflict::kFail;
  }
}

StartRequest request_of(const ChildCall& call) {
  const ChildScheduled& child = call.scheduled();
  StartRequest request;
  request.workflow = child.workflow();
  request.workflow_id = child.workflow_id();
  request.run_id = base::RunId::from_bytes(child.run_id()).value_or(base::RunId());
  request.task_queue =
      child.task_queue().empty() ? std::string(kDefaultTaskQueue) : child.task_queue();
  request.input = child.input();
  request.reuse = reuse_of(child);
  request.conflict = conflict_of(child);
  request.terms.run_timeout = base::Duration(child.run_timeout_ms());
  request.terms.execution_timeout = base::Duration(child.execution_timeout_ms());
  if (child.has_retry()) request.terms.retry = child.retry();
  const SharedPrecedence precedence =
      precedence_of(child.has_precedence() ? &child.precedence() : nullptr, call.precedence);
  if (precedence != nullptr) request.terms.precedence = *precedence;
  request.settings.assign(child.settings().begin(), child.settings().end());
  request.headers = event::read(child.headers());
  if (base::is_reserved(call.parent.workflow_id))
    request.principal = take_creator(&request.headers);
  request.child_of = ChildOf{
      .parent = {call.parent.workflow_id, *call.parent.run_id, child.id()},
      .on_parent_close = child.on_parent_close(),
      .depth = call.depth,
  };
  return request;
}

base::Status may_be_child(const StartRequest& request, const EngineOptions& options) {
  const EngineLimits& limits = options.limits;
  if (request.child_of->depth > limits.child_depth) {
    return base::Error{base::ErrorCode::kRunLimit,
                       "EngineLimits::child_depth = " + std::to_string(limits.child_depth) +
                           " allows no child of a child that deep; start it from a run further "
                           "up, or raise the limit"};
  }
  if (const base::Status good = check_terms(request.terms); !good) return good;
  if (const base::Status good = check_settings(request.settings, limits); !good) return good;
  // Workflow code starts what it likes; a schedule starts what a client has asked for. One that has
  // continued as new only looks for what it had started.
  const bool scheduled = base::is_reserved(request.child_of->parent.workflow_id) &&
                         request.reuse != IdReuse::kUseExisting;
  return scheduled ? check_allowed(request, options) : base::Status();
}

}  // namespace

// ---- on the child's shard: start and end ------------------------------------------------------

void Children::take(const CallRef& call) {
  if (parts_.intake.full()) {
    return parts_.intake.hold(std::function<void()>([this, call] { take(call); }));
  }
  const std::string& id = call->scheduled().workflow_id();
  if (call->started) return await_end(call, {id, call->started});
  if (!call->again) return start(call);
  const base::Result<bool> known = was_started(*call);
  if (!known) return parts_.shared.post->send(news_of_loss(*call, known.error()));
  if (!*known) return start(call);
  const auto begun = std::make_shared<ChildCall>(*call);
  begun->started = base::RunId::from_bytes(call->scheduled().run_id());
  parts_.shared.post->send(news_of_start(*begun, *begun->started, /*existing=*/false));
  await_end(begun, {id, begun->started});
}

// By a process before this one. If it has ended and retention has removed it meanwhile, it is
// started once more: nothing is left that tells.
base::Result<bool> Children::was_started(const ChildCall& call) const {
  const RunKey key{.workflow_id = call.scheduled().workflow_id(),
                   .run_id = base::RunId::from_bytes(call.scheduled().run_id()),
                   .of_chain = true};
  if (parts_.finder.find(key) != nullptr) return true;
  const auto archived = parts_.finder.find_archived(key);
  if (archived) return true;
  if (archived.error().code == base::ErrorCode::kNotFound) return false;
  return archived.error();
}

void Children::start(const CallRef& call) {
  StartRequest request = request_of(*call);
  if (const base::Status may = may_be_child(request, parts_.shared.options); !may) {
    return parts_.shared.post->send(news_of_refusal(*call, may.error()));
  }
  // A start that is refused has its own answer.
  const auto tell = [post = parts_.shared.post,
                     call = outline_of(*call)](const base::Result<RunEnd>& end) {
    if (end) post->send(news_of_end(*call, *end));
  };
  parts_.starts.start(
      std::move(request), std::make_shared<RunWatch>(tell),
      [this, call](const base::Result<StartedRun>& started) { answer_start(call, started); });
}

void Children::answer_start(const CallRef& call, const base::Result<StartedRun>& started) {
  if (!started && is_passing(started.error())) return;
  // There was no room while its start waited for something else.
  if (!started && parts_.intake.full()) return take(call);
  if (!started) return parts_.shared.post->send(news_of_refusal(*call, started.error()));
  // News of the end say that it has begun.
  const KnownRun* const run = parts_.finder.find({started->workflow_id, started->run_id});
  const bool has_ended = run != nullptr && !run->state.open() &&
                         run->state.continued_to() == base::RunId() && !started->existing;
  if (has_ended) return;
  parts_.shared.post->send(news_of_start(*call, started->run_id, started->existing));
}

void Children::await_end(const CallRef& call, const RunKey& run) {
  const auto tell = [post = parts_.shared.post,
                     call = outline_of(*call)](const base::Result<RunEnd>& end) {
    if (end) return post->send(news_of_end(*call, *end));
    if (!is_passing(end.error())) post->send(news_of_loss(*call, end.error()));
  };
  parts_.starts.watch(run, std::make_shared<RunWatch>(tell));
}

// ---- on the parent's shard --------------------------------------------------------------------

void Children::take(const std::shared_ptr<ChildNews>& news) {
  if (parts_.intake.full()) {
    return parts_.intake.hold(std::function<void()>([this, news] { take(news); }));
  }
  KnownRun* const run = parts_.finder.find(news->parent);
  if (run == nullptr || run->damaged) return;
  const PendingOperation* const child = run->state.find(event::row_of(news->input).id(news->input));
  if (child == nullptr || child->kind != OperationKind::kChild) return;
  if (child->started && news->input.has_child_started()) return;
  parts_.round.add_input(*run)->Swap(&news->input);
  parts_.round.run_turn_if_full(*run);
}

void Children::take(const ParentQuestion& question) {
  const KnownRun* const run = parts_.finder.find(question.parent);
  const auto tell = [post = parts_.shared.post, question] {
    post->send(ParentEnded{*question.parent.run_id}, question.child);
  };
  if (run != nullptr) {
    if (run->damaged || run->state.open()) return;
    return parts_.effects.call_after(run->state.last_seq, tell);
  }
  const auto archived = parts_.finder.find_archived(question.parent);
  if (archived || is_forgotten(archived.error())) tell();
}

// Or is the summary of the parent one that cannot be read?
bool Children::is_forgotten(const base::Error& not_found) const {
  const RetentionOptions& retention = parts_.shared.options.retention;
  const bool removes = retention.max_age.count() > 0 || retention.max_bytes > 0;
  return removes && not_found.code == base::ErrorCode::kNotFound;
}

// ---- on the child's shard: the end of the parent ----------------------------------------------

void Children::recovered(const RunState& child) {
  if (child.on_parent_close() == ChildScheduled::ABANDON) return;
  parts_.index.add(child);
  const Parent& parent = *child.parent();
  parts_.effects.after(0, {.act = [post = parts_.shared.post,
                                   question = ParentQuestion{{parent.workflow_id, parent.run_id},
                                                             child.workflow_id}]() mutable {
                         post->send(std::move(question));
                       }});
}

void Children::take(const ParentEnded& ended) {
  if (parts_.intake.full()) {
    return parts_.intake.hold(std::function<void()>([this, ended] { take(ended); }));
  }
  for (const store::RunNumber number : parts_.index.take(ended.parent)) {
    KnownRun* const child = parts_.runs.find(number);
    if (child != nullptr && child->state.open() && !child->damaged) parent_ended(*child);
  }
}

// It waited for something else, and now there is no room to end it.
void Children::tell_again(const base::RunId& parent, store::RunNumber number) {
  parts_.intake.hold(std::function<void()>([this, parent, number] {
    const KnownRun* const child = parts_.runs.find(number);
    if (child != nullptr && child->state.open()) parts_.index.add(child->state);
    take(ParentEnded{parent});
  }));
}

void Children::parent_ended(KnownRun& child) {
  const Parent parent = *child.state.parent();
  const std::string why = "its parent '" + parent.workflow_id + "' has ended";
  switch (child.state.on_parent_close()) {
    case ChildScheduled::TERMINATE:
      return parts_.requests.terminate(
          {.workflow_id = child.state.workflow_id, .run_id = child.state.id, .of_chain = true}, why,
          [this, parent, number = child.state.number](const base::Status& ended) {
            if (!ended && parts_.intake.full()) tell_again(parent.run_id, number);
          });
    case ChildScheduled::CANCEL: {
      if (!parts_.round.may_grow(child)) return;  // it is parked
      proto::CancelRequested* const request =
          parts_.round.add_input(child)->mutable_cancel_requested();
      request->set_reason(why);
      write(parent, request->mutable_sender());
      return parts_.round.run_turn_if_full(child);
    }
    case ChildScheduled::ABANDON:
    default:  // of a newer version
      return;
  }
}

}  // namespace reprise::runtime
