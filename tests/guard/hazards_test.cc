// Runs every hazard in a workflow and checks whether the guard sees it: with both nets, and with
// each alone. The result must be the table of docs/determinism.md.
#include "tests/guard/hazards.h"

#include <fstream>
#include <iostream>
#include <iterator>
#include <reprise/reprise.h>
#include <reprise/testing/env.h>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/sanitizers.h"
#include "runtime/guard/guard.h"
#include "runtime/guard/system_calls.h"
#include "tests/support/scripted_run.h"

namespace reprise::testing {
namespace {

constexpr Workflow<void()> dangerous{"dangerous"};

// In a workflow as users write it.
bool is_caught(const Hazard& hazard) {
  Env env({.replay = Replay::kOff});
  env.implement(dangerous, [&](Context&) { hazard.code(); });
  try {
    env.start(dangerous()).result();
    return false;
  } catch (const NondeterminismError& error) {
    EXPECT_EQ(error.code(), "RP2008") << hazard.what << ": " << error.what();
    return true;
  }
}

bool is_caught(const Hazard& hazard, runtime::GuardNets nets) {
  runtime::Guard guard(
      runtime::GuardMode::kPark, [](auto, auto) {}, nets);
  ScriptedRun run(
      [&](Execution&) {
        hazard.code();
        return Outcome::success("");
      },
      {.guard = &guard});
  return run.start() == replay::TurnEnd::kParked;
}

std::string yes(bool caught) {
  return caught ? "yes" : "-";
}

bool has_system_calls() {
  return runtime::guard::prepare_dispatch().empty();
}

std::string table() {
  std::string text = "| hazard | wrapped symbol | system call |\n|---|---|---|\n";
  int caught = 0;
  const auto add = [&](const Hazard& hazard) {
    const bool symbol = is_caught(hazard, {.system_calls = false});
    const bool system_call = is_caught(hazard, {.symbols = false});
    const bool either = is_caught(hazard);
    EXPECT_EQ(either, symbol || system_call) << hazard.what;
    caught += either ? 1 : 0;
    text += "| " + hazard.what + " | " + yes(symbol) + " | " + yes(system_call) + " |\n";
  };
  for (const Hazard& hazard : calls()) add(hazard);
  for (const Hazard& hazard : no_calls()) add(hazard);
  const auto all = calls().size() + no_calls().size();
  return "Caught: " + std::to_string(caught) + " of " + std::to_string(all) + ".\n\n" + text;
}

TEST(Hazards, EveryCallIsCaught) {
  EXPECT_GE(calls().size(), 30u);
  for (const Hazard& hazard : calls()) {
    // Without the kernel's help nothing can catch these: they have no symbol.
    const bool needs_kernel = !is_caught(hazard, {.system_calls = false});
    if (!has_system_calls() && needs_kernel) continue;
    EXPECT_TRUE(is_caught(hazard)) << hazard.what;
  }
}

TEST(Hazards, WhatIsNoCallIsNotCaught) {
  for (const Hazard& hazard : no_calls()) EXPECT_FALSE(is_caught(hazard)) << hazard.what;
}

TEST(Hazards, TheDocumentedTableIsTheMeasuredOne) {
  if (!has_system_calls()) GTEST_SKIP() << runtime::guard::prepare_dispatch();
  const std::string measured = table();
  std::cout << measured;
  std::ifstream file(REPRISE_SOURCE_DIR "/docs/determinism.md");
  const std::string documented{std::istreambuf_iterator<char>(file), {}};
  EXPECT_NE(documented.find(measured), std::string::npos)
      << "copy the table above into docs/determinism.md";
}

}  // namespace
}  // namespace reprise::testing
