// One activity thread, one activity that kills the process at each attempt, and after it in the
// queue some that may be attempted only once.
//
//   attempt_job DIRECTORY kill|spare BEHIND
//
// Prints "killer OUTCOME" and a "once OUTCOME" line for each of those behind when it gets through.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "reprise/reprise.h"

namespace {

using namespace reprise;

constexpr Workflow<std::string(bool)> kRun{"run"};
constexpr Activity<void()> kKill{"kill"};
constexpr Activity<void()> kOnce{"once"};

std::string run(Context& ctx, const bool& killer) {
  try {
    if (killer) {
      ctx.call(kKill(), {.retry = {.initial_interval = Duration(1), .maximum_attempts = 3}});
    } else {
      ctx.call(kOnce(), {.retry = {.maximum_attempts = 1}});
    }
  } catch (const ActivityFailure& failure) {
    return std::to_string(failure.attempts());
  }
  return "completed";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const bool kills = std::string(argv[2]) == "kill";
  const int behind_count = std::atoi(argv[3]);
  const auto engine = Engine::open(std::string(argv[1]) + "/store");
  Worker worker(*engine, {.activity_threads = 1});
  worker.implement(kRun, run)
      .implement(kKill,
                 [kills](ActivityContext&) {
                   if (kills) std::raise(SIGKILL);
                 })
      .implement(kOnce, [](ActivityContext&) {});
  const Client client(*engine);
  // Started before there is a worker, so that all of them wait in one queue, the killer first.
  const auto start = [&](bool killer, const std::string& id) {
    auto handle = client.try_start(kRun(killer), {.id = id, .id_reuse = IdReuse::kReject});
    return handle ? *handle : client.attach(kRun, id);
  };
  const auto killer = start(true, "killer");
  std::vector<Handle<std::string>> behind;
  for (int i = 0; i < behind_count; ++i) behind.push_back(start(false, "once" + std::to_string(i)));
  worker.start();
  std::printf("killer %s\n", killer.result().c_str());
  for (const auto& handle : behind) std::printf("once %s\n", handle.result().c_str());
}
