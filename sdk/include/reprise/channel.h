// Values from strands of a run to other strands of it.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <reprise/call_site.h>
#include <reprise/context.h>
#include <reprise/pending.h>
#include <reprise/sync.h>
#include <utility>

namespace reprise {

namespace internal {

[[noreturn]] void sent_on_closed_channel();

template <class T>
struct ChannelState {
  // A value on its way; taken back when the wait of a send() without a buffer ends untaken.
  struct Offer {
    ChannelState& state;
    const std::uint64_t number;
    bool kept;
    bool taken() const { return !state.values.contains(number); }
    ~Offer() {
      if (!kept) state.values.erase(number);
    }
  };

  std::optional<T> take() {
    if (values.empty()) return std::nullopt;
    return std::move(values.extract(values.begin()).mapped());
  }

  const std::size_t capacity;
  bool closed = false;
  std::uint64_t sent = 0;
  std::map<std::uint64_t, T> values{};  // by number: one that comes back takes its old place
  Line senders{};
  Line receivers{};
};

// A received value that nobody has read goes back.
template <class T>
struct ReceiveBox final : SpawnBox<std::optional<T>> {
  explicit ReceiveBox(std::shared_ptr<ChannelState<T>> from) : state(std::move(from)) {}
  ~ReceiveBox() override {
    if (this->value && *this->value) state->values.emplace(number, std::move(**this->value));
  }
  std::shared_ptr<ChannelState<T>> state;
  std::uint64_t number = 0;
};

}  // namespace internal

// Values handed from strands to strands of the run, in the order in which they were sent; waiting
// senders, and waiting receivers, are served in the order of their calls. Owned by workflow code,
// usable on the run's strands only (UsageError RP2004 elsewhere); strands that wait keep its state
// alive. T needs no codec. Records nothing.
template <class T>
class Channel {
 public:
  // `capacity`: values that wait for a receiver before send() waits. 0: send() waits until its
  // value was received.
  explicit Channel(Context& ctx, std::size_t capacity = 0)
      : ctx_(&ctx), state_(std::make_shared<State>(State{.capacity = capacity})) {}
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  // A wait that is cancelled throws CancelledFailure, and the value was not sent. UsageError RP3010
  // if the channel is closed, also while send() waits.
  void send(T value, CallSite site = CallSite::current()) {
    // The channel may be gone when a wait has ended.
    const auto state = state_;
    Context& ctx = *ctx_;
    const std::size_t room = std::max<std::size_t>(state->capacity, 1);
    state->senders.wait(
        ctx, [&] { return state->closed || state->values.size() < room; }, site);
    require_open(*state);
    typename State::Offer offer{*state, ++state->sent, state->capacity > 0};
    state->values.emplace(offer.number, std::move(value));
    if (!offer.kept) wait_until_taken(ctx, *state, offer, site);
  }
  // The next value; std::nullopt once the channel is closed and empty. It waits on a strand of its
  // own, so it is complete only when the caller has waited. A value that has arrived in a Pending
  // and is not read goes back when that is dropped: first_of() with a deadline loses nothing.
  Pending<std::optional<T>> receive(CallSite site = CallSite::current()) {
    auto box = std::make_shared<internal::ReceiveBox<T>>(state_);
    auto body = [ctx = ctx_, box = box.get(), site] {
      State& state = *box->state;
      const auto ready = [&] { return state.closed || !state.values.empty(); };
      state.receivers.wait(*ctx, ready, site);
      if (!state.values.empty()) box->number = state.values.begin()->first;
      box->value.emplace(state.take());
    };
    return Pending<std::optional<T>>(ctx_->spawn_strand(std::move(box), std::move(body), site),
                                     nullptr);
  }
  // Nothing can be sent any more; receivers get what is left. Closing twice does nothing.
  void close() {
    (void)internal::Caller::strand(*ctx_);
    state_->closed = true;
  }

 private:
  using State = internal::ChannelState<T>;

  static void require_open(const State& state) {
    if (state.closed) internal::sent_on_closed_channel();
  }
  static void wait_until_taken(Context& ctx,
                               const State& state,
                               const typename State::Offer& offer,
                               CallSite site) {
    try {
      ctx.wait_until([&] { return state.closed || offer.taken(); }, site);
    } catch (const CancelledFailure&) {
      if (!offer.taken()) throw;
    }
    if (!offer.taken()) require_open(state);
  }

  Context* ctx_;
  std::shared_ptr<State> state_;
};

}  // namespace reprise
