// One run that is very large.
#include <vector>

#include "tests/overload/overload.h"

namespace reprise::overload {
namespace {

constexpr Workflow<int(int)> wide{"wide"};
constexpr Workflow<int(int)> longest{"longest"};
constexpr Activity<int(int)> work{"work"};
constexpr Signal<int> number{"number"};

int run_wide(Context& ctx, int count) {
  std::vector<Pending<int>> all;
  all.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) all.push_back(ctx.start(work(i)));
  int sum = 0;
  for (auto& one : all) sum += one.get();
  return sum;
}

int run_longest(Context& ctx, int count) {
  auto inbox = ctx.inbox(number);
  int in_order = 0;
  for (int i = 0; i < count; ++i) in_order += inbox.next().get() == i ? 1 : 0;
  return in_order;
}

void implement(Worker& worker) {
  worker.implement(wide, run_wide)
      .implement(longest, run_longest)
      .implement(work, [](ActivityContext&, int) { return 1; });
  worker.start();
}

}  // namespace

void many_pending(const Sizes& sizes, TortureReport* report) {
  const auto count = static_cast<int>(sizes.pending);
  const Directory directory;
  Log log;
  {
    const auto engine = Engine::open(directory.store(), {.logger = log.sink()});
    Worker worker(*engine);
    implement(worker);
    const auto run = Client(*engine).start(wide(count), {.id = "wide"});
    const auto sum = run.result_for(kPatience);
    if (sum != count) report->fail("a run with many pending activities did not end");
  }
  EngineOptions options{.logger = log.sink()};
  options.limits.pending_operations = sizes.pending / 2;
  const auto engine = Engine::open(directory.store(), options);
  Worker worker(*engine);
  implement(worker);
  const auto run = Client(*engine).start(wide(count), {.id = "too-wide"});
  if (!eventually([&] { return run.describe().parked.has_value(); })) {
    return report->fail("a run beyond its limit of pending operations was not parked");
  }
  if (run.describe().parked->report.find("pending_operations") == std::string::npos) {
    report->fail("the limit is not named: " + run.describe().parked->report);
  }
  report->add("pending", sizes.pending);
}

void long_history(const Sizes& sizes, TortureReport* report) {
  const auto count = static_cast<int>(sizes.history);
  const Directory directory;
  Log log;
  {
    const auto engine = Engine::open(directory.store(), {.logger = log.sink()});
    Worker worker(*engine);
    implement(worker);
    const auto run = Client(*engine).start(longest(count), {.id = "long"});
    std::vector<SentSignal> sent;
    for (int i = 0; i + 1 < count; ++i) {
      sent.push_back(run.submit_signal(number(i)));
      if (sent.size() < 10'000) continue;
      for (const SentSignal& signal : sent) signal.delivered();
      sent.clear();
    }
    for (const SentSignal& signal : sent) signal.delivered();
  }
  // A new process must replay all of it for the last one.
  const auto engine = Engine::open(directory.store(), {.logger = log.sink()});
  Worker worker(*engine);
  implement(worker);
  const auto run = Client(*engine).attach(longest, "long");
  run.signal(number(count - 1));
  if (run.result_for(kPatience) != count) report->fail("a long history was not replayed as it was");
  report->add("history_events", run.describe().history_events);
}

}  // namespace reprise::overload
