#include "runtime/host/fair_shares.h"

#include <algorithm>

namespace reprise::runtime {
namespace {

constexpr std::uint64_t kThousand = 1'000;
constexpr VirtualTime kItem = (VirtualTime{1} << 20) * kThousand;  // of weight 0.001

std::uint64_t thousandths_of(double weight) {
  if (weight == 1 || !(weight > 0)) return kThousand;  // NaN too
  return static_cast<std::uint64_t>(
      kThousand * std::clamp(weight, FairShares::kLeastWeight, FairShares::kMostWeight) + 0.5);
}

}  // namespace

Share& FairShares::enter(std::string_view key, double weight) {
  Share* share = &plain_;
  if (!key.empty()) {
    auto found = shares_.find(key);
    if (found == shares_.end()) {
      found = shares_.emplace(std::string(key), Share()).first;
      found->second.key = &found->first;
      found->second.priority = priority_;
    } else if (found->second.waiting == 0) {
      idle_.erase({found->second.tag, &found->second});
    }
    share = &found->second;
  }
  if (share->waiting++ == 0) {
    share->tag = std::max(share->tag, ideal_);
    share->weight = 0;
  }
  set_weight(*share, thousandths_of(weight));
  ++waiting_;
  return *share;
}

void FairShares::set_weight(Share& share, std::uint64_t weight) {
  if (share.weight == weight) return;
  weights_ += weight - share.weight;
  share.weight = weight;
  share.stride = kItem / weight;
}

void FairShares::serve(Share& share) {
  now_ = std::max(now_, share.tag);
  ideal_ = std::max(now_, ideal_ + kItem / weights_);
  share.tag = now_ + share.stride;
  leave(share);
}

void FairShares::drop(Share& share) {
  leave(share);
}

void FairShares::leave(Share& share) {
  --waiting_;
  if (--share.waiting == 0) {
    weights_ -= share.weight;
    if (!is_plain(share)) idle_.emplace(share.tag, &share);
  }
  if (waiting_ == 0) {  // nobody is ahead of anybody
    idle_.clear();
    shares_.clear();
    plain_.tag = now_ = ideal_ = 0;
    return;
  }
  if (!idle_.empty()) forget_idle();
}

// One whose tag is not ahead would start when a new one does.
void FairShares::forget_idle() {
  while (!idle_.empty() && (idle_.begin()->first <= ideal_ || idle_.size() > kMostIdle)) {
    shares_.erase(shares_.find(*idle_.begin()->second->key));
    idle_.erase(idle_.begin());
  }
}

}  // namespace reprise::runtime
