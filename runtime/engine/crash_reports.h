// Says which run's code ends the process, before it does: to people, on stderr, and to the next
// process, by the shard's mark. Signals, exit() and pthread_exit().
#pragma once
#include <cstdint>
#include <string>

#include "runtime/engine/code_mark.h"
#include "store/turn_marks.h"

namespace reprise::runtime {

// While it lives, what ends the process in user code on this thread is laid to the run that `mark`
// names. Made and destroyed on the thread of a shard, or on that which drives one. Nests.
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

// While it lives, a process that ends for a reason that has nothing to do with the code of runs
// says so in these marks, which outlive it; and one in which there is no memory left in the code of
// a run names that run. For engines whose threads have CrashReports: else nobody knows which it is.
class OtherEnds {
 public:
  explicit OtherEnds(store::TurnMarks* marks);  // nullptr: there are none
  ~OtherEnds();
  OtherEnds(const OtherEnds&) = delete;
  OtherEnds& operator=(const OtherEnds&) = delete;

 private:
  store::TurnMarks* const marks_;
};

// Why a run is set aside, for its report.
std::string poison_text(const store::Deaths& deaths);

}  // namespace reprise::runtime
