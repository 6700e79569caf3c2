// fan_out: 1,000 activities, at most 50 of them under way at any time.
//
//   $ ./fan_out             counts the primes below 10,000,000 on all processors
//   $ ./fan_out             killed half-way and started again, it counts the blocks that are
//   missing
//
// The bound is not a setting: it is the number of strands that the workflow spawns (primes.cc).
#include <iostream>

#include "primes.h"

namespace {

constexpr std::int64_t kLimit = 10'000'000;

}  // namespace

int main() {
  const auto engine = reprise::Engine::open("fan_out.db");

  reprise::Worker worker(*engine);
  worker.implement(fan_out::count_primes, fan_out::run_count_primes)
      .implement(fan_out::count_block, fan_out::run_count_block);
  worker.start();

  reprise::Client client(*engine);
  auto run = client.start(fan_out::count_primes(kLimit),
                          {.id = "primes", .id_reuse = reprise::IdReuse::kUseExisting});
  std::cout << run.result() << " primes below " << kLimit << std::endl;
}
