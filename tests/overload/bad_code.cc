// Code that throws objects that are not exceptions, and code that ends the process.
#include <csignal>
#include <cstdlib>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "tests/overload/overload.h"

extern char** environ;

namespace reprise::overload {
namespace {

constexpr Workflow<int()> throwing_run{"throwing_run"};
constexpr Workflow<std::string()> throwing_activity{"throwing_activity"};
constexpr Workflow<std::string()> killing_run{"killing_run"};
constexpr Workflow<int()> innocent{"innocent"};
constexpr Activity<int()> throws{"throws"};
constexpr Activity<int()> kills{"kills"};

constexpr ActivityOptions kThrice{
    .retry = {.initial_interval = std::chrono::milliseconds(1), .maximum_attempts = 3}};

template <class Call>
std::string failure_of(const Call& call) {
  try {
    call();
  } catch (const ActivityFailure& failure) {
    return failure.what();
  }
  return {};
}

}  // namespace

void thrown_numbers(TortureReport* report) {
  const Directory directory;
  Log log;
  const auto engine = Engine::open(directory.store(), {.logger = log.sink()});
  Worker worker(*engine);
  worker.implement(throwing_run, [](Context&) -> int { throw 42; })
      .implement(throwing_activity,
                 [](Context& ctx) { return failure_of([&] { ctx.call(throws(), kThrice); }); })
      .implement(throws, [](ActivityContext&) -> int { throw 42; });
  worker.start();
  const Client client(*engine);
  const auto text = client.start(throwing_activity()).result_for(kPatience);
  if (!text || text->find("after 3 attempts") == std::string::npos) {
    report->fail("an activity that throws a number: " + text.value_or("no result"));
  }
  const auto parked = client.start(throwing_run(), {.id = "parked"});
  if (!eventually([&] { return parked.describe().parked.has_value(); })) {
    report->fail("a workflow that throws a number was not parked");
  }
  report->add("thrown", 2);
}

int run_killing_activity(const std::string& store) {
  // No core files: the deaths are wanted.
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  Log log;
  const auto engine = Engine::open(store, {.logger = log.sink()});
  Worker worker(*engine);
  worker
      .implement(killing_run,
                 [](Context& ctx) { return failure_of([&] { ctx.call(kills(), kThrice); }); })
      .implement(innocent, [](Context& ctx) { return ctx.step("one", [] { return 1; }); })
      .implement(kills, [](ActivityContext&) -> int { std::abort(); });
  worker.start();
  const Client client(*engine);
  const StartOptions once{.id = "killer", .id_conflict = IdConflict::kUseExisting};
  const auto killer = client.find(killing_run, "killer");
  const auto run = killer ? *killer : client.start(killing_run(), once);
  const auto bystander = client.start(innocent());
  const auto text = run.result_for(kPatience);
  const bool told = text && text->find("RP4003") != std::string::npos;
  return told && bystander.result_for(kPatience) == 1 ? 0 : 1;
}

void killing_activity(const std::string& program, TortureReport* report) {
  const Directory directory;
  const std::string store = directory.store();
  std::uint64_t deaths = 0;
  while (deaths <= 3) {
    const char* arguments[] = {program.c_str(), "--killing-activity", store.c_str(), nullptr};
    pid_t child = 0;
    if (posix_spawn(&child, program.c_str(), nullptr, nullptr, const_cast<char* const*>(arguments),
                    environ) != 0) {
      std::abort();
    }
    int status = 0;
    waitpid(child, &status, 0);
    if (WIFEXITED(status)) {
      if (WEXITSTATUS(status) != 0) report->fail("the run was not told why its activity failed");
      break;
    }
    ++deaths;
  }
  if (deaths != 3) report->fail("three attempts made " + std::to_string(deaths) + " deaths");
  report->add("deaths", deaths);
}

}  // namespace reprise::overload
