#include "reprise/verify.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "base/start_thread.h"
#include "base/thread_stack.h"
#include "sdk/src/checks.h"
#include "sdk/src/errors.h"
#include "sdk/src/sealing/payload_codecs.h"
#include "sdk/src/verify/run_check.h"
#include "sdk/src/workflow/hosted.h"
#include "sdk/src/workflow/workflow_runner.h"

namespace reprise {
namespace {

using internal::Run;
using internal::RunCheck;
using internal::UnreadRun;
using Stored = runtime::RunStatus;

constexpr auto kProgressEvery = std::chrono::milliseconds(100);

// The number of runs that a thread takes at a time: neighbours in the store.
constexpr std::size_t kAtOnce = 16;

class Verification {
 public:
  Verification(runtime::StoreReader& reader,
               const std::string& task_queue,
               runtime::WorkerCode code,
               const VerifyOptions& options)
      : reader_(reader), task_queue_(task_queue), code_(std::move(code)), options_(options) {}

  VerifyReport run() {
    select();
    require_workflow();
    replay();
    look_again();
    for (const UnreadRun& run : quarantined_) checks_.front()->pass_over(run);
    report_.quarantined = quarantined_.size();
    checks_.front()->fill(&report_);
    return std::move(report_);
  }

 private:
  static constexpr Stored kOpen[] = {Stored::kRunning, Stored::kPaused};
  static constexpr Stored kClosed[] = {Stored::kCompleted, Stored::kFailed,
                                       Stored::kCancelled, Stored::kTerminated,
                                       Stored::kTimedOut,  Stored::kContinuedAsNew};

  void select() {
    const auto take = [this](const Run& run) { consider(run); };
    for (const Stored status : kOpen) {
      internal::value_or_throw(reader_.visit(status, false, take));
    }
    if (options_.closed_runs) {
      for (const Stored status : kClosed) {
        internal::value_or_throw(reader_.visit(status, false, take));
      }
    }
    // Neighbouring runs in the store are read one after another.
    std::sort(runs_.begin(), runs_.end(),
              [](const Run& a, const Run& b) { return a->number < b->number; });
    if (options_.limit == 0 || runs_.size() <= options_.limit) return;
    report_.beyond_limit = runs_.size() - options_.limit;
    runs_.resize(options_.limit);
  }

  void consider(const Run& run) {
    if (!options_.workflow.empty() && *run->workflow != options_.workflow) return;
    if (const std::string* why = reader_.damage(run->number); why != nullptr) {
      quarantined_.push_back({run, {base::ErrorCode::kStoreDamaged, *why}});
    } else if (options_.every_task_queue || *run->task_queue == task_queue_) {
      runs_.push_back(run);
    } else {
      ++report_.other_task_queues[*run->task_queue];
    }
  }

  // A misspelled name must not look like a safe deployment.
  void require_workflow() const {
    if (options_.workflow.empty() || !runs_.empty() || !report_.other_task_queues.empty() ||
        code_.workflows.contains(options_.workflow)) {
      return;
    }
    throw UnknownWorkflow(internal::code_text(base::ErrorCode::kUnknownWorkflow),
                          "neither does this program implement a workflow '" + options_.workflow +
                              "', nor has the store a run of one to be checked");
  }

  void replay() {
    const unsigned wanted = options_.threads != 0
                                ? options_.threads
                                : std::max(1U, std::thread::hardware_concurrency());
    const std::size_t useful = std::max<std::size_t>(1, runs_.size() / kAtOnce);
    const std::size_t count = std::min<std::size_t>(wanted, useful);
    for (std::size_t i = 0; i < count; ++i) {
      checks_.push_back(std::make_unique<RunCheck>(reader_, code_, options_));
    }
    std::vector<std::thread> threads = start_threads();
    if (threads.empty()) replay_share(*checks_.front());
    show_progress();
    for (std::thread& thread : threads) thread.join();
    for (std::size_t i = 1; i < count; ++i) {
      for (UnreadRun& run : checks_[i]->take_unread()) unread_.push_back(std::move(run));
      checks_.front()->merge(*checks_[i]);
    }
    for (UnreadRun& run : checks_.front()->take_unread()) unread_.push_back(std::move(run));
  }

  // As many as the system gives: with fewer it only takes longer.
  std::vector<std::thread> start_threads() {
    std::vector<std::thread> threads(checks_.size());
    working_ = threads.size();
    std::size_t started = 0;
    while (started < threads.size() &&
           base::start_thread(&threads[started], "a thread that replays runs",
                              [this, &check = *checks_[started]] { replay_share(check); })) {
      ++started;
    }
    threads.resize(started);
    const std::lock_guard lock(mutex_);
    working_ -= checks_.size() - std::max<std::size_t>(1, started);
    return threads;
  }

  void replay_share(RunCheck& check) {
    const base::SignalStack for_crashes;
    while (true) {
      const std::size_t first = next_.fetch_add(kAtOnce);
      if (first >= runs_.size()) break;
      const std::size_t end = std::min(first + kAtOnce, runs_.size());
      for (std::size_t i = first; i < end; ++i) check.check(runs_[i]);
    }
    const std::lock_guard lock(mutex_);
    --working_;
    finished_.notify_one();
  }

  void show_progress() {
    std::unique_lock lock(mutex_);
    while (!finished_.wait_for(lock, kProgressEvery, [this] { return working_ == 0; })) {
      tell_progress();
    }
    tell_progress();
  }

  void tell_progress() const {
    if (!options_.progress) return;
    VerifyProgress progress{.runs = runs_.size()};
    for (const auto& check : checks_) {
      progress.done += check->done();
      progress.diverged += check->diverged();
    }
    options_.progress(progress);
  }

  // A run may have ended and been removed while its history was read, or been read while it moved.
  void look_again() {
    if (unread_.empty()) return;
    RunCheck& check = *checks_.front();
    internal::value_or_throw(reader_.refresh());
    for (UnreadRun& run : unread_) {
      const auto now = reader_.find(run.run->number);
      if (now && *now == nullptr) {
        ++report_.ended;
      } else if (reader_.damage(run.run->number) != nullptr) {
        quarantined_.push_back(run);
      } else {
        check.check(now ? *now : run.run);
        for (const UnreadRun& still : check.take_unread()) check.give_up(still);
      }
    }
  }

  runtime::StoreReader& reader_;
  const std::string& task_queue_;
  const runtime::WorkerCode code_;
  const VerifyOptions& options_;
  VerifyReport report_;
  std::vector<Run> runs_;
  std::vector<UnreadRun> quarantined_;
  std::vector<UnreadRun> unread_;
  std::vector<std::unique_ptr<RunCheck>> checks_;  // one per thread
  std::atomic<std::size_t> next_ = 0;
  std::mutex mutex_;
  std::condition_variable finished_;
  std::size_t working_ = 0;
};

}  // namespace

VerifyReport verify(const std::string& directory,
                    const Worker& worker,
                    const VerifyOptions& options) {
  if (options.examples == 0)
    internal::misused("VerifyOptions::examples is 0; at least one is needed");
  const auto reader = internal::value_or_throw(
      runtime::StoreReader::open(directory, internal::sealing_codecs(options.codecs)));
  const std::string& queue = internal::task_queue(worker);
  return Verification(
             *reader, queue,
             internal::implementations(worker).worker_code(queue, 0, internal::silent_host()),
             options)
      .run();
}

}  // namespace reprise
