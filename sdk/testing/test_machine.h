// The machine of a test's engine: it drives the engine step by step, in the usual order or another
// one, and can die and come back with a new engine over the same store.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "runtime/engine/embedded_engine.h"
#include "sdk/testing/decisions.h"
#include "sdk/testing/journal_follower.h"
#include "sdk/testing/surviving_requests.h"
#include "sdk/testing/surviving_store.h"

namespace reprise::internal {

class Shaker;

// One thread.
class TestMachine {
 public:
  // `died`: the sessions of workers must go, and be registered anew before work goes on. `shaker`
  // may be null. Everything referred to outlives the machine.
  TestMachine(runtime::EngineOptions options,
              Decisions& decisions,
              Shaker* shaker,
              std::function<void()> died);
  ~TestMachine();
  TestMachine(const TestMachine&) = delete;
  TestMachine& operator=(const TestMachine&) = delete;

  // What clients talk to; lives as long as the machine.
  runtime::ClientService& service();
  // To a queue that no other worker serves.
  base::Result<std::unique_ptr<runtime::WorkerSession>> register_worker(runtime::WorkerCode code);
  // Call before a session is destroyed while the engine lives: returns the worker's tasks.
  void release_attempts();

  // Does some of what can be done now. False: there was nothing to do.
  bool run_some();
  std::optional<base::Time> next_due() const { return engine_->next_due(); }

 private:
  struct Waiting {
    std::string queue;
    runtime::AttemptTask task;
  };
  struct Executed {
    std::string name;
    runtime::AttemptResult result;
  };

  void boot();
  void die();
  bool step();
  bool round();
  void gather();
  bool activities_first();
  void execute();
  void deliver();
  void deliver(std::size_t index);
  int ways_to_die() const;
  Death about_to_commit(const std::vector<const store::RecordBatch*>& batches);
  void look_at_journal();

  runtime::EngineOptions options_;
  Decisions& decisions_;
  Shaker* shaker_;
  std::function<void()> died_;
  SurvivingStore store_;
  SurvivingStore::View* view_ = nullptr;  // the engine's
  std::unique_ptr<runtime::EmbeddedEngine> engine_;
  runtime::RunIds run_ids_;
  SurvivingRequests requests_;
  JournalFollower follower_;
  std::uint64_t boots_ = 0;
  std::uint64_t commits_ = 0;
  int depth_ = 0;  // of run_some(): an activity may be a client too
  std::set<std::string> queues_;
  std::vector<Waiting> waiting_;   // attempts, in the order of the queue
  std::vector<Executed> results_;  // not delivered to their runs yet, in the order of execution
};

}  // namespace reprise::internal
