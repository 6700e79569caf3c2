// More starts than can be handled, for long enough to show what grows.
#include <atomic>
#include <optional>
#include <thread>
#include <vector>

#include "base/sanitizers.h"
#include "tests/overload/overload.h"

namespace reprise::overload {
namespace {

constexpr Workflow<int(int)> job{"job"};
constexpr Workflow<int()> bystander{"bystander"};
constexpr Activity<int(int)> work{"work"};
constexpr Signal<int> poke{"poke"};

// Several times the memory that the limits below allow: a queue without a limit would exceed it
// within seconds.
constexpr std::uint64_t kMostMib = base::kSanitized ? 1'600 : 400;

// Some 200 us of a processor: the machine can do a few thousand of these a second at best.
int busy(ActivityContext&, int number) {
  std::uint64_t x = static_cast<std::uint64_t>(number);
  for (int i = 0; i < 200'000; ++i) x = x * 6364136223846793005ULL + 1442695040888963407ULL;
  return static_cast<int>(x >> 33);
}

int run_bystander(Context& ctx) {
  int handled = 0;
  for (auto inbox = ctx.inbox(poke);; ++handled) {
    const int number = inbox.next().get();
    if (number < 0) return handled;
    ctx.call(work(number));
  }
}

struct Counts {
  std::atomic<std::uint64_t> offered{0};
  std::atomic<std::uint64_t> refused{0};
  std::atomic<std::uint64_t> peak_mib{0};
  std::atomic<std::uint64_t> wrong{0};
};

// Starts runs without end, a batch at a time; returns the ids of those accepted.
std::vector<std::string> start_many(const Client& client,
                                    int thread,
                                    int batch_size,
                                    const std::atomic<bool>& stop,
                                    Counts* counts) {
  std::vector<std::string> accepted;
  for (int next = 0; !stop;) {
    std::vector<Handle<int>> batch;
    std::vector<std::string> ids;
    for (int i = 0; i < batch_size; ++i, ++next) {
      ids.push_back(std::to_string(thread) + "-" + std::to_string(next));
      batch.push_back(client.submit(job(next), {.id = ids.back()}));
    }
    counts->offered += static_cast<std::uint64_t>(batch_size);
    for (std::size_t i = 0; i < batch.size(); ++i) {
      try {
        batch[i].started();
        accepted.push_back(ids[i]);
      } catch (const Overloaded&) {
        ++counts->refused;
      } catch (const Error&) {
        ++counts->wrong;
      }
    }
    const std::uint64_t now = anonymous_mib();
    std::uint64_t peak = counts->peak_mib;
    while (now > peak && !counts->peak_mib.compare_exchange_weak(peak, now)) {
    }
  }
  return accepted;
}

// A run that existed before is still served.
std::uint64_t poke_until(const Handle<int>& run, const std::atomic<bool>& stop) {
  std::uint64_t sent = 0;
  while (!stop) {
    try {
      run.signal(poke(1));
      ++sent;
    } catch (const Overloaded&) {
      std::this_thread::yield();
    }
  }
  return sent;
}

struct Outcome {
  std::uint64_t offered = 0;
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;
  std::uint64_t peak_mib = 0;
};

Outcome flood_for(std::chrono::seconds duration,
                  int batch_size,
                  const EngineLimits& limits,
                  TortureReport* report) {
  const Directory directory;
  Log log;
  const auto engine = Engine::open(directory.store(), {.limits = limits, .logger = log.sink()});
  Worker worker(*engine, {.activity_threads = 4});
  worker.implement(job, [](Context& ctx, int number) { return ctx.call(work(number)); })
      .implement(bystander, run_bystander)
      .implement(work, busy);
  worker.start();
  const Client client(*engine);
  const auto first = client.start(bystander(), {.id = "bystander"});

  Counts counts;
  std::atomic<bool> stop{false};
  std::vector<std::vector<std::string>> accepted(4);
  std::uint64_t poked = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&, i] {
        accepted[static_cast<std::size_t>(i)] = start_many(client, i, batch_size, stop, &counts);
      });
    }
    threads.emplace_back([&] { poked = poke_until(first, stop); });
    std::this_thread::sleep_for(duration);  // how long the flood lasts
    stop = true;
  }

  Outcome outcome{
      .offered = counts.offered, .refused = counts.refused, .peak_mib = counts.peak_mib};
  for (const auto& ids : accepted) {
    outcome.accepted += ids.size();
    for (const std::string& id : ids) {
      if (!client.attach(job, id).result_for(kPatience)) report->fail("run " + id + " was lost");
    }
  }
  first.signal(poke(-1));
  if (static_cast<std::uint64_t>(first.result()) != poked) report->fail("a signal was lost");
  if (poked == 0) report->fail("no signal got through the flood");
  if (counts.wrong > 0) report->fail("a refusal was not an Overloaded");
  if (outcome.peak_mib > kMostMib) {
    report->fail("the flood took " + std::to_string(outcome.peak_mib) + " MiB of memory");
  }
  return outcome;
}

}  // namespace

void flood(const Sizes& sizes, TortureReport* report) {
  const Outcome refused = flood_for(sizes.flood, 20'000,
                                    {.pending_requests = 1'024,
                                     .waiting_attempts = 5'000,
                                     .overload_wait = std::chrono::milliseconds(0)},
                                    report);
  if (refused.refused < refused.accepted) report->fail("this was no flood");
  const Outcome waited = flood_for(
      sizes.flood, 2'000,
      {.pending_requests = 1'024, .waiting_attempts = 5'000, .overload_wait = kPatience}, report);
  if (waited.refused > 0) report->fail("a caller that may wait was refused");
  report->add("offered", refused.offered);
  report->add("accepted", refused.accepted);
  report->add("refused", refused.refused);
  report->add("waited", waited.accepted);
  report->add("peak_mib", std::max(refused.peak_mib, waited.peak_mib));
}

}  // namespace reprise::overload
