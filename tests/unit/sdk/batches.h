// What tests of batches share: runs that wait, and what a batch has done to them.
#pragma once
#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "reprise/reprise.h"
#include "reprise/testing/env.h"
#include "tests/unit/sdk/operated.h"

namespace reprise::batches {

inline constexpr Workflow<std::string(int)> waiter{"waiter"};
inline constexpr Signal<std::string> note{"note"};
inline constexpr const char* kWaiters = "WorkflowType = 'waiter' AND Status = 'Running'";

// Waits for so many notes.
inline std::string run_waiter(Context& ctx, int count) {
  auto notes = ctx.inbox(note);
  std::string all;
  for (int i = 0; i < count; ++i) all += notes.next().get();
  return all;
}

inline std::string name_of(int number) {
  return "w" + std::to_string(number);
}

// Starts w0, w1, ..., each of which waits for that many notes.
inline void start_waiters(testing::Env& env, int runs, int notes = 2) {
  env.implement(waiter, run_waiter);
  for (int i = 0; i < runs; ++i) {
    (void)env.client().submit(waiter(notes), {.id = name_of(i)});
  }
  if (runs > 0) env.client().handle(name_of(runs - 1)).describe();
}

// How often the kind is in the histories of each run with that workflow id.
inline int count_of(testing::Env& env, const std::string& id, const std::string& kind) {
  int count = 0;
  for (const auto& run :
       env.client().list("WorkflowId = '" + id + "'", {.page_size = 1'000}).runs) {
    const auto kinds = operated::kinds_of(env.client().handle(id, run.run_id));
    count += static_cast<int>(std::count(kinds.begin(), kinds.end(), kind));
  }
  return count;
}

}  // namespace reprise::batches
