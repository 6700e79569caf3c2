#include "reprise/sync.h"

#include "reprise/channel.h"
#include "sdk/src/checks.h"

namespace reprise {

Mutex::Mutex(Context& ctx) : ctx_(&ctx), state_(std::make_shared<State>()) {}

void Mutex::lock(CallSite site) {
  const std::size_t me = internal::Caller::strand(*ctx_);
  const auto state = state_;
  if (state->owner == me) internal::misused("Mutex::lock(): this strand has it already");
  state->line.wait(
      *ctx_, [&] { return state->owner == 0 || state->misused; }, site);
  if (state->misused) {
    internal::misused("Mutex::lock(): a strand that did not have it has called unlock()");
  }
  state->owner = me;
}

void Mutex::unlock() noexcept {
  const std::size_t me = internal::Caller::strand_or_none(*ctx_);
  if (me == 0) return;
  if (state_->owner == me) {
    state_->owner = 0;
  } else {
    state_->misused = true;
  }
}

Semaphore::Semaphore(Context& ctx, std::size_t permits)
    : ctx_(&ctx), state_(std::make_shared<State>(State{.permits = permits})) {}

void Semaphore::acquire(CallSite site) {
  (void)internal::Caller::strand(*ctx_);
  const auto state = state_;
  state->line.wait(
      *ctx_, [&] { return state->permits > 0; }, site);
  --state->permits;
}

void Semaphore::release() {
  (void)internal::Caller::strand(*ctx_);
  ++state_->permits;
}

void Semaphore::unlock() noexcept {
  if (internal::Caller::strand_or_none(*ctx_) != 0) ++state_->permits;
}

void internal::sent_on_closed_channel() {
  misused("Channel::send(): the channel is closed");
}

}  // namespace reprise
