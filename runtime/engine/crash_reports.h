// Says which run's code is ending the process: to people, on stderr, and to the next process, by
// the shard's mark. Signals, exit() and pthread_exit().
#pragma once
#include <cstdint>
#include <string>

#include "runtime/host/code_mark.h"
#include "store/turn_marks.h"

namespace reprise::runtime {

// While it lives, if user code on this thread ends the process, the run that `mark` names is
// blamed. Made and destroyed on the thread of a shard, or on the thread that drives one. Nests.
class CrashReports {
 public:
  // For the life of the process; any number of times.
  static void install();

  explicit CrashReports(CodeMark& mark);
  ~CrashReports();
  CrashReports(const CrashReports&) = delete;
  CrashReports& operator=(const CrashReports&) = delete;

 private:
  CodeMark* const before_;
};

// While it lives, a process that ends for a reason outside the code of runs says so in these marks,
// which outlive it; and a process that runs out of memory in the code of a run names that run. For
// engines whose threads have CrashReports: otherwise the two cannot be distinguished.
class OtherEnds {
 public:
  explicit OtherEnds(store::TurnMarks* marks);  // nullptr: there are none
  ~OtherEnds();
  OtherEnds(const OtherEnds&) = delete;
  OtherEnds& operator=(const OtherEnds&) = delete;

 private:
  store::TurnMarks* const marks_;
};

// The reason why a run is set aside, for its report.
std::string poison_text(const store::Deaths& deaths);

}  // namespace reprise::runtime
