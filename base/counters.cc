#include "base/counters.h"

#include <algorithm>

#include "base/check.h"

namespace reprise::base {

Histogram::Histogram(std::span<const std::uint64_t> bounds) : bounds_(bounds) {
  REPRISE_CHECK(bounds.size() <= kMostBounds, "a histogram has few buckets");
}

void Histogram::observe(std::uint64_t value) {
  const auto bound = std::lower_bound(bounds_.begin(), bounds_.end(), value);
  counts_[static_cast<std::size_t>(bound - bounds_.begin())].add();
  sum_.add(value);
}

Histogram::Read Histogram::read() const {
  Read read;
  for (std::size_t i = 0; i <= bounds_.size(); ++i) read.counts.push_back(counts_[i].value());
  read.sum = sum_.value();
  return read;
}

}  // namespace reprise::base
