#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <functional>
#include <reprise/reprise.h>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>

#include "tests/poison/poison.h"

namespace reprise::poison {
namespace {

using namespace std::chrono_literals;
using Say = std::function<void(std::string)>;

constexpr Workflow<std::string()> poison_run{"poison"};
constexpr Workflow<int(int)> innocent{"innocent"};
constexpr Activity<int(int)> work{"work"};
constexpr Activity<void()> clean_up{"clean_up"};
constexpr Signal<int> poke{"poke"};
constexpr Signal<int> finish{"finish"};

constexpr auto kPatience = 30s;
constexpr unsigned kHungSeconds = 120;

// Destructors are no place for durable calls: this one throws when the run leaves memory.
struct CleaningUp {
  Context& ctx;
  ~CleaningUp() { ctx.call(clean_up()); }
};

std::string wait_and_swallow(Context& ctx) {
  for (;;) {
    try {
      ctx.inbox(poke).next().get();
    } catch (...) {
    }
  }
}

std::string run_poison(Context& ctx, const Process& process) {
  if (!process.kind.at_start) ctx.sleep(5ms);
  if (process.mended) {
    if (process.kind.when_unwound) ctx.inbox(finish).next().get();
    return "mended";
  }
  const std::string& kind = process.kind.name;
  if (kind == "swallow") return wait_and_swallow(ctx);
  if (kind == "destructor") {
    const CleaningUp cleaning_up{ctx};
    for (;;) ctx.inbox(poke).next().get();
  }
  take_poison(kind);
  return "harmless";
}

int run_innocent(Context& ctx, int number) {
  ctx.sleep(Duration(number % 7));
  const int one = ctx.step("one", [] { return 1; });
  const int more = ctx.call(work(number));
  ctx.sleep(3ms);
  return one + more;
}

// No core files, since the deaths are wanted; and nothing hangs for ever.
void prepare(const Process& process) {
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::alarm(kHungSeconds);
  const int file = ::open(process.says.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  ::dup2(file, STDERR_FILENO);
}

void kill_in(int milliseconds) {
  std::signal(SIGALRM, [](int) { (void)::kill(::getpid(), SIGKILL); });
  ::ualarm(static_cast<useconds_t>(milliseconds) * 1'000, 0);
}

void log_to_stderr(LogLevel level, std::string_view line) {
  if (level < LogLevel::kError) return;
  std::fprintf(stderr, "%.*s\n", static_cast<int>(line.size()), line.data());
}

void start_all(const Client& client, int innocents) {
  const StartOptions once{.id = "poison", .id_reuse = IdReuse::kReject};
  (void)client.try_start(poison_run(), once);
  for (int i = 0; i < innocents; ++i) {
    (void)client.try_start(innocent(i),
                           {.id = "innocent-" + std::to_string(i), .id_reuse = IdReuse::kReject});
  }
}

void see_the_innocents(const Client& client, int innocents, const Say& say) {
  for (int i = 0; i < innocents; ++i) {
    const auto run = client.attach(innocent, "innocent-" + std::to_string(i));
    const auto result = run.result_for(kPatience);
    if (result != i + 1) say("innocent " + std::to_string(i) + " has no result");
  }
}

// An earlier process may have ended it.
void try_again(const RunHandle& run) {
  try {
    run.retry();
  } catch (const RunClosed&) {
  }
}

void see_the_poison(const Client& client, const Process& process, const Say& say) {
  const auto run = client.attach(poison_run, "poison");
  if (process.mended) try_again(run);
  const auto described = run.describe();
  if (described.parked) return say("parked " + described.parked->code);
  if (process.mended) {
    (void)run.try_signal(finish(1));
    return say(run.result_for(kPatience).value_or("nothing"));
  }
  run.signal(poke(1));
  // Waits until it is in memory at the place where it unwinds badly, or has acted.
  const auto waits_for_poke = [&] {
    const auto waits = run.describe().waiting_for;
    return !waits.empty() && waits.front().find("poke") != std::string::npos;
  };
  for (int i = 0; i < 3'000 && !waits_for_poke(); ++i) std::this_thread::sleep_for(10ms);
}

void live(const Process& process, const Say& say) {
  prepare(process);
  if (process.kill_after_ms > 0) kill_in(process.kill_after_ms);
  const auto engine = Engine::open(
      process.store, {.shards = process.shards, .guard = Guard::kOff, .logger = log_to_stderr});
  Worker worker(*engine);
  worker.implement(poison_run, [&](Context& ctx) { return run_poison(ctx, process); })
      .implement(innocent, run_innocent)
      .implement(work, [](ActivityContext&, int number) { return number; })
      .implement(clean_up, [](ActivityContext&) {});
  worker.start();
  const Client client(*engine);
  start_all(client, process.innocents);
  see_the_innocents(client, process.innocents, say);
  see_the_poison(client, process, say);
  worker.stop();
  say("calm");
}

}  // namespace

reprise::testing::ChildLines run_process(const Process& process) {
  return reprise::testing::lines_of_child(true, [&](const Say& say) { live(process, say); });
}

}  // namespace reprise::poison
