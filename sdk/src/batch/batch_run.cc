#include "sdk/src/batch/batch_run.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "base/error.h"
#include "base/ids.h"
#include "base/printable_text.h"
#include "reprise/context.h"
#include "sdk/src/batch/batch_messages.h"
#include "sdk/src/errors.h"

namespace reprise::internal {
namespace {

// What the messages of one turn have together, roughly: a turn is held in memory.
constexpr std::size_t kTurnBytes = std::size_t{1} << 20;
constexpr std::size_t kMessageBytes = 1'200;  // without the signal's value
// What the messages of a page, and those of a history before it is continued, have together.
constexpr std::size_t kHistoryBytes = std::size_t{16} << 20;

std::string text_of_id(const BatchTarget& run) {
  const auto id = base::RunId::from_bytes(run.run_id.bytes);
  return id ? id->to_string() : std::string();
}

class BatchRun {
 public:
  BatchRun(Context& ctx, BatchPlan plan, BatchState state)
      : ctx_(ctx),
        plan_(std::move(plan)),
        state_(std::move(state)),
        stops_(ctx.inbox(kStopBatch)) {}

  void run() {
    if (!state_.started) state_.started = ctx_.now();
    while (may_go_on()) {
      const std::vector<BatchTarget> runs = take_some();
      set_next(runs.size());
      sent_ += runs.size() * bytes_of_message();
      count(runs, reach(runs));
      publish();
    }
    publish();
  }

 private:
  // There is a run to reach, and it may be reached now.
  bool may_go_on() {
    if (page_.empty() && !find_more()) return false;
    if (state_.next <= ctx_.now()) return !stopped();
    return !ctx_.wait_until([this] { return stopped(); }, state_.next);
  }

  bool stopped() const { return !stops_.empty(); }

  // ---- which runs

  bool find_more() {
    while (page_.empty()) {
      if (stopped() || (state_.looked && state_.page_token.empty())) return false;
      if (ctx_.should_continue() || sent_ >= kHistoryBytes)
        ctx_.continue_as_new(kBatchDefinition(plan_, state_));
      BatchPage page = find_page();
      page_ = {std::make_move_iterator(page.runs.rbegin()),
               std::make_move_iterator(page.runs.rend())};
      if (!state_.looked) state_.total = page.total;
      state_.looked = true;
      state_.page_token = std::move(page.next_page_token);
      publish();
    }
    return true;
  }

  BatchPage find_page() {
    try {
      return ctx_.call(
          kFindBatchRuns({plan_.filter, state_.page_token, page_size(), !state_.looked}));
    } catch (const ActivityFailure& failure) {
      // A filter that cannot be used: the code is that of the cause.
      const auto* const cause = failure.cause_as<ApplicationFailure>();
      if (cause == nullptr) throw;
      throw ApplicationFailure(std::string(cause->type()), cause->what(), false);
    }
  }

  // What is reached within ten seconds, so that little changes in between.
  std::uint64_t page_size() const {
    const std::size_t most = std::min(kBatchPage, kHistoryBytes / bytes_of_message());
    if (plan_.rate <= 0) return most;
    return static_cast<std::uint64_t>(
        std::clamp(std::ceil(plan_.rate * 10), 1.0, static_cast<double>(most)));
  }

  // At most kMaxBatchPayloadBytes and a bit.
  std::size_t bytes_of_message() const { return kMessageBytes + plan_.input.bytes.size(); }

  // The page is kept from its end to its beginning.
  std::vector<BatchTarget> take_some() {
    const std::size_t count = std::min(page_.size(), most_at_a_time());
    const auto first = page_.end() - static_cast<std::ptrdiff_t>(count);
    std::vector<BatchTarget> taken(std::make_move_iterator(page_.rbegin()),
                                   std::make_move_iterator(std::reverse_iterator(first)));
    page_.erase(first, page_.end());
    return taken;
  }

  std::size_t most_at_a_time() const {
    std::size_t most = kBatchPage;
    if (plan_.rate > 0) {
      most = static_cast<std::size_t>(
          std::clamp(std::ceil(plan_.rate / 4), 1.0, static_cast<double>(kMaxBatchChunk)));
    }
    return std::clamp<std::size_t>(kTurnBytes / bytes_of_message(), 1, most);
  }

  // Time that was lost is not made up for.
  void set_next(std::size_t runs) {
    if (plan_.rate <= 0) return;
    const double ms = std::ceil(static_cast<double>(runs) * 1'000 / plan_.rate);
    state_.next = std::max(state_.next, ctx_.now()) + Duration(static_cast<std::int64_t>(ms));
  }

  // ---- what is done to them

  std::vector<BatchOutcome> reach(const std::vector<BatchTarget>& runs) {
    switch (plan_.verb) {
      case BatchVerb::kSignal:
      case BatchVerb::kCancel:
        return BatchMessages::send(ctx_, plan_, runs);
      case BatchVerb::kTerminate:
      case BatchVerb::kPause:
      case BatchVerb::kResume:
      case BatchVerb::kReset:
      case BatchVerb::kRestart:
        return ask_for(runs);
    }
    return {};
  }

  std::vector<BatchOutcome> ask_for(const std::vector<BatchTarget>& runs) {
    const auto id = base::RunId::parse(ctx_.info().run_id);
    const std::string own(id ? id->bytes() : std::string_view());
    return ctx_.call(kReachBatchRuns({plan_, runs, ctx_.now(), {own}}));
  }

  void count(const std::vector<BatchTarget>& runs, const std::vector<BatchOutcome>& outcomes) {
    for (std::size_t i = 0; i < runs.size() && i < outcomes.size(); ++i) {
      if (outcomes[i].code.empty()) {
        ++state_.done;
        continue;
      }
      ++state_.failed;
      keep({runs[i].workflow_id, text_of_id(runs[i]), outcomes[i].code,
            base::printable_text(outcomes[i].message, base::LineBreaks::kEscaped,
                                 kMaxBatchMessage)});
    }
  }

  void keep(FailedRun run) {
    if (state_.failures.size() == kMaxBatchFailures) return;
    std::size_t bytes = bytes_of(run);
    for (const FailedRun& known : state_.failures) bytes += bytes_of(known);
    if (bytes > kMaxBatchFailureBytes) return;
    state_.failures.push_back(std::move(run));
    failures_changed_ = true;
  }

  static std::size_t bytes_of(const FailedRun& run) {
    constexpr std::size_t kNames = 50;
    return kNames + run.workflow_id.size() + run.run_id.size() + run.code.size() +
           run.message.size();
  }

  // ---- what others see

  void publish() {
    const BatchView view{state_.started, state_.total, state_.done, state_.failed, stopped()};
    std::string encoded = encode_payload(view);
    if (encoded != published_) ctx_.set(kPublishedBatchView(view));
    published_ = std::move(encoded);
    if (std::exchange(failures_changed_, false)) {
      ctx_.set(kPublishedBatchFailures(state_.failures));
    }
  }

  Context& ctx_;
  BatchPlan plan_;
  BatchState state_;
  Inbox<void> stops_;
  std::vector<BatchTarget> page_;  // what is left of it; the next run is the last
  std::string published_;
  std::size_t sent_ = 0;  // bytes of messages, in this run of the chain
  bool failures_changed_ = false;
};

}  // namespace

void run_batch(Context& ctx, const BatchPlan& plan, const BatchState& state) {
  BatchRun(ctx, plan, state).run();
}

}  // namespace reprise::internal
