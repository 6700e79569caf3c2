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

// The run that has started another one, and which of its operations that was.
struct Parent {
  std::string workflow_id;
  base::RunId run_id;
  std::uint32_t operation = 0;
};

// How a run ended.
struct RunEnd {
  const proto::Failure& failure() const {
    return failed != nullptr ? *failed : proto::Failure::default_instance();
  }

  RunStatus status = RunStatus::kRunning;
  std::string result;  // kCompleted
  // Every other status but kContinuedAsNew, which has neither. Most runs complete, and an end is
  // moved several times on its way.
  std::shared_ptr<const proto::Failure> failed{};
};

struct PendingActivity {
  std::uint32_t id = 0;
  std::string activity;  // or the step's name
  bool is_step = false;
  std::uint32_t attempt = 1;
  bool under_way = false;  // an attempt is executing now
  bool cancel_requested = false;  // the code has cancelled it and waits for its outcome
  // The attempt is left open, to be completed elsewhere: since then, and at most until `limit`.
  std::optional<base::Time> open_since{};
  std::optional<base::Time> limit{};
  std::optional<base::Time> next_attempt;
  // Why its attempt, which is ready, does not begin: a limit of its worker. Empty: none.
  std::string held_back;
  std::string last_failure;
};

struct PendingTimer {
  std::uint32_t id = 0;
  base::Time fires_at;
};

// A run that this one has started and that has not ended, as far as it knows.
struct PendingChild {
  std::uint32_t id = 0;
  std::string workflow;
  std::string workflow_id;
  base::RunId run_id;
  bool started = false;  // its start is known to be durable
};

// An operator has stopped it.
struct Pause {
  base::Time since;
  std::string reason;
  std::string principal;
};

// The run whose history the beginning of another one's is a copy of.
struct Origin {
  base::RunId run_id;
  std::uint64_t event = 0;  // of that run: its turn is the first that was left out
  bool fork = false;        // that run has gone on
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
  std::uint64_t replayed_events = 0;               // of these: since the last checkpoint
  std::vector<proto::SettingRecorded> settings{};  // by name
  // Of a run in a chain, each of which has continued as the next.
  std::optional<base::RunId> continued_from{};
  std::optional<base::RunId> first_run_id{};  // of the chain; of its first run too, once continued
  std::optional<base::RunId> continued_to{};
  std::optional<Parent> parent{};
  std::uint32_t attempt = 1;                  // 2 and more: of a run that is tried again
  std::optional<base::Time> delayed_until{};  // its code has not run: it does then
  std::optional<Pause> paused{};              // kPaused
  std::optional<Origin> origin{};             // it was reset or forked
  // Filled in by describe() only, not by list():
  std::vector<PendingActivity> activities;
  std::vector<PendingTimer> timers;
  std::vector<PendingChild> children;
  std::vector<std::string> waiting_for;  // one line per strand; empty when the run is not resident
  std::optional<base::Error> parked;     // why its code does not go on
};

}  // namespace reprise::runtime
