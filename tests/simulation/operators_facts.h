// What a simulated machine has recorded, and what its operators were told; and what is wrong
// with that.
#pragma once
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/time.h"
#include "proto/log.pb.h"
#include "store/record.h"
#include "tests/simulation/disk.h"

namespace reprise::simulation {

struct RecordedRun {
  std::vector<store::Seq> seqs;
  std::vector<proto::Turn> turns;

  const proto::RunStarted& started() const { return turns.front().inputs(0).run_started(); }
  const std::string& run_id() const { return started().run_id(); }
};

// A reset or a fork, named by its reason.
struct AskedRepair {
  std::string run_id;    // of the new run, if somebody was told
  bool refused = false;  // somebody was told that
};

struct PublishedMessage {
  std::string key;
  std::size_t reached = 0;  // runs, as its publisher was told in the end
};

struct Facts {
  std::vector<RecordedRun> runs;  // in the order of their starts
  // Of the schedule: its id, and the instant that the clock has shown at the latest.
  std::string schedule;
  base::Duration every{0};
  base::Time latest{};
  std::map<int, PublishedMessage> published;
  std::map<std::string, std::vector<int>> received;  // by the run's id
  std::map<std::string, AskedRepair> repairs;
};

std::vector<RecordedRun> read_runs(SimDisk& disk);

// As if an earlier version had written it: the journal's inputs have neither principals nor
// headers, and no start says what comes first. Returns how many turns that has changed.
std::size_t strip_new_fields(SimDisk* disk);

enum class Fault {
  kNotDue,         // a run of the schedule for a time that was not due
  kNotFired,       // a due time without a run
  kFiredTwice,     // one with several
  kReceivedTwice,  // a message twice by one run, or not in the order of publication
  kLostMessage,    // one that no run has received
  kWrongCount,     // one that another number of runs has received than its publisher was told
  kOtherPrefix,    // what was copied for a reset or a fork is not what the other run had
  kTornReset,      // a run that was reset did not end in the commit in which the next one begins
  kLostRepair,     // a reset or a fork that was acknowledged and is not there
  kSecondRepair,   // one that was made twice, or although it was refused
};
// Each once, with an example.
std::map<Fault, std::string> faults_in(const Facts& facts);

}  // namespace reprise::simulation
