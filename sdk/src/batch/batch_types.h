// What a batch's run keeps, passes on to the next run of its chain, asks its activities, and
// publishes. All of it is recorded: members are added, never renamed.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reprise/batch.h"
#include "reprise/definitions.h"
#include "reprise/settings.h"
#include "sdk/src/schedule/record.h"

namespace reprise::internal {

inline constexpr std::string_view kBatchWorkflow = "reprise:batch";
inline constexpr std::string_view kBatchPrefix = "reprise:batch:";  // then the batch's id

inline constexpr std::size_t kBatchPage = 500;      // runs that it looks up at a time, at most
inline constexpr std::size_t kMaxBatchChunk = 250;  // that it reaches at a time, with a rate
inline constexpr std::size_t kMaxBatchFailures = 100;
inline constexpr std::size_t kMaxBatchFailureBytes = 32'768;
inline constexpr std::size_t kMaxBatchMessage = 200;  // characters

// Encoded bytes, which are not UTF-8.
struct BatchBytes {
  std::string bytes;
};

// What it does, the same for all runs of its chain.
struct BatchPlan {
  BatchVerb verb = BatchVerb::kSignal;
  std::string filter;
  std::string reason;
  double rate = 0;
  std::string signal;
  BatchBytes input;  // of the signal
  std::uint64_t event = 0;
  Reapply reapply = Reapply::kSignals;
  bool rows_stay = false;
  std::string principal;
};

// Published; all but the signal's value.
struct ShownBatchPlan {
  BatchVerb verb = BatchVerb::kSignal;
  std::string filter;
  std::string reason;
  double rate = 0;
  std::string signal;
  std::string principal;
  std::uint64_t digest = 0;  // of what the same call has in common
};

struct FailedRun {
  std::string workflow_id;
  std::string run_id;
  std::string code;
  std::string message;
};

// What one run of the chain tells the next.
struct BatchState {
  std::optional<Time> started{};
  std::string page_token;  // of the page that comes next
  bool looked = false;     // there was a page; without a token it was the last one
  std::optional<std::uint64_t> total{};
  std::uint64_t done = 0;
  std::uint64_t failed = 0;
  Time next{};  // when the next runs may be reached
  std::vector<FailedRun> failures;
};

// Published whenever it has changed; the failures apart from it, because they seldom do.
struct BatchView {
  std::optional<Time> started{};
  std::optional<std::uint64_t> total{};
  std::uint64_t done = 0;
  std::uint64_t failed = 0;
  bool stopped = false;
};

// A run to be reached.
struct BatchTarget {
  std::string workflow_id;
  BatchBytes run_id;  // 16 bytes
  // It was open when it was found: then the run that it has continued as is meant too. A closed run
  // stands for itself alone.
  bool open = false;
};

// A question for runs, and the answer.
struct BatchLook {
  std::string filter;
  std::string page_token;
  std::uint64_t page_size = kBatchPage;
  bool count = false;
};
struct BatchPage {
  std::vector<BatchTarget> runs;
  std::string next_page_token;
  std::uint64_t total = 0;  // if it was asked for
};

// What an activity does to some runs, and what became of each: no code means that it is done.
struct BatchWork {
  BatchPlan plan;  // without the signal
  std::vector<BatchTarget> runs;
  Time at{};         // the same in each attempt
  BatchBytes chain;  // the batch's run: 16 bytes
};
struct BatchOutcome {
  std::string code;
  std::string message;
};

// Names and members as in sdk/src/schedule/record.h.
template <>
struct Members<BatchPlan> {
  static void each(auto& v, auto f) {
    f("verb", v.verb);
    f("filter", v.filter);
    f("reason", v.reason);
    f("rate", v.rate);
    f("signal", v.signal);
    f("input", v.input);
    f("event", v.event);
    f("reapply", v.reapply);
    f("rows_stay", v.rows_stay);
    f("principal", v.principal);
  }
};
template <>
struct Members<ShownBatchPlan> {
  static void each(auto& v, auto f) {
    f("verb", v.verb);
    f("filter", v.filter);
    f("reason", v.reason);
    f("rate", v.rate);
    f("signal", v.signal);
    f("principal", v.principal);
    f("digest", v.digest);
  }
};
template <>
struct Members<FailedRun> {
  static void each(auto& v, auto f) {
    f("workflow_id", v.workflow_id);
    f("run_id", v.run_id);
    f("code", v.code);
    f("message", v.message);
  }
};
template <>
struct Members<BatchState> {
  static void each(auto& v, auto f) {
    f("started", v.started);
    f("page_token", v.page_token);
    f("looked", v.looked);
    f("total", v.total);
    f("done", v.done);
    f("failed", v.failed);
    f("next", v.next);
    f("failures", v.failures);
  }
};
template <>
struct Members<BatchView> {
  static void each(auto& v, auto f) {
    f("started", v.started);
    f("total", v.total);
    f("done", v.done);
    f("failed", v.failed);
    f("stopped", v.stopped);
  }
};
template <>
struct Members<BatchTarget> {
  static void each(auto& v, auto f) {
    f("workflow_id", v.workflow_id);
    f("run_id", v.run_id);
    f("open", v.open);
  }
};
template <>
struct Members<BatchLook> {
  static void each(auto& v, auto f) {
    f("filter", v.filter);
    f("page_token", v.page_token);
    f("page_size", v.page_size);
    f("count", v.count);
  }
};
template <>
struct Members<BatchPage> {
  static void each(auto& v, auto f) {
    f("runs", v.runs);
    f("next_page_token", v.next_page_token);
    f("total", v.total);
  }
};
template <>
struct Members<BatchWork> {
  static void each(auto& v, auto f) {
    f("plan", v.plan);
    f("runs", v.runs);
    f("at", v.at);
    f("chain", v.chain);
  }
};
template <>
struct Members<BatchOutcome> {
  static void each(auto& v, auto f) {
    f("code", v.code);
    f("message", v.message);
  }
};

inline constexpr Workflow<void(BatchPlan, BatchState)> kBatchDefinition{kBatchWorkflow};
inline constexpr Activity<BatchPage(BatchLook)> kFindBatchRuns{"reprise:batch-find"};
inline constexpr Activity<std::vector<BatchOutcome>(BatchWork)> kReachBatchRuns{
    "reprise:batch-reach"};
inline constexpr Signal<> kStopBatch{"stop"};

inline constexpr Value<ShownBatchPlan> kPublishedBatch{"plan"};
inline constexpr Value<BatchView> kPublishedBatchView{"progress"};
inline constexpr Value<std::vector<FailedRun>> kPublishedBatchFailures{"failures"};

}  // namespace reprise::internal

namespace reprise {

template <>
struct Codec<internal::BatchBytes> {
  static void encode(CborWriter& out, const internal::BatchBytes& value) { out.bytes(value.bytes); }
  static internal::BatchBytes decode(CborReader& in) { return {std::string(in.bytes())}; }
};

}  // namespace reprise
