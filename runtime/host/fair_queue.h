// Items that wait in lanes, of which some are closed at times. The next item is that of the highest
// priority in an open lane; among these that of the key that is due (fair_shares.h, over all
// lanes); among these lanes alternate; within all that, the one that came first.
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/ring.h"
#include "runtime/host/fair_shares.h"
#include "runtime/host/indexed_heap.h"

namespace reprise::runtime {

inline constexpr int kFirstPriority = 1;
inline constexpr int kLastPriority = 5;
inline constexpr int kDefaultPriority = 3;

struct Rank {
  int priority = kDefaultPriority;  // kFirstPriority to kLastPriority
  std::string_view key{};
  double weight = 1;
};

// Not thread-safe. push() and take() take O(log n) of the keys and lanes, and take() also looks at
// the other lanes in which the key that is served is first of several.
template <class Item>
class FairQueue {
  // The items of one key in one lane.
  struct Entry {
    bool before(const Entry& other) const {
      if (priority != other.priority) return priority < other.priority;
      return tag != other.tag ? tag < other.tag : order < other.order;
    }

    int priority = kDefaultPriority;
    VirtualTime tag = 0;  // at most that of its share, which grows in other lanes too
    std::uint64_t order = 0;
    Share* share = nullptr;
    base::Ring<Item> items{};
    std::size_t at = kInNoHeap;
  };

 public:
  class Lane : private LaneOfShare {
   public:
    std::size_t size() const { return size_; }
    bool open() const { return open_; }

   private:
    friend class FairQueue;
    IndexedHeap<Entry> entries_;
    Entry plain_;  // without key, of the default priority: most items
    std::unordered_map<const Share*, std::unique_ptr<Entry>> others_;
    std::size_t size_ = 0;
    bool open_ = true;
    Share* share_ = nullptr;  // that has the lane: of its first entry; nullptr: it is not ready
  };

  FairQueue() {
    for (std::size_t i = 0; i < shares_.size(); ++i) {
      shares_[i].set_priority(kFirstPriority + static_cast<int>(i));
    }
  }
  FairQueue(const FairQueue&) = delete;
  FairQueue& operator=(const FairQueue&) = delete;

  void push(Lane& lane, Item&& item, const Rank& rank) {
    Share& share = shares_of(rank.priority).enter(rank.key, rank.weight);
    if (share.waiting == 1) share.order = ++order_;
    Entry& entry = entry_of(lane, rank.priority, share);
    entry.items.push_back(std::move(item));
    ++lane.size_;
    if (IndexedHeap<Entry>::has(entry)) return;
    entry.tag = share.tag;
    entry.order = ++order_;
    lane.entries_.push(entry);
    offer(lane);
  }

  // Nothing is taken from a lane while it is closed.
  void set_open(Lane& lane, bool open) {
    if (std::exchange(lane.open_, open) != open) offer(lane);
  }

  bool has_ready() const { return !ready_.empty(); }

  // The lane that take() takes from. There is one that is ready.
  Lane& next() const { return static_cast<Lane&>(ready_.top().lanes.top()); }
  // The item that take() would return.
  const Item& peek() const { return next().entries_.top().items.front(); }

  Item take() { return take_next(true); }
  // Likewise, but it does not count for its key: the item was given up.
  Item discard() { return take_next(false); }

  // Removes the items for which `unwanted` is true, and returns them.
  template <class Unwanted>
  std::vector<Item> remove_if(Lane& lane, const Unwanted& unwanted) {
    std::vector<Item> removed;
    withdraw(lane);
    sweep(lane, lane.plain_, unwanted, &removed);
    for (auto each = lane.others_.begin(); each != lane.others_.end();) {
      const auto entry = each++;  // the sweep may erase it
      sweep(lane, *entry->second, unwanted, &removed);
    }
    offer(lane);
    return removed;
  }

  // Keys that are remembered.
  std::size_t keys() const {
    std::size_t all = 0;
    for (const FairShares& shares : shares_) all += shares.keys();
    return all;
  }

 private:
  FairShares& shares_of(int priority) {
    return shares_[static_cast<std::size_t>(priority - kFirstPriority)];
  }

  Entry& entry_of(Lane& lane, int priority, Share& share) {
    if (priority == kDefaultPriority && share.key == nullptr) {
      lane.plain_.share = &share;
      return lane.plain_;
    }
    auto& entry = lane.others_[&share];
    if (entry == nullptr) {
      entry = std::make_unique<Entry>();
      entry->priority = priority;
      entry->share = &share;
    }
    return *entry;
  }

  // Its first entry, or whether it is open, may have changed. A lane that is ready is among those
  // of the share of its first entry, and that share is in `ready_`.
  void offer(Lane& lane) {
    if (!lane.open_ || lane.size_ == 0) return withdraw(lane);
    catch_up(lane);
    Share* const share = lane.entries_.top().share;
    if (lane.share_ == share) return;
    withdraw(lane);
    lane.share_ = share;
    share->lanes.push(lane);
    if (!IndexedHeap<Share>::has(*share)) ready_.push(*share);
  }
  void withdraw(Lane& lane) {
    Share* const share = std::exchange(lane.share_, nullptr);
    if (share == nullptr) return;
    share->lanes.remove(lane);
    if (share->lanes.empty()) ready_.remove(*share);
  }

  // The first entry has its share's tag; those after it may have earlier ones of their own.
  static void catch_up(Lane& lane) {
    while (true) {
      Entry& first = lane.entries_.top();
      if (first.tag == first.share->tag) return;
      first.tag = first.share->tag;
      first.order = first.share->order;
      lane.entries_.moved(first);
    }
  }

  Item take_next(bool served) {
    Share& share = ready_.top();
    Lane& lane = next();
    Entry& entry = lane.entries_.top();
    Item item = entry.items.take_front();
    --lane.size_;
    if (served) lane.turn = ++turn_;
    withdraw(lane);
    if (entry.items.empty()) remove(lane, entry);
    FairShares& shares = shares_of(share.priority);
    const bool waits = share.waiting > 1;  // otherwise it may be forgotten
    if (waits && served) share.order = ++order_;
    served ? shares.serve(share) : shares.drop(share);
    offer(lane);
    if (waits && served) moved(share);
    return item;
  }
  void remove(Lane& lane, Entry& entry) {
    lane.entries_.remove(entry);
    if (&entry != &lane.plain_) lane.others_.erase(entry.share);
  }

  // Its tag has grown: in lanes that it has others may be first now.
  void moved(Share& share) {
    if (!IndexedHeap<Share>::has(share)) return;
    ready_.moved(share);
    share.lanes.for_each([this](LaneOfShare& each) {
      Lane& lane = static_cast<Lane&>(each);
      if (lane.entries_.size() > 1) crowded_.push_back(&lane);
    });
    for (Lane* const lane : crowded_) offer(*lane);
    crowded_.clear();
  }

  template <class Unwanted>
  void sweep(Lane& lane, Entry& entry, const Unwanted& unwanted, std::vector<Item>* removed) {
    if (entry.items.empty()) return;
    const std::size_t before = removed->size();
    for (std::size_t left = entry.items.size(); left > 0; --left) {
      Item item = entry.items.take_front();
      if (unwanted(item)) {
        removed->push_back(std::move(item));
      } else {
        entry.items.push_back(std::move(item));
      }
    }
    const std::size_t gone = removed->size() - before;
    lane.size_ -= gone;
    Share& share = *entry.share;
    FairShares& shares = shares_of(entry.priority);
    if (entry.items.empty()) remove(lane, entry);
    for (std::size_t i = 0; i < gone; ++i) shares.drop(share);
  }

  std::array<FairShares, kLastPriority> shares_;
  IndexedHeap<Share> ready_;  // have lanes that are ready
  std::uint64_t order_ = 0;
  std::uint64_t turn_ = 0;
  std::vector<Lane*> crowded_;  // empty between calls
};

}  // namespace reprise::runtime
