// The description of a run: which one it is, its state, its end.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "event/run_status.h"
#include "proto/log.pb.h"

namespace reprise::runtime {

using event::RunStatus;
using event::to_string;

// Addresses a run: the newest with the workflow id, or that one run.
struct RunKey {
  std::string workflow_id;
  std::optional<base::RunId> run_id{};
  // Not that run, but the newest of its chain: the one that it has continued as, and so on.
  bool of_chain = false;
};

// How a run ended.
struct RunEnd {
  RunStatus status = RunStatus::kRunning;
  std::string result;      // kCompleted
  proto::Failure failure;  // every other status but kContinuedAsNew, which has neither
};

struct PendingActivity {
  std::uint32_t id = 0;
  std::string activity;  // or the step's name
  bool is_step = false;
  std::uint32_t attempt = 1;
  bool under_way = false;  // an attempt is executing now
  // The attempt is left open, to be completed elsewhere: since then, and at most until `limit`.
  std::optional<base::Time> open_since{};
  std::optional<base::Time> limit{};
  std::optional<base::Time> next_attempt;
  std::string last_failure;
};

struct PendingTimer {
  std::uint32_t id = 0;
  base::Time fires_at;
};

struct RunDescription {
  std::string workflow_id;
  base::RunId run_id;
  std::string workflow;
  std::string task_queue{};
  RunStatus status = RunStatus::kRunning;
  base::Time started;
  std::optional<base::Time> closed;
  std::uint64_t history_events = 0;
  std::vector<proto::SettingRecorded> settings{};  // by name
  // Of a run in a chain, each of which has continued as the next.
  std::optional<base::RunId> continued_from{};
  std::optional<base::RunId> first_run_id{};  // of the chain; of its first run too, once continued
  std::optional<base::RunId> continued_to{};
  // Filled in by describe() only, not by list():
  std::vector<PendingActivity> activities;
  std::vector<PendingTimer> timers;
  std::vector<std::string> waiting_for;  // one line per strand; empty when the run is not resident
  std::optional<base::Error> parked;     // why its code does not go on
};

}  // namespace reprise::runtime
