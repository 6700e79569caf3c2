#include "runtime/host/watchdog.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "base/printable_text.h"
#include "base/start_thread.h"
#include "base/thread_name.h"
#include "base/thread_stack.h"
#include "runtime/host/stack_text.h"
#include "runtime/host/strand_here.h"

namespace reprise::runtime {
namespace {

constexpr base::Duration kLongestCapture{1'000};

// Filled in by a signal handler, so without memory of its own.
struct Culprit {
  char text[640] = "";

  void take(const RunLabel* run) {
    if (run == nullptr) return;
    const auto length = [](std::string_view id) {
      return static_cast<int>(std::min<std::size_t>(id.size(), 120));
    };
    char part[160] = "";
    if (!run->transaction.empty()) {
      std::snprintf(part, sizeof part, " of transaction '%.*s'", length(run->transaction),
                    run->transaction.data());
    }
    std::snprintf(text, sizeof text, "%s of run '%.*s', workflow '%.*s'", part,
                  length(run->workflow_id), run->workflow_id.data(), length(run->workflow),
                  run->workflow.data());
    if (!run->transaction.empty()) return;
    const auto strand = strand_here();
    const std::size_t so_far = std::strlen(text);
    std::snprintf(text + so_far, sizeof text - so_far, ", strand %zu",
                  strand ? strand->number : std::size_t{0});
  }
};

std::string seconds(Watchdog::Clock::duration duration) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f s", std::chrono::duration<double>(duration).count());
  return text;
}

}  // namespace

Watchdog::Watchdog(const std::vector<CodeMark*>& marks,
                   CodeMark& transactions,
                   base::Duration slow,
                   const LogSink& log)
    : slow_(slow), log_(log) {
  for (CodeMark* mark : marks) watched_.push_back({.mark = mark});
  watched_.push_back({.mark = &transactions, .is_transactions = true});
}

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stopped_.notify_all();
}

base::Status Watchdog::start() {
  if (slow_.count() == 0) return {};
  return base::start_thread(&thread_, "the watchdog's thread", [this] { work(); });
}

void Watchdog::work() {
  base::name_this_thread("reprise-watch");
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    stopped_.wait_until(lock, base::deadline_in(std::max(slow_ / 4, base::Duration(1))));
    if (!stopping_) look(Clock::now());
  }
}

void Watchdog::look(Clock::time_point now) {
  for (Watched& watched : watched_) {
    const std::uint64_t entries = watched.mark->entries();
    if (entries != watched.entries || entries % 2 == 0) {
      watched.entries = entries;
      watched.since = now;
      watched.report_after = slow_;
      continue;
    }
    const Clock::duration for_long = now - watched.since;
    if (!base::reached(watched.report_after, for_long)) continue;
    report(watched, for_long);
    while (base::reached(watched.report_after, for_long)) {
      watched.report_after = base::add_sat(watched.report_after, watched.report_after);
    }
  }
}

void Watchdog::report(const Watched& watched, Clock::duration for_long) const {
  Culprit culprit;
  std::optional<std::vector<void*>> frames;
  if (watched.mark->has_thread()) {
    frames = base::interrupt(
        watched.mark->thread(),
        [&] {
          if (watched.mark->entries() == watched.entries) culprit.take(watched.mark->run());
        },
        kLongestCapture);
  }
  if (watched.mark->entries() != watched.entries) return;  // it has just returned
  std::string line = "code" + base::printable_text(culprit.text) + " has not returned for " +
                     seconds(for_long) +
                     (watched.is_transactions
                          ? "; all runs wait for it, because the log does. Let it only read and "
                            "write rows: move the work into a step or an activity"
                          : "; the other runs of its thread wait. Workflow code must not block or "
                            "loop without waiting: move the work into a step or an activity");
  line += stack_text(frames.value_or(std::vector<void*>()));
  log_(LogLevel::kError, line);
}

}  // namespace reprise::runtime
