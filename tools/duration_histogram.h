// Any number of durations in a few kilobytes: mean and maximum are exact, quantiles are at most
// 1.6 % too high.
#pragma once
#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

namespace reprise::tools {

// Not thread-safe.
class DurationHistogram {
 public:
  // Negative values, which come from a clock that was set back, count as 0.
  void add(std::int64_t ms) {
    const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(ms, 0));
    const std::size_t at = bucket_of(value);
    if (at >= counts_.size()) counts_.resize(at + 1);
    ++counts_[at];
    ++count_;
    sum_ += static_cast<double>(value);
    largest_ = std::max(largest_, value);
  }

  std::uint64_t count() const { return count_; }
  std::int64_t mean() const {
    return count_ == 0 ? 0 : static_cast<std::int64_t>(sum_ / static_cast<double>(count_) + 0.5);
  }
  std::int64_t largest() const { return static_cast<std::int64_t>(largest_); }
  // The smallest duration that at least this share of the durations does not exceed.
  std::int64_t quantile(double share) const {
    const double wanted = share * static_cast<double>(count_);
    std::uint64_t seen = 0;
    for (std::size_t at = 0; at < counts_.size(); ++at) {
      seen += counts_[at];
      if (static_cast<double>(seen) >= wanted && seen > 0) {
        return static_cast<std::int64_t>(std::min(last_of(at), largest_));
      }
    }
    return 0;
  }

 private:
  // Exact below 128; above, 64 buckets for each doubling.
  static constexpr std::uint64_t kExact = 128;
  static constexpr int kBits = 6;

  static std::size_t bucket_of(std::uint64_t value) {
    if (value < kExact) return value;
    const int shift = std::bit_width(value) - 1 - kBits;
    return (static_cast<std::size_t>(shift) << kBits) + (value >> shift);
  }
  static std::uint64_t last_of(std::size_t bucket) {
    if (bucket < kExact) return bucket;
    const std::size_t shift = (bucket >> kBits) - 1;
    const std::uint64_t value = bucket - (shift << kBits);
    return ((value + 1) << shift) - 1;
  }

  std::vector<std::uint64_t> counts_;
  std::uint64_t count_ = 0;
  double sum_ = 0;
  std::uint64_t largest_ = 0;
};

}  // namespace reprise::tools
