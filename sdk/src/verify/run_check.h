// Replays runs one after another on one thread, and collects the results.
#pragma once
#include <atomic>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "replay/stack_pool.h"
#include "reprise/verify.h"
#include "runtime/engine/store_reader.h"
#include "runtime/history/history_replay.h"
#include "sdk/src/verify/groups.h"
#include "sdk/src/verify/patch_tally.h"

namespace reprise::internal {

using Run = runtime::StoreReader::Run;

// Until they are shown, runs are identified by their numbers in the store.
struct UnreadRun {
  Run run;
  base::Error why;
};

class RunCheck {
 public:
  // The reader and the code are shared by all threads and must outlive it.
  RunCheck(const runtime::StoreReader& reader,
           const runtime::WorkerCode& code,
           const VerifyOptions& options);

  void check(const Run& run);
  // A run that cannot be read, for good.
  void give_up(const UnreadRun& run);
  // A run that is known to be damaged.
  void pass_over(const UnreadRun& run);

  std::vector<UnreadRun> take_unread() { return std::exchange(unread_, {}); }
  std::uint64_t done() const { return done_; }          // any thread
  std::uint64_t diverged() const { return diverged_; }  // any thread
  // Adds the results of `other`. Neither is in use by another thread.
  void merge(RunCheck& other);
  void fill(VerifyReport* report);

 private:
  // The strands of a workflow that were given up.
  struct GivenUp {
    std::uint64_t strands = 0;
    store::RunNumber first = 0;
    std::string report{};

    void add(const GivenUp& other);
  };

  bool has_given_up_too_many(const std::string& workflow) const;
  void leave_out(const runtime::RunState& run);
  void gather(const runtime::RunState& run,
              const proto::History& history,
              const runtime::HistoryReplay& replay);

  const runtime::StoreReader& reader_;
  const runtime::WorkerCode& code_;
  const VerifyOptions& options_;
  replay::StackPool stacks_;
  base::Symbols symbols_;  // of the reports
  Groups groups_;
  PatchTally patches_;
  std::vector<UnreadRun> unread_;
  std::map<std::string, GivenUp> given_up_;  // by workflow
  std::atomic<std::uint64_t> done_ = 0;
  std::atomic<std::uint64_t> diverged_ = 0;
  std::uint64_t safe_ = 0;
  std::uint64_t unreadable_ = 0;
  std::uint64_t events_ = 0;
};

}  // namespace reprise::internal
