#include "reprise/guard.h"

#include <unordered_map>

#include "reprise/call_site.h"
#include "runtime/guard/thread_watch.h"
#include "sdk/src/workflow/durable.h"

namespace reprise {

using runtime::guard::this_thread;
using runtime::guard::watch_this_thread;

// What the strand has switched off stays off when it resumes after waiting (Scheduler::resume).
AllowNondeterminism::AllowNondeterminism(std::string_view) noexcept
    : watched_(watch_this_thread(false)) {}

AllowNondeterminism::~AllowNondeterminism() {
  (void)watch_this_thread(watched_);
}

namespace internal {
namespace {

constinit thread_local std::uint64_t durable_calls = 0;

// Expressions under evaluation on this thread, by the frame of their function. Those of other
// strands are among them, with frames on other stacks.
using Expressions = std::unordered_multimap<const void*, const DurableExpression*>;

Expressions& expressions() {
  static thread_local Expressions open;
  return open;
}

}  // namespace

void note_durable_call() {
  ++durable_calls;
}

// A durable call was made since another part of the same expression began: so the order of the two
// is the compiler's choice, or fixed by a rule of the language that cannot be seen from here.
void DurableExpression::open() {
  calls_before_ = durable_calls;
  auto& all = expressions();
  const auto [begin, end] = all.equal_range(frame_);
  for (auto other = begin; other != end && this_thread.on; ++other) {
    const DurableExpression& earlier = *other->second;
    if (earlier.function_ != function_ || earlier.calls_before_ == durable_calls) continue;
    this_thread.recorder->record({file_, earlier.line_, line_});
    break;
  }
  all.emplace(frame_, this);
}

void DurableExpression::close() {
  auto& all = expressions();
  const auto [begin, end] = all.equal_range(frame_);
  for (auto own = begin; own != end; ++own) {
    if (own->second != this) continue;
    all.erase(own);
    return;
  }
}

}  // namespace internal
}  // namespace reprise
