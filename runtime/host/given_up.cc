#include "runtime/host/given_up.h"

#include "base/error.h"
#include "base/printable_text.h"
#include "replay/user_frames.h"

namespace reprise::runtime {
namespace {

constexpr std::string_view kAdvice =
    "let catch (...) rethrow, or catch what you mean (std::exception, reprise::Failure)";

}  // namespace

std::string given_up_text(const replay::RunInfo& run,
                          const replay::StrandStatus& strand,
                          base::Symbols& symbols) {
  std::string text = "run '" + base::printable_text(run.workflow_id) + "' (" +
                     run.run_id.to_string() + ") of workflow '" +
                     base::printable_text(run.workflow) + "': strand " +
                     std::to_string(strand.number) +
                     " swallows the exception that asks it to leave memory, time and again, and "
                     "was given up: its stack and what it refers to stay in memory until the "
                     "process ends, and none of its destructors runs. Nothing of the run is "
                     "lost; ";
  text += kAdvice;
  int number = 0;
  for (const base::Symbol& symbol : replay::user_frames(strand.frames, symbols)) {
    text += "\n  #" + std::to_string(number++) + " " + to_string(symbol);
  }
  return base::Error{base::ErrorCode::kUnwindSwallowed, text}.text();
}

std::string GivenUp::add(const replay::RunInfo& run,
                         const replay::StrandStatus& strand,
                         base::Symbols& symbols) {
  ++count_;
  workflows_.insert(run.workflow);
  return given_up_text(run, strand, symbols);
}

std::string GivenUp::too_many_text(std::string_view workflow) {
  return "strands of workflow '" + base::printable_text(workflow) + "' were among the " +
         std::to_string(kMostGivenUp) +
         " of this shard that could not be unwound, which is as many as may stay in memory; "
         "mend its code and start the process again: " +
         std::string(kAdvice);
}

}  // namespace reprise::runtime
