// Counts the primes below a limit: 1,000 blocks of numbers, each of them one activity, never more
// than 50 of them under way.
#pragma once
#include <cstdint>
#include <reprise/reprise.h>

namespace fan_out {

inline constexpr int kBlocks = 1'000;
inline constexpr int kLanes = 50;

// Primes below the number, and in [first, last).
inline constexpr reprise::Workflow<std::int64_t(std::int64_t)> count_primes{"count_primes"};
inline constexpr reprise::Activity<std::int64_t(std::int64_t, std::int64_t)> count_block{
    "count_block"};

std::int64_t run_count_primes(reprise::Context& ctx, const std::int64_t& limit);
std::int64_t run_count_block(reprise::ActivityContext& ctx,
                             const std::int64_t& first,
                             const std::int64_t& last);

}  // namespace fan_out
