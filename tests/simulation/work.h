// The attempts that a simulated machine executes: begun, held back, timed out, reported late, out
// of order, or twice.
#pragma once
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "runtime/engine/embedded_engine.h"
#include "tests/simulation/disk.h"
#include "tests/simulation/trace.h"
#include "tests/simulation/verdict.h"
#include "tests/support/random.h"

namespace reprise::simulation {

// An attempt whose token somebody has: it may be under way, left open, or over.
struct Task {
  std::string token;
  std::string workflow_id;
  std::string result;  // the right one
};

class Work {
 public:
  Work(SimDisk& disk, testing::Random& random, Trace& trace, Verdict& verdict)
      : disk_(disk), random_(random), trace_(trace), verdict_(verdict) {}

  // Takes one attempt from the queue and begins it. False: there was none.
  bool begin(runtime::EmbeddedEngine& engine, const std::string& queue);
  // One attempt under way ends, its result is on its way. False: none is under way.
  bool finish_one(runtime::EmbeddedEngine& engine);
  // The engine gets an earlier result once more.
  void repeat_result(runtime::EmbeddedEngine& engine);
  // An attempt overruns its limit; it goes on and will report later.
  void time_out(runtime::EmbeddedEngine& engine);
  void heartbeat(runtime::EmbeddedEngine& engine);
  // The worker of the queue stops: its threads return, some after a stop request.
  void stop_worker(runtime::EmbeddedEngine& engine, const std::string& queue);
  // The process has ended; `power`: and so has the machine.
  void crash(bool power);

  // Nothing fails any more.
  void faults_off() { faults_ = false; }
  // A control: results never arrive.
  void lose_results() { lose_results_ = true; }
  // Controls: attempts that are to cancel are reported as ended and go on; attempts stop that
  // nobody has asked.
  void report_early() { reports_early_ = true; }
  void ask_all() { asks_all_ = true; }
  // One execution of a step's closure.
  replay::Outcome step(const replay::RunInfo& run, const std::string& name);

  const std::vector<Task>& tasks() const { return tasks_; }

  std::uint64_t attempts() const { return attempts_; }
  std::uint64_t repeated() const { return repeated_; }

 private:
  using Key = std::tuple<std::uint64_t, std::uint32_t, std::uint32_t>;  // run, operation, attempt
  struct UnderWay {
    runtime::AttemptTask task;
    std::uint64_t token = 0;
    std::string queue;
    replay::Outcome step_outcome;
    bool timed_out = false;
    bool reported = false;  // a control: before it has ended
  };
  struct Reported {
    runtime::AttemptKey key;
    std::string payload;
    bool ok = false;
    bool left_open = false;
  };

  void check_cause(const runtime::AttemptTask& task);
  void check_cancellation(const UnderWay& attempt, bool stopping);
  bool has_ended(const runtime::AttemptKey& key) const;
  void check_first_time(const runtime::AttemptKey& key);
  void finish(runtime::EmbeddedEngine& engine, std::size_t index, bool stopping);
  replay::Outcome outcome_of(const runtime::AttemptTask& task);
  static replay::Outcome failed(const std::string& type, bool retryable);

  SimDisk& disk_;
  testing::Random& random_;
  Trace& trace_;
  Verdict& verdict_;
  bool faults_ = true;
  bool lose_results_ = false;
  bool reports_early_ = false;
  bool asks_all_ = false;
  std::vector<UnderWay> under_way_;
  std::vector<Reported> reported_;
  std::vector<Task> tasks_;  // tokens outlive the process
  std::set<Key> begun_;
  std::uint64_t attempts_ = 0;
  std::uint64_t repeated_ = 0;
  std::uint64_t executions_ = 0;
};

}  // namespace reprise::simulation
