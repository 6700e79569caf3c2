// Which operation on the disk fails, how, and how often.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/power_fail/disk_log.h"

namespace reprise::testing {

struct FaultPlan {
  DiskCall call = DiskCall::kWrite;
  int error = 0;           // 0: a write ends early
  bool disk_full = false;  // statvfs() and allocations agree with ENOSPC
  bool for_good = false;   // every later call of the kind fails too
  int at = 1;              // the first call that fails

  std::string text() const;
};

// Every kind of call with every error that it can have, once and for good; `at` is 1.
std::vector<FaultPlan> all_plans();

// Applies a plan to the operations that a disk log asks about.
class Faulty {
 public:
  Faulty(const FaultPlan& plan, DiskLog& log);
  ~Faulty();
  Faulty(const Faulty&) = delete;
  Faulty& operator=(const Faulty&) = delete;

  // The disk is repaired: there is room, and nothing fails any more.
  void mend();

  bool hit() const { return hits_ > 0; }
  // Did the journal or the archive lose something that cannot be tried again?
  bool store_lost() const { return store_lost_; }

 private:
  std::optional<DiskFault> fault(DiskCall call, const std::string& path);

  const FaultPlan plan_;
  DiskLog& log_;
  int calls_ = 0;
  int hits_ = 0;
  bool mended_ = false;
  bool store_lost_ = false;
};

}  // namespace reprise::testing
