// Effects, which wait until the turn that caused them is durable. They are released in the order in
// which they were added, however many turns become durable at once.
//
//   add() in a round ──appended()──► waits for its record ──durable──► release()
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "base/ring.h"
#include "runtime/client_request.h"
#include "store/record.h"

namespace reprise::runtime {

struct KnownRun;

// The frequent kinds carry no closure. The last effect of a run is kClosed, and the run stays known
// until that has been released.
struct Effect {
  enum class Kind : std::uint8_t {
    kCall,
    kDispatch,
    kAskToCancel,
    kTransact,
    kArm,
    kArmRun,
    kConfirm,
    kStarted,
    kPaused,
    kResumed,
    kClosed
  };
  Kind kind = Kind::kCall;
  std::uint32_t operation = 0;  // kDispatch, kAskToCancel, kTransact, kArm
  store::Seq after = 0;         // set by Effects
  KnownRun* run = nullptr;      // all but kCall and kConfirm
  std::function<void()> act{};  // kCall
  Reply<void> confirm{};        // kConfirm: an input is durable
};

// Not thread-safe.
class Effects {
 public:
  // `durable`: the last record that is on disk.
  explicit Effects(const std::atomic<store::Seq>& durable) : durable_(durable) {}
  Effects(const Effects&) = delete;
  Effects& operator=(const Effects&) = delete;

  // Another turn is recorded in this round; effects added from now on follow from it.
  void next_turn() { ++turns_; }
  void add(Effect effect) {
    effect.after = turns_;  // appended() makes it absolute
    round_.push_back(std::move(effect));
  }
  // The writer has the turns recorded since the last call, up to record `last`.
  void appended(store::Seq last);

  // Follows from a record that the writer has.
  void after(store::Seq seq, Effect effect) {
    effect.after = seq;
    waiting_.push_back(std::move(effect));
  }
  // The same, at once when it is durable.
  void call_after(store::Seq seq, std::function<void()> act) {
    if (is_durable(seq)) return act();
    after(seq, {.act = std::move(act)});
  }

  bool is_durable(store::Seq seq) const { return seq <= durable_.load(); }
  // Nothing waits for the disk.
  bool empty() const { return waiting_.empty(); }

  // Passes durable effects to `act`, which may add more: at most `most` of them. Returns their
  // number.
  template <class Act>
  std::size_t release(std::size_t most, const Act& act) {
    const store::Seq durable = durable_.load();
    std::size_t released = 0;
    while (released < most && !waiting_.empty() && waiting_.front().after <= durable) {
      Effect effect = waiting_.take_front();
      act(effect);
      ++released;
    }
    return released;
  }

  // The run of the effect that is released after so many others; nullptr: none, or it has none.
  KnownRun* run_of(std::size_t ahead) const {
    return ahead < waiting_.size() ? waiting_.at(ahead).run : nullptr;
  }

  // Forgets everything. Effects that are not durable are passed to `tell` first.
  template <class Tell>
  void abandon(const Tell& tell) {
    while (!waiting_.empty()) {
      Effect effect = waiting_.take_front();
      if (!is_durable(effect.after)) tell(effect);
    }
  }

 private:
  const std::atomic<store::Seq>& durable_;
  base::Ring<Effect> waiting_;
  std::vector<Effect> round_;  // `after` counts the turns of this round, from 1
  store::Seq turns_ = 0;
};

}  // namespace reprise::runtime
