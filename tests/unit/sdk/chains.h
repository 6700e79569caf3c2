// Chains of runs for tests: definitions, and the Envs to try them in.
#pragma once
#include <cstdint>
#include <string>

#include <gtest/gtest.h>

#include "reprise/reprise.h"
#include "reprise/testing/env.h"

namespace reprise::chains {

// ---- definitions ------------------------------------------------------------------------------

inline constexpr Workflow<std::string(std::string)> link{"link"};
inline constexpr Workflow<int(int)> countdown{"countdown"};
inline constexpr Activity<int(int)> twice{"twice"};
inline constexpr Signal<int> number{"number"};
inline constexpr Signal<> go{"go"};
inline constexpr Update<int(int)> doubled{"doubled"};

// Reads one number, and goes on as a new run.
inline std::string one_each(Context& ctx, const std::string& past) {
  auto inbox = ctx.inbox(number);
  const int got = inbox.next().get();
  if (got == 0) return past;
  ctx.continue_as_new(link(past + std::to_string(got) + " "));
}

// How often that text is in the history of the run.
inline int count_in(const RunHandle& run, const std::string& text) {
  const std::string json = run.history().to_json(JsonLayout::kCompact);
  int count = 0;
  for (auto at = json.find(text); at != json.npos; at = json.find(text, at + 1)) ++count;
  return count;
}

// Calls `check` with an Env that replays, one that dies at each commit, and some that also change
// the order.
template <class Check>
void in_every_weather(Check check) {
  using testing::Crash, testing::Env, testing::EnvOptions, testing::Order, testing::Replay;
  for (const Replay replay : {Replay::kOff, Replay::kEveryTurn, Replay::kShake}) {
    Env env({.replay = replay});
    check(env);
  }
  for (std::uint64_t seed = 0; seed <= 20; ++seed) {
    EnvOptions options{.crash = Crash::kEveryCommit};
    if (seed > 0) options.order = Order::kShuffled, options.seed = seed;
    SCOPED_TRACE("seed " + std::to_string(seed));
    Env env(options);
    check(env);
  }
}

}  // namespace reprise::chains
