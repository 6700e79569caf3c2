// Batches: one operation on every run that a filter finds. docs/batch.md.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <reprise/options.h>
#include <reprise/reset.h>
#include <reprise/time.h>
#include <string>
#include <string_view>
#include <vector>

namespace reprise {

class Client;

namespace internal {
class BatchLink;
}  // namespace internal

inline constexpr std::size_t kMaxBatchIdBytes = 200;
inline constexpr std::size_t kMaxBatchReasonBytes = 1'000;
inline constexpr std::size_t kMaxBatchPayloadBytes = std::size_t{1} << 20;  // of its signal
inline constexpr double kMaxBatchRate = 1'000'000;

// What a batch does to each run.
enum class BatchVerb : std::uint8_t {
  kSignal,
  kCancel,     // one that has ended already counts as done
  kTerminate,  // likewise
  kPause,      // one that is paused already is left as it is, and counts as done
  kResume,     // one that is not paused counts as done
  kReset,
  kRestart,
};
std::string_view to_string(BatchVerb verb);  // "terminate"

// How a batch is carried out. A plain value.
struct BatchOptions {
  // Names it: 1 to kMaxBatchIdBytes bytes, printable UTF-8. The same call with the same id returns
  // the batch that it has begun before, as long as the store has that. Empty: a new UUID.
  std::string id{};
  // Runs a second at most, 0.001 to kMaxBatchRate, reached a few at a time: never more than this
  // and a quarter in one second. 0: no limit.
  double rate = 100;
};

// How far a batch is. A plain value.
struct BatchProgress {
  // Runs that matched the filter when it began; absent: it has not begun.
  std::optional<std::uint64_t> total{};
  std::uint64_t done = 0;
  std::uint64_t failed = 0;  // could not be done to so many: Batch::failures()

  friend bool operator==(const BatchProgress&, const BatchProgress&) = default;
};

// A run to which it could not be done. A plain value.
struct BatchFailure {
  std::string workflow_id;
  std::string run_id;
  std::string code;     // "RP3006"; docs/errors.md
  std::string message;  // at most 200 characters

  friend bool operator==(const BatchFailure&, const BatchFailure&) = default;
};

// What is known of a batch at one moment. A plain value.
struct BatchDescription {
  std::string id;
  BatchVerb verb = BatchVerb::kSignal;
  std::string signal;  // its name; empty: it is of another verb
  std::string filter;
  std::string reason;
  std::string principal;  // ClientOptions::principal of who has begun it
  double rate = 0;
  Time started{};
  BatchProgress progress{};
  // The first ones, at most 100 and 32 KiB of them; progress.failed counts all.
  std::vector<BatchFailure> failures;
  // Somebody has stopped it: with kCompleted it has ended, and left out what was still to come.
  bool stopped = false;
  // kRunning; kCompleted: it has ended; kFailed, kCancelled, kTerminated: it ended before its end.
  RunStatus status = RunStatus::kRunning;
  std::optional<Time> closed{};
  std::string parked;  // why it cannot go on, or be read: "RP2007 ..."; empty: it can
};

// A batch, addressed by its id; from Client::terminate_all() and the like, batch() or batches(). A
// value: cheap to copy, thread-safe; its Service must outlive it. Calls throw NotFound (RP3005) if
// there is no such batch, Overloaded (RP3011), StoreFull (RP1007), StoreError. Not for workflow
// code (UsageError RP2004); activities may use one. Only stop() records something, in the batch's
// own run.
class Batch {
 public:
  const std::string& id() const;

  BatchDescription describe() const;
  BatchProgress progress() const { return describe().progress; }
  std::vector<BatchFailure> failures() const { return describe().failures; }
  // Waits until it has ended: everything is done, or stop() was called. Throws the FilterError with
  // which it has failed, or the Failure if somebody has cancelled or terminated its run.
  BatchProgress wait() const;
  // The same for at most `timeout`; nullopt: it has not ended.
  std::optional<BatchProgress> wait_for(Duration timeout) const;
  // Reaches no more runs, but for those that it is about to reach; what was done stays. Returns
  // when that is durable. Of a batch that has ended it does nothing.
  void stop() const;

 private:
  friend class Client;
  explicit Batch(std::shared_ptr<const internal::BatchLink> link);

  std::shared_ptr<const internal::BatchLink> link_;
};

namespace internal {

// What Client::terminate_all() and the like ask for.
struct NewBatch {
  BatchVerb verb = BatchVerb::kSignal;
  std::string_view filter;
  std::string_view reason{};
  std::string_view signal{};
  std::string input{};  // of the signal, encoded
  ResetOptions reset{};
};

}  // namespace internal
}  // namespace reprise
