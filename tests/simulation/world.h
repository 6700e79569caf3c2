// One simulated machine from its first boot to the end of its last run: engine, workers, clients,
// clock and disk on one thread, every choice drawn from one seed.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/engine/embedded_engine.h"
#include "tests/simulation/clients.h"
#include "tests/simulation/clock.h"
#include "tests/simulation/disk.h"
#include "tests/simulation/program.h"
#include "tests/simulation/tables.h"
#include "tests/simulation/trace.h"
#include "tests/simulation/verdict.h"
#include "tests/simulation/work.h"
#include "tests/support/random.h"

namespace reprise::simulation {

// Faults made on purpose, which must be found.
enum class Control : std::uint8_t {
  kNone,
  kLostCommit,            // a crash takes the last acknowledged commit with it
  kRepeatedMessage,       // a message of a run to another is in the log twice
  kLostMessage,           // one that was acknowledged is not in the log
  kSecondChild,           // another run has the parent of a child, by the same command
  kLostChildEnd,          // a parent counts the end of its child as known, and was not told it
  kOrphan,                // a child has forgotten that its parent's end is its own
  kSwappedSignals,        // two signals of one sender change places in the log
  kRepeatedResult,        // a result is in the log twice
  kFastClock,             // the engine's timers run by a clock that is ahead
  kLostResults,           // results of attempts never arrive
  kEarlyReports,          // attempts that are to cancel are reported as ended and go on
  kAskedToStop,           // attempts are asked to stop though their activities are not cancelled
  kRepeatedCompletion,    // what a client said with a token is applied twice
  kForgottenAttempts,     // what was under way at a process death is forgotten
  kOtherCode,             // workflow code does what the log does not say
  kEarlyAcknowledgement,  // the disk confirms writes before it has made them
  kOtherAnswers,          // queries are answered from state that the history does not have
  kOtherUpdateIds,        // clients send updates again under other ids
  kOldValues,             // clients see an old value of what a run publishes
  kChangedEnd,            // an end is changed afterwards
  kChangedPolicy,         // a start that should have been refused
  kChangedRecord,         // a result is changed afterwards
  kLostOnTheWay,          // a signal that goes along with a run that continues is lost
  kDoubledOnTheWay,       // and one arrives twice
  kLostAtCheckpoint,      // a signal that stays over a checkpoint is lost
  kDoubledAtCheckpoint,   // and one is there twice
  kLostAttempt,           // a run that is tried again does not say so
  kEarlyCode,             // code runs before its delay is over
  kLostUpdates,           // transactions do not see those before them
  kChangedTwice,          // the changes of a transaction are made twice
  kLostChanges,           // or not at all
  kOldRows,               // readers see rows of an earlier moment
};

struct Counts {
  std::uint64_t runs = 0;
  std::uint64_t children = 0;
  std::uint64_t turns = 0;
  std::uint64_t crashes = 0;
  std::uint64_t attempts = 0;
  std::uint64_t acknowledged = 0;
  std::uint64_t timers = 0;
  std::uint64_t repeated = 0;  // results
};

class World {
 public:
  World(std::uint64_t seed, Control control, bool print);
  ~World();

  void run();
  const Verdict& verdict() const { return verdict_; }
  std::uint64_t trace_hash() const { return trace_.hash(); }
  const Counts& counts() const { return counts_; }

 private:
  // ---- the machine ----
  void boot();
  void crash(bool power);
  // The process ends in the middle of a commit or of archiving.
  void crash_in(Death when, bool in_archive);
  void break_disk(bool power);
  void worker_comes(const std::string& queue);
  void worker_leaves(const std::string& queue);

  // ---- the schedule ----
  // The possible next events, and their frequency in this world: some never, others in bursts.
  enum class Act : std::uint8_t;
  void weigh_acts();
  Act next_act();
  void act();
  bool client_acts(Act act);
  bool machine_acts(Act act);
  void set_clock();
  void time_passes();
  void archive();
  bool attempt();
  // Everything that can happen without time passing, in a random order; false: it does not end.
  bool settle();

  // ---- the end ----
  void finish_all();
  void resume_all();
  void let_time_pass();
  void wake_listeners();
  void check_waiting();
  void check_disk();
  void check_everything();
  void check_tables(const std::vector<History>& histories);

  testing::Random random_;
  const Control control_;
  Trace trace_;
  Verdict verdict_;
  SimClock clock_;
  SimDisk disk_;
  Outside outside_;
  Work work_;
  Clients clients_;
  runtime::EngineOptions options_;
  Counts counts_;
  std::vector<std::uint64_t> weights_;  // by Act
  std::uint64_t fresh_ = 0;
  bool without_program_ = false;  // the worker does not have the code of the runs
  bool ending_ = false;
  bool broken_ = false;  // the control has done its work
  Rows old_rows_;        // when the machine was started last, for a control

  SimStore* store_ = nullptr;  // the engine's
  std::unique_ptr<runtime::Engine> engine_;
  runtime::EmbeddedEngine* steps_ = nullptr;  // the same
  std::map<std::string, std::unique_ptr<runtime::WorkerSession>> workers_;
};

}  // namespace reprise::simulation
