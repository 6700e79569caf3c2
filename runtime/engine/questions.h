// Questions about runs: answered from what is durable, and recorded nowhere.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "runtime/engine/loading.h"
#include "runtime/engine/parking.h"
#include "runtime/engine/recent_runs.h"
#include "runtime/engine/round.h"
#include "runtime/engine/run_finder.h"
#include "runtime/engine/troubles.h"

namespace reprise::runtime {

// Not thread-safe: the shard's thread.
class Questions {
 public:
  // Its collaborators; all of them outlive the questions.
  struct Parts {
    Shared& shared;
    const RunTable& runs;
    const RunFinder& finder;
    Intake& intake;
    Effects& effects;
    Loading& loading;
    Parking& parking;
    Round& round;
    RunExecutor& executor;
  };
  explicit Questions(const Parts& parts) : parts_(parts) {}

  void query(const RunKey& key,
             const std::string& name,
             const std::string& input,
             const Reply<std::string>& reply);
  void get(const RunKey& key, const std::string& name, const Reply<verb::Get::Answer>& reply);
  void describe(const RunKey& key, const Reply<RunDescription>& reply);
  void read_input(const RunKey& key, const Reply<RunInput>& reply);
  void history(const RunKey& key, const Reply<std::vector<std::string>>& reply);
  void find_history(const RunKey& key, const Reply<verb::FindHistory::Answer>& reply);
  // The shard's runs with which something is wrong. `noted`: of the runs that the last engine has
  // parked.
  void collect(std::uint32_t failures, const store::ParkedRuns& noted, Troubles* out) const;
  // The runs that the shard knows better than the archive does.
  void collect(const visibility::Query& query, RecentRuns* out) const;
  // The runs that the shard knows and the request asks for.
  void collect(const ListRequest& request, std::map<store::RunNumber, RunDescription>* out) const;

 private:
  struct Query {
    RunKey key;
    std::string name;
    std::string input;
    Reply<std::string> reply;
    bool has_waited = false;  // for the code to begin
  };
  void query(const Query& query);
  void query_archived(const Query& query);
  void query_loaded(KnownRun& run, const Query& query);
  void query_when_begun(const KnownRun& run, Query query);
  static bool is_to_begin(const KnownRun& run);
  // `run` is nullptr if it has closed and only the archive knows it.
  base::Result<std::string> ask(Host::Place& place,
                                const RunState& state,
                                const KnownRun* run,
                                const std::string& name,
                                const std::string& input);
  RunDescription describe_run(KnownRun& run);
  // Does a question about the run depend on turns that wait for room in the log?
  bool waits_for_room(const KnownRun& run) const {
    return parts_.intake.full() && !parts_.effects.is_durable(run.state.last_seq);
  }

  const Parts parts_;
};

}  // namespace reprise::runtime
