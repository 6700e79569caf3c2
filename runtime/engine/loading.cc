#include "runtime/engine/loading.h"

#include <utility>

namespace reprise::runtime {

void Loading::when_loadable(store::RunNumber number, std::function<void(KnownRun&)> act) {
  KnownRun* run = runs_.find(number);
  if (run == nullptr) return;
  if (!run->appending && is_loadable(*run)) return act(*run);
  auto again = [this, number, act = std::move(act)] { when_loadable(number, act); };
  // Once its turn has been appended its last sequence number is known.
  if (run->appending) return intake_.post(std::move(again));
  await(*run, std::move(again));
}

void Loading::when_readable(store::RunNumber number, std::function<void(KnownRun&)> act) {
  KnownRun* run = runs_.find(number);
  if (run == nullptr) return;
  if (is_readable(*run)) return act(*run);
  auto again = [this, number, act = std::move(act)] { when_readable(number, act); };
  if (run->appending) return intake_.post(std::move(again));
  await(*run, std::move(again));
}

// A record that is with the writer may wait for room on the disk.
void Loading::when_in_log(const KnownRun& run, std::function<void()> act) {
  const bool is_with_writer = run.transacting && !run.appending;
  if (!is_with_writer) return intake_.post(std::move(act));
  await(run, std::move(act));
}

// The effect of a transaction's record says what is in it, and comes before this one.
void Loading::await(const KnownRun& run, std::function<void()> again) {
  if (run.transacting) return effects_.after(run.state.last_seq, {.act = std::move(again)});
  effects_.call_after(run.state.last_seq, std::move(again));
}

}  // namespace reprise::runtime
