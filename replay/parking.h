// Why a run cannot go on: the first trouble in its code, its history or with its limits. After it
// no code of the run goes on, and nothing of the turn is recorded.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "proto/log.pb.h"
#include "replay/command_log.h"
#include "replay/execution.h"
#include "replay/observation.h"
#include "replay/scheduler.h"

namespace reprise::replay {

// The code's name, for people: "the handler of signal", "packed".
struct CodeName {
  std::string_view kind;
  std::string_view name{};
};

// The input that the code runs on.
struct AppliedInput {
  std::uint64_t number = 0;             // of the event in the history
  const proto::Event* event = nullptr;  // while it is applied
};

class Parking {
 public:
  Parking(const CommandLog& log, Scheduler& scheduler, Observation& observation)
      : log_(log), scheduler_(scheduler), observation_(observation) {}

  const Trouble* trouble() const { return trouble_.get(); }  // nullptr: none so far

  void park(base::ErrorCode code, std::string report);
  // Inside a catch block, on the strand that the exception has left. `what`: its text.
  void park_on_exception(CodeName whose, std::string_view what, const AppliedInput& input);
  void park_on_mismatch();  // the log's
  void park_on_mismatch(Mismatch mismatch);
  // Even if the run has come to its end: the end is then not recorded.
  void park_at_end(base::ErrorCode code, std::string report);

  // Not on a strand: the stack must be large.
  void write_report(const RunInfo& info, base::Symbols* symbols);

 private:
  void set(Trouble trouble);

  const CommandLog& log_;
  Scheduler& scheduler_;
  Observation& observation_;
  std::unique_ptr<Trouble> trouble_;
};

}  // namespace reprise::replay
