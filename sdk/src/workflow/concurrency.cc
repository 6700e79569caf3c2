// Several strands at once: map, race.
#include <algorithm>
#include <exception>
#include <optional>
#include <vector>

#include "replay/strand.h"
#include "reprise/context.h"
#include "sdk/src/checks.h"
#include "sdk/src/workflow/durable.h"

namespace reprise {
namespace {

// What the strands of one map() share. The strands are stopped before it is gone.
struct SharedCalls {
  const std::size_t count;
  const internal::Indexed call;
  std::size_t next = 0;
  std::exception_ptr failure{};

  // Calls the next ones until none is left or one has failed.
  void run(const Context& ctx) {
    while (next < count && !failure) {
      // A call need not wait, and so need not notice the cancellation.
      if (ctx.cancelled()) internal::throw_cancelled();
      call.call(call.object, next++);
    }
  }
  // False: this is the first failure.
  bool run_or_fail(const Context& ctx) {
    try {
      run(ctx);
      return true;
    } catch (const Failure&) {
      if (failure) return true;
      failure = std::current_exception();
      return false;
    }
  }
};

}  // namespace

std::size_t internal::Caller::strand(const Context& ctx) {
  return ctx.durable().running_strand();
}

std::size_t internal::Caller::strand_or_none(const Context& ctx) noexcept {
  return replay::Strand::current() == nullptr ? 0 : ctx.execution_->running_strand();
}

void Context::call_each(std::size_t count,
                        internal::Indexed call,
                        const MapOptions& options,
                        CallSite site) {
  internal::require_startable(*execution_);
  SharedCalls calls{count, call};
  // The strands refer to both, also while they are stopped because this one is.
  std::optional<CancelScope> group(std::in_place, *this);
  std::vector<Pending<void>> strands;
  const std::size_t width = options.at_most == 0 ? count : std::min(count, options.at_most);
  strands.reserve(width);
  for (std::size_t i = 0; i < width; ++i) {
    strands.push_back(spawn(
        [&] {
          if (!calls.run_or_fail(*this)) group->cancel();
        },
        site));
  }
  {
    // A cancellation from outside reaches the strands; this waits until they have ended.
    const Shield shield(*this);
    for (const auto& strand : strands) (void)first_of(strand);
  }
  group.reset();
  if (calls.failure) std::rethrow_exception(calls.failure);
  all(strands);  // throws if the scope was cancelled before the last of them ended
}

std::size_t Context::race_of(PendingBase* const* pendings, std::size_t count, CallSite site) {
  internal::require_durable(*execution_);
  if (count == 0) internal::misused("race() of nothing would wait for ever");
  std::vector<replay::Operation*> operations(count);
  for (std::size_t i = 0; i < count; ++i) operations[i] = &pendings[i]->operation();
  const std::size_t winner = execution_->wait_first(operations).value_or(count);
  for (std::size_t i = 0; i < count; ++i) {
    if (i == winner || operations[i]->ready()) continue;
    if (replay::Scope* const scope = pendings[i]->parts_.scope; scope != nullptr) {
      execution_->cancel_scope(replay::ScopeRef(scope));
    } else {
      execution_->cancel(*operations[i], internal::to_base(site));
    }
  }
  {
    const Shield shield(*this);
    for (std::size_t i = 0; i < count; ++i) {
      if (i != winner) (void)first_of(*pendings[i]);
    }
  }
  if (winner == count) internal::throw_cancelled();
  return winner;
}

}  // namespace reprise
