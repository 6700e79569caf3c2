#include "primes.h"

#include <numeric>
#include <vector>

namespace fan_out {
namespace {

bool is_prime(std::int64_t number) {
  if (number < 2) return false;
  for (std::int64_t factor = 2; factor * factor <= number; ++factor)
    if (number % factor == 0) return false;
  return true;
}

}  // namespace

// A lane is a strand of its own: it takes the next free block, waits for it, and takes another. So
// a slow block holds up only its lane, and as many blocks are under way as there are lanes. The
// strands of a run share one thread and never run at the same time: `next` needs no lock.
std::int64_t run_count_primes(reprise::Context& ctx, const std::int64_t& limit) {
  int next = 0;
  const auto run_lane = [&] {
    std::int64_t found = 0;
    while (next < kBlocks) {
      const int block = next++;
      found += ctx.call(count_block(limit * block / kBlocks, limit * (block + 1) / kBlocks));
    }
    return found;
  };

  std::vector<reprise::Pending<std::int64_t>> lanes;
  lanes.reserve(kLanes);
  for (int lane = 0; lane < kLanes; ++lane) lanes.push_back(ctx.spawn(run_lane));
  const auto found = ctx.all(lanes);
  return std::accumulate(found.begin(), found.end(), std::int64_t{0});
}

std::int64_t run_count_block(reprise::ActivityContext&,
                             const std::int64_t& first,
                             const std::int64_t& last) {
  std::int64_t found = 0;
  for (auto number = first; number < last; ++number) found += is_prime(number) ? 1 : 0;
  return found;
}

}  // namespace fan_out
