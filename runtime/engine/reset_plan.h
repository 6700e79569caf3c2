// What a run that goes on from an earlier event of another one begins with: the turns of that run's
// history before the event, and what follows them. Pure: made from the history alone.
//
//   history of the old run    T1 T2 T3 │ T4 (has the event) T5 ...
//   history of the new run    T1 T2 T3 │ RunReset, what is taken along from T4 on
#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "proto/log.pb.h"
#include "runtime/fold/run_state.h"

namespace reprise::runtime {

struct ResetRequest {
  std::uint64_t event = 0;  // from 1; 0: where the run began to fail, or the first of `results`
  proto::RunReset::Reapply reapply = proto::RunReset::NONE;
  bool rows_stay = false;
  bool fork = false;
  std::map<std::uint32_t, std::string> results{};  // by operation; of forks
};

struct ResetPlan {
  std::uint64_t event = 0;           // as it was given, or found
  bool restart = false;              // it was found: the run had failed there
  std::vector<proto::Turn> prefix;   // as the old run has them; replays of the new one begin so
  std::vector<proto::Event> inputs;  // follow then
  std::int64_t time_ms = 0;          // of the last of these turns
  bool paused = false;               // as of them
  std::set<std::string> updates;     // ids of those that are in either
};

// kNoSuchEvent, kCannotReset, kRowsStay, kNothingFailed, kForkResult.
base::Result<ResetPlan> plan_reset(std::vector<proto::Turn> history, const ResetRequest& request);

// The identity of the new run.
struct NewIdentity {
  base::RunId run_id;
  std::string workflow_id;  // as stored
  bool fork = false;
  bool keeps_parent = false;
  base::RunId first_of_chain{};   // not of a fork
  std::int64_t moved_due_ms = 0;  // of a fork: when its chain ends at the latest; 0: never
};

// Makes the copied turns the new run's own.
void take_over(const NewIdentity& identity, const base::RunId& from, ResetPlan* plan);

}  // namespace reprise::runtime
