#include "sdk/src/topics/topic_run.h"

#include <algorithm>
#include <iterator>
#include <mutex>
#include <optional>
#include <unordered_set>
#include <utility>

#include "base/error.h"
#include "reprise/context.h"
#include "reprise/sync.h"
#include "sdk/src/errors.h"
#include "sdk/src/topics/topic_messages.h"

namespace reprise::internal {
namespace {

constexpr std::size_t kSendsAtATime = 100;

// One that waits for many runs makes a long history, until its state fits into a payload again.
constexpr std::size_t kMostWaitBytes = std::size_t{1} << 18;

Time later(Time now, Duration keep) {
  return keep > Time::max() - now ? Time::max() : now + keep;
}

std::size_t bytes_of(const TopicWait& wait) {
  return wait.workflow_id.size() + wait.run_id.bytes.size() + wait.wait.size() + 16;
}
std::size_t bytes_of(const KeptMessage& message) {
  return message.payload.bytes.size() + 16;
}
std::size_t bytes_of(const PublishedId& id) {
  return id.id.size() + 32;
}

template <class List>
std::size_t bytes_of_all(const List& list) {
  std::size_t bytes = 0;
  for (const auto& element : list) bytes += bytes_of(element);
  return bytes;
}

[[noreturn]] void refuse(const std::string& message) {
  throw ApplicationFailure(code_text(base::ErrorCode::kTopicFull), message, true);
}

class TopicRun {
 public:
  TopicRun(Context& ctx, TopicState state)
      : ctx_(ctx),
        channel_(ctx.info().workflow_id),
        state_(std::move(state)),
        one_at_a_time_(ctx) {}

  void run() {
    const Registration publishing =
        ctx_.accept(kPublish, [this](const TopicMessage& message) { return publish(message); });
    Inbox<TopicWait> waits = ctx_.inbox(kTopicWait);
    // It was started, or went on as a new run, because something comes.
    do {
      await_change(waits);
      while (!waits.empty()) take(waits.next().get());
      forget_old();
      if (ctx_.should_continue() && !is_idle()) continue_if_small();
    } while (!is_idle());
  }

 private:
  // A handler that waits for its turn has done nothing yet, so its update goes along.
  void continue_if_small() {
    const std::lock_guard lock(one_at_a_time_);
    if (bytes_of_all(state_.waits) <= kMostWaitBytes) ctx_.continue_as_new(kTopicRun(state_));
  }

  bool is_idle() const {
    return publishing_ == 0 && state_.waits.empty() && state_.kept.empty() && state_.ids.empty();
  }

  void await_change(const Inbox<TopicWait>& waits) {
    const auto end = next_end();
    if (!end) timer_.reset();
    if (end && (!timer_ || timer_->ready())) timer_.emplace(ctx_.timer_until(*end));
    changed_ = false;
    ctx_.wait_until([&] { return changed_ || !waits.empty() || (timer_ && timer_->ready()); });
  }

  // When something is not kept any more. A timer that is under way may be earlier: then it fires
  // for nothing, once.
  std::optional<Time> next_end() const {
    std::optional<Time> end;
    const auto consider = [&](Time until) { end = end ? std::min(*end, until) : until; };
    for (const KeptMessage& message : state_.kept) consider(message.until);
    for (const PublishedId& id : state_.ids) consider(id.until);
    return end;
  }

  void forget_old() {
    const Time now = ctx_.now();
    std::erase_if(state_.kept, [&](const KeptMessage& message) { return message.until <= now; });
    std::erase_if(state_.ids, [&](const PublishedId& id) { return id.until <= now; });
  }

  // ---- messages

  std::uint64_t publish(const TopicMessage& message) {
    const Publishing here(*this);
    const std::lock_guard lock(one_at_a_time_);
    forget_old();
    if (const PublishedId* const before = find_id(message.id)) return before->receivers;
    check_room_for_id(message.id);
    const std::uint64_t receivers = deliver_to_all(message.payload);
    if (message.keep <= Duration::zero()) return receivers;
    const Time until = later(ctx_.now(), message.keep);
    if (receivers == 0) keep({message.payload, until});
    if (!message.id.empty()) state_.ids.push_back({message.id, receivers, until});
    return receivers;
  }

  // While it lives the run does not end.
  class Publishing {
   public:
    explicit Publishing(TopicRun& run) : run_(run) { ++run_.publishing_; }
    ~Publishing() {
      --run_.publishing_;
      run_.changed_ = true;
    }
    Publishing(const Publishing&) = delete;
    Publishing& operator=(const Publishing&) = delete;

   private:
    TopicRun& run_;
  };

  void keep(KeptMessage message) {
    if (bytes_of_all(state_.kept) + bytes_of(message) > kMostKeptBytes) {
      refuse("no run waits for a message of '" + channel_ + "', and " +
             std::to_string(state_.kept.size()) + " are kept for the next one: at most " +
             std::to_string(kMostKeptBytes) + " bytes are");
    }
    state_.kept.push_back(std::move(message));
  }

  const PublishedId* find_id(const std::string& id) const {
    if (id.empty()) return nullptr;
    const auto found = std::find_if(state_.ids.begin(), state_.ids.end(),
                                    [&](const PublishedId& known) { return known.id == id; });
    return found == state_.ids.end() ? nullptr : &*found;
  }

  void check_room_for_id(const std::string& id) const {
    if (id.empty() || bytes_of_all(state_.ids) + bytes_of(PublishedId{id}) <= kMostIdBytes) return;
    refuse("the ids of " + std::to_string(state_.ids.size()) + " messages of '" + channel_ +
           "' are remembered: at most " + std::to_string(kMostIdBytes) +
           " bytes are. Publish with a shorter `keep`, or fewer messages with an id");
  }

  // Each run gets it once, however many waits it has.
  std::uint64_t deliver_to_all(const TopicPayload& message) {
    std::vector<TopicWait> receivers = take_one_of_each();
    std::uint64_t delivered = 0;
    ctx_.map(receivers,
             [&](const TopicWait& to) {
               if (TopicMessages::deliver(ctx_, channel_, to, message)) ++delivered;
             },
             {.at_most = kSendsAtATime});
    return delivered;
  }

  std::vector<TopicWait> take_one_of_each() {
    std::unordered_set<std::string> seen;
    std::vector<TopicWait> taken;
    std::vector<TopicWait> left;
    for (TopicWait& wait : state_.waits) {
      const bool is_first = seen.insert(wait.workflow_id).second;
      (is_first ? taken : left).push_back(std::move(wait));
    }
    state_.waits = std::move(left);
    return taken;
  }

  // ---- runs that wait

  void take(const TopicWait& wait) {
    const std::lock_guard lock(one_at_a_time_);
    // A run that has another one's workflow id comes after it: that has ended.
    std::erase_if(state_.waits, [&](const TopicWait& known) {
      return known.workflow_id == wait.workflow_id &&
             (known.wait == wait.wait || known.run_id.bytes != wait.run_id.bytes);
    });
    if (wait.given_up) return;
    forget_old();
    if (state_.kept.empty()) return state_.waits.push_back(wait);
    if (TopicMessages::deliver(ctx_, channel_, wait, state_.kept.front().payload)) {
      state_.kept.erase(state_.kept.begin());
    }
  }

  Context& ctx_;
  const std::string channel_;
  TopicState state_;
  Mutex one_at_a_time_;  // so that messages stay in their order
  std::optional<Pending<void>> timer_;
  std::size_t publishing_ = 0;
  bool changed_ = false;
};

}  // namespace

void run_topic(Context& ctx, const TopicState& state) {
  TopicRun(ctx, state).run();
}

}  // namespace reprise::internal
