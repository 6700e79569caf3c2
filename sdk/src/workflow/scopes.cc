#include "base/printable_text.h"
#include "replay/strand.h"
#include "reprise/context.h"
#include "reprise/guard.h"
#include "sdk/src/workflow/durable.h"
#include "sdk/src/workflow/hosted.h"

namespace reprise {
namespace {

replay::Scope* enter(replay::Execution& execution, replay::Scope::Kind kind) {
  internal::require_durable(execution);
  const replay::ScopeRef scope = execution.enter_scope(kind);
  intrusive_add(scope.get());  // for scope_, until leave()
  return scope.get();          // NOLINT(clang-analyzer-cplusplus.NewDelete): it is counted
}

void leave(replay::Execution& execution, replay::Scope* scope) noexcept {
  execution.leave_scope(replay::ScopeRef(scope));
  intrusive_release(scope);  // NOLINT(clang-analyzer-cplusplus.NewDelete): likewise
}

}  // namespace

Shield::Shield(Context& ctx)
    : execution_(ctx.execution_), scope_(enter(*execution_, replay::Scope::Kind::kShielded)) {}

Shield::~Shield() {
  leave(*execution_, scope_);
}

CancelScope::CancelScope(Context& ctx)
    : execution_(ctx.execution_), scope_(enter(*execution_, replay::Scope::Kind::kCancellable)) {}

CancelScope::~CancelScope() {
  leave(*execution_, scope_);
}

void CancelScope::cancel() {
  internal::require_durable(*execution_);
  execution_->cancel_scope(replay::ScopeRef(scope_));
}

void Logger::write(LogLevel level, std::string_view line) const {
  // Only on a strand: elsewhere nothing is replayed, and the execution may be in use by another
  // thread.
  if (replay::Strand::current() != nullptr && execution_->callable() && execution_->replaying()) {
    return;
  }
  const replay::RunInfo& info = execution_->info();
  std::string text =
      base::printable_text(info.workflow) + " " + base::printable_text(info.workflow_id) + ": ";
  text += line;
  const AllowNondeterminism allow("the sink is not workflow code");
  host_->log(level, text);
}

}  // namespace reprise
