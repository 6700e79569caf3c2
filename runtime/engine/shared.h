// State that the shards of an engine share. Owned by the engine, which outlives them.
#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <string_view>
#include <unordered_set>

#include "base/counters.h"
#include "base/ids.h"
#include "base/time.h"
#include "runtime/completion_token.h"
#include "runtime/engine/admission.h"
#include "runtime/engine/engine.h"
#include "runtime/engine/journal_tail.h"
#include "runtime/engine/limits.h"
#include "runtime/engine/log_tally.h"
#include "runtime/engine/message.h"
#include "runtime/engine/replacements.h"
#include "runtime/engine/space.h"
#include "runtime/engine/tables.h"
#include "runtime/engine/task_queues.h"
#include "runtime/host/code_mark.h"
#include "runtime/metrics/engine_metrics.h"
#include "runtime/sealing/sealing.h"
#include "store/store.h"
#include "store/writer.h"

namespace reprise::runtime {

// Thread-safe.
class RunIds {
 public:
  explicit RunIds(std::uint64_t seed) : random_(seed != 0 ? seed : system_seed()) {}

  base::RunId next(base::Time now) {
    std::lock_guard lock(mutex_);
    const std::uint64_t high = random_();
    return base::RunId::make(now, high, random_());
  }

 private:
  static std::uint64_t system_seed() {
    std::random_device device;
    return (static_cast<std::uint64_t>(device()) << 32) ^ device();
  }
  std::mutex mutex_;
  std::mt19937_64 random_;
};

// Thread-safe.
class UnrecordedResults {
 public:
  bool has_room() const { return count_.load() < kMaxUnrecordedResults; }
  void add() { ++count_; }
  // True: there was no room, and there is some now.
  bool remove(std::size_t count) {
    const std::size_t before = count_.fetch_sub(count);
    return before >= kMaxUnrecordedResults && before - count < kMaxUnrecordedResults;
  }

 private:
  std::atomic<std::size_t> count_{0};
};

base::Result<CompletionTokens::Key> token_key_of(const store::Store& store);

struct Shared {
  Shared(EngineOptions engine_options,
         std::unique_ptr<store::Store> opened,
         const base::Clock& time)
      : options(std::move(engine_options)),
        store(std::move(opened)),
        tokens(token_key_of(*store)),
        clock(time),
        sealing(options.codecs),
        admission(options.limits, options.threaded),
        parked(options.metrics ? std::make_unique<base::ByName<base::Gauge>>() : nullptr),
        task_queues(admission.waiting_attempts(), options.metrics.get()),
        ids(options.seed) {}

  EngineMetrics* metrics() const { return options.metrics.get(); }
  // A run is parked for that reason (1), or no longer (-1).
  void count_parked(const base::Error& why, std::int64_t by) const {
    if (parked != nullptr) parked->of(base::to_string(why.code)).add(by);
  }
  void log(LogLevel level, std::string_view line) const { options.log(level, line); }

  const EngineOptions options;  // `log` and `on_fatal` are set
  const std::unique_ptr<store::Store> store;
  const CompletionTokens tokens;
  const base::Clock& clock;
  const sealing::Sealing sealing;
  std::unique_ptr<Tables> tables;
  CodeMark transaction_mark;   // of the writer's thread, while it executes a closure
  LogTally slow_transactions;  // by name; of that thread, as the next
  LogTally unreadable_transactions;
  std::unique_ptr<store::Writer> writer;
  Post* post = nullptr;  // set once, before there are shards
  Admission admission;
  const std::unique_ptr<base::ByName<base::Gauge>> parked;  // by code; nullptr: not counted
  base::Gauge resident;                                     // counted with metrics only
  TaskQueues task_queues;
  UnrecordedResults unrecorded;
  Replacements replacements;
  RunIds ids;
  std::atomic<store::RunNumber> next_run{1};
  // Set once, when the store is opened: see Recovered.
  DamagedRecords damaged_records;
  std::unordered_set<store::RunNumber> without_changes;
  std::atomic<store::Seq> durable{0};
  Space space;
};

}  // namespace reprise::runtime
