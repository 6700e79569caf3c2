#include "tests/io_errors/process_exit.h"

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <unistd.h>

#include "runtime/engine/engine.h"
#include "tests/power_fail/disk_log.h"
#include "tests/power_fail/workload.h"
#include "tests/support/child_lines.h"

namespace reprise::testing {
namespace {

namespace fs = std::filesystem;

constexpr int kStarts = 40;
constexpr unsigned kPatienceSeconds = 30;
constexpr int kExitFatal = 70;

void work(const std::string& directory,
          const std::string& part,
          int at,
          const std::function<void(std::string)>& acknowledged) {
  DiskLog log(directory, false);
  std::atomic<int> syncs{0};
  runtime::EngineOptions options;
  options.shards = 2;
  options.archive_slice = 4;
  auto opened = runtime::Engine::open(directory + "/store", options);
  if (!opened) std::_Exit(1);
  log.set_faults([&](DiskCall call, const std::string& path) -> std::optional<DiskFault> {
    if (call != DiskCall::kSync || !path.ends_with("/" + part + "/data.mdb")) return std::nullopt;
    return ++syncs == at ? std::optional(DiskFault{EIO}) : std::nullopt;
  });
  for (int i = 0; i < kStarts; ++i) {
    std::promise<bool> started;
    const std::string id = "run" + std::to_string(i);
    (*opened)->ask(runtime::verb::Start{
        {.workflow = "signals", .workflow_id = id},
        nullptr,
        [&](const base::Result<runtime::StartedRun>& run) { started.set_value(run.has_value()); }});
    if (started.get_future().get()) acknowledged(id);
  }
  // If the archiver fails, on its own thread, the process ends while this thread goes on.
  ::alarm(kPatienceSeconds);
  while (syncs >= at) ::pause();
}

}  // namespace

ExitResult run_failing_process(const std::string& scratch, const std::string& part, int at) {
  const std::string directory = scratch + "/process";
  const std::string output = scratch + "/output";
  fs::remove_all(directory);
  fs::create_directory(directory);
  const ChildLines child = lines_of_child(false, [&](const auto& acknowledged) {
    if (std::freopen(output.c_str(), "w", stdout) == nullptr) std::abort();
    if (::dup2(::fileno(stdout), STDERR_FILENO) < 0) std::abort();
    work(directory, part, at, acknowledged);
  });
  ExitResult result;
  const int code = WIFEXITED(child.status) ? WEXITSTATUS(child.status) : -1;
  result.hit = code == kExitFatal;
  if (!result.hit && (code != 0 || child.lines.size() < kStarts)) {
    result.wrong = "the process ends with status " + std::to_string(child.status);
    return result;
  }
  std::ifstream file(output);
  const std::string said((std::istreambuf_iterator<char>(file)), {});
  if (result.hit && said.find("RP1006") == std::string::npos) {
    result.wrong = "it does not say why: " + said;
    return result;
  }
  runtime::EngineOptions options;
  options.threaded = false;
  auto opened = runtime::Engine::open(directory + "/store", options);
  if (!opened) {
    result.wrong = opened.error().text();
    return result;
  }
  for (const std::string& id : child.lines) {
    (*opened)->ask(
        runtime::verb::Describe{{id, {}}, [&](const base::Result<runtime::RunDescription>& run) {
                                  if (!run) result.wrong = id + " was acknowledged and is lost";
                                }});
  }
  while ((*opened)->run_some()) {
  }
  return result;
}

}  // namespace reprise::testing
