// fan_out: 1,000 activities, at most 50 of them under way at any time.
//
//   $ ./fan_out             counts the primes below 10,000,000 on all processors
//   $ ./fan_out             killed half-way and started again, it counts the blocks that are
//   missing
//
//   $ ./fan_out step --store fan_out.db --run primes      walks through what has happened
//   $ ./fan_out verify --store fan_out.db                 would changed code go on with it?
//
// The bound is not a setting: it is the number of strands that the workflow spawns (primes.cc).
#include <cstring>
#include <iostream>
#include <memory>
#include <optional>
#include <reprise/cli.h>

#include "primes.h"

namespace {

constexpr std::int64_t kLimit = 10'000'000;

// The exit status, if the program is not asked to count.
std::optional<int> answer(int argc, char** argv) {
  if (argc < 2) return std::nullopt;
  const bool help = std::strcmp(argv[1], "--help") == 0 || std::strcmp(argv[1], "-h") == 0;
  (help ? std::cout : std::cerr)
      << "usage: fan_out             counts primes; started again, goes on\n"
         "       fan_out replay ...  replays what happened; fan_out replay --help says how\n"
         "       fan_out step ...    steps through it, turn by turn\n"
         "       fan_out verify ...  would this code go on with the runs of a store?\n";
  return help ? 0 : 2;
}

}  // namespace

int main(int argc, char** argv) try {
  std::unique_ptr<reprise::Engine> engine;  // before the worker, which it must outlive
  reprise::Worker worker;
  worker.implement(fan_out::count_primes, fan_out::run_count_primes)
      .implement(fan_out::count_block, fan_out::run_count_block);
  if (const auto status = reprise::cli(argc, argv, worker)) return *status;
  if (const auto status = answer(argc, argv)) return *status;

  engine = reprise::Engine::open("fan_out.db");
  worker.start(*engine);

  reprise::Client client(*engine);
  auto run = client.start(fan_out::count_primes(kLimit),
                          {.id = "primes", .id_reuse = reprise::IdReuse::kUseExisting});
  std::cout << run.result() << " primes below " << kLimit << std::endl;
} catch (const reprise::Error& error) {  // another process has the store, the disk is full...
  std::cerr << error.what() << std::endl;
  return 1;
}
