#include "runtime/guard/guard.h"

#include <atomic>

#include "replay/execution.h"
#include "runtime/guard/patched_objects.h"
#include "runtime/guard/report.h"
#include "runtime/guard/system_calls.h"

namespace reprise::runtime {
namespace {

std::uint64_t next_id() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

}  // namespace

Guard::Guard(GuardMode mode, LogSink log, GuardNets nets)
    : id_(next_id()), mode_(mode), log_(std::move(log)), nets_(nets) {
  if (nets_.symbols && guard::patch_loaded_objects() == 0) {
    nets_.symbols = false;
    log_(LogLevel::kWarning,
         "determinism guard: calls of library functions cannot be caught in this program, because "
         "it is linked statically or because of its platform");
  }
  if (!nets_.system_calls) return;
  if (const auto why_not = guard::prepare_dispatch(); !why_not.empty()) {
    nets_.system_calls = false;
    log_(LogLevel::kInfo,
         "determinism guard: system calls are not caught, only the library "
         "functions that it knows: " +
             std::string(why_not));
  } else {
    guard::unblock_in_handlers();
  }
}

Guard::~Guard() {
  if (calls_.empty() || mode_ == GuardMode::kPark) return;  // each of those is in the log
  std::uint64_t count = 0;
  for (const auto& [place, times] : calls_) count += times;
  log_(LogLevel::kWarning,
       "determinism guard: workflow code has made " + std::to_string(count) +
           " calls that it must not make; places they came from: " + std::to_string(calls_.size()));
}

void Guard::begin_turn() {
  guard::ThreadWatch& watch = guard::this_thread;
  if (watch.guard != id_) guard::attach_thread(id_, nets_.symbols, nets_.system_calls);
  watch.recorder->clear();
}

std::optional<std::string> Guard::end_turn(const replay::RunInfo& run, bool live) {
  if (guard::this_thread.recorder->empty()) return std::nullopt;
  warn_of_expressions();
  const bool objects = live && mode_ == GuardMode::kPark;
  const std::string finds = report_finds(objects);
  if (finds.empty()) return std::nullopt;
  const std::string text = "workflow '" + run.workflow + "', run " + run.workflow_id + " (" +
                           run.run_id.to_string() +
                           "): its code asks what its log cannot answer on replay\n" + finds;
  if (objects) return text;
  log_(LogLevel::kWarning, base::to_string(base::ErrorCode::kForbiddenCall) + " " + text);
  return std::nullopt;
}

std::string Guard::report_finds(bool every_time) {
  std::string text;
  for (const guard::Find& find : guard::this_thread.recorder->finds()) {
    const auto frames = guard::frames_of_caller(find);
    if (!frames) continue;
    {
      const std::lock_guard lock(mutex_);
      auto& calls = calls_[{guard::name_of(find), frames->empty() ? nullptr : frames->front()}];
      const bool known = calls > 0;
      calls += find.count;
      if (known && !every_time) continue;
    }
    text += (text.empty() ? "" : "\n") + guard::describe(find, *frames);
  }
  return text;
}

void Guard::warn_of_expressions() {
  for (const guard::OneExpression& found : guard::this_thread.recorder->expressions()) {
    {
      const std::lock_guard lock(mutex_);
      if (!expressions_.insert({found.file, found.second_line}).second) continue;
    }
    log_(LogLevel::kWarning, "determinism guard:\n" + guard::describe(found));
  }
}

}  // namespace reprise::runtime
