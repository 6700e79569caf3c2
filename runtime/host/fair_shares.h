// Which is due among the fairness keys of one priority: start-time fair queuing (Goyal, Vin,
// Cheng: "Start-time Fair Queuing", SIGCOMM 1996).
//
// Each key has a tag, the virtual time at which its next item starts. The key with the earliest tag
// is served, virtual time becomes that tag, and its tag grows by 1/weight. A key that comes starts
// at the virtual time, so it waits for about one item of each other key, however many those have.
//
// A stream of ever new keys would keep virtual time where it is, and nobody else would be served.
// So keys that come start no earlier than at the time of an ideal server, which grows by 1/(sum of
// the weights) with each item (Bennett, Zhang: WF2Q+, "Hierarchical Packet Fair Queueing
// Algorithms", SIGCOMM 1996).
//
// Keys may be held back (their lane is closed), which the papers do not have: their tags fall
// behind virtual time. When one is let go it is served once, and then starts at the virtual time;
// what it has missed is not made up for, as that would delay all others.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "runtime/host/indexed_heap.h"

namespace reprise::runtime {

// In 2^-20 of an item of weight 1: 17 million million such items until it overflows. It begins anew
// whenever nothing waits.
using VirtualTime = std::uint64_t;

// A lane of the queue, in which a key has an item that may be next. Keys take from their lanes in
// turn.
struct LaneOfShare {
  bool before(const LaneOfShare& other) const { return turn < other.turn; }

  std::uint64_t turn = 0;  // when it was last served
  std::size_t at = kInNoHeap;
};

// What a key has of one priority.
struct Share {
  bool before(const Share& other) const {
    if (priority != other.priority) return priority < other.priority;
    return tag != other.tag ? tag < other.tag : order < other.order;
  }

  VirtualTime tag = 0;
  VirtualTime stride = 0;    // what one item costs
  std::uint64_t weight = 0;  // in thousandths
  std::size_t waiting = 0;
  const std::string* key = nullptr;  // nullptr: of the items that have none
  // For the queue.
  int priority = 0;
  std::uint64_t order = 0;  // of keys with the same tag: when it came, or was last served
  IndexedHeap<LaneOfShare> lanes{};
  std::size_t at = kInNoHeap;
};

// Not thread-safe.
class FairShares {
 public:
  static constexpr double kLeastWeight = 0.001;
  static constexpr double kMostWeight = 1'000;
  // Keys without items are kept while a new one would be ahead of them, at most these.
  static constexpr std::size_t kMostIdle = 10'000;

  void set_priority(int priority) { priority_ = plain_.priority = priority; }

  // An item with this key waits. The share is valid until its last item has left. A weight that is
  // out of range is brought into it; the latest weight of a key counts.
  Share& enter(std::string_view key, double weight);
  // An item is served, or gone without that.
  void serve(Share& share);
  void drop(Share& share);

  bool is_plain(const Share& share) const { return &share == &plain_; }
  std::size_t keys() const { return shares_.size(); }  // that are remembered

 private:
  void set_weight(Share& share, std::uint64_t weight);
  void leave(Share& share);
  void forget_idle();

  int priority_ = 0;
  VirtualTime now_ = 0;
  VirtualTime ideal_ = 0;      // never before now_
  std::uint64_t weights_ = 0;  // of the keys that have items
  std::size_t waiting_ = 0;
  Share plain_;  // most items have no key
  std::map<std::string, Share, std::less<>> shares_;
  std::set<std::pair<VirtualTime, Share*>> idle_;  // by their tags
};

}  // namespace reprise::runtime
