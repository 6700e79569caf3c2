#include "tests/io_errors/fault_plan.h"

#include <cerrno>

namespace reprise::testing {
namespace {

const char* name_of(DiskCall call) {
  switch (call) {
    case DiskCall::kWrite:
      return "write";
    case DiskCall::kMetaWrite:
      return "meta write";
    case DiskCall::kSync:
      return "sync";
    case DiskCall::kAllocate:
      return "allocation";
    case DiskCall::kNames:
      return "creation, truncation or renaming";
  }
  return "";
}

const char* name_of(const FaultPlan& plan) {
  if (plan.error == 0) return "ends early";
  if (plan.error == ENOSPC) return "fails with ENOSPC";
  return plan.disk_full ? "fails with EIO on a full disk" : "fails with EIO";
}

}  // namespace

std::string FaultPlan::text() const {
  return std::string(name_of(call)) + " " + std::to_string(at) +
         (for_good ? " and all later " : " ") + name_of(*this);
}

std::vector<FaultPlan> all_plans() {
  const FaultPlan kinds[] = {
      {.call = DiskCall::kWrite, .error = EIO},
      {.call = DiskCall::kWrite, .error = ENOSPC, .disk_full = true},
      {.call = DiskCall::kWrite, .error = 0, .disk_full = true},
      {.call = DiskCall::kSync, .error = EIO},
      {.call = DiskCall::kSync, .error = EIO, .disk_full = true},
      {.call = DiskCall::kSync, .error = ENOSPC, .disk_full = true},
      {.call = DiskCall::kMetaWrite, .error = EIO},
      {.call = DiskCall::kMetaWrite, .error = ENOSPC, .disk_full = true},
      {.call = DiskCall::kAllocate, .error = EIO},
      {.call = DiskCall::kAllocate, .error = ENOSPC, .disk_full = true},
      {.call = DiskCall::kNames, .error = EIO},
      {.call = DiskCall::kNames, .error = ENOSPC, .disk_full = true},
  };
  std::vector<FaultPlan> plans;
  for (FaultPlan plan : kinds) {
    for (const bool for_good : {false, true}) {
      plan.for_good = for_good;
      plans.push_back(plan);
    }
  }
  return plans;
}

Faulty::Faulty(const FaultPlan& plan, DiskLog& log) : plan_(plan), log_(log) {
  log_.set_faults([this](DiskCall call, const std::string& path) { return fault(call, path); });
}

Faulty::~Faulty() {
  mend();
  log_.set_faults({});
}

void Faulty::mend() {
  mended_ = true;
  log_.set_full(false);
}

std::optional<DiskFault> Faulty::fault(DiskCall call, const std::string& path) {
  if (mended_ || call != plan_.call) return std::nullopt;
  ++calls_;
  if (calls_ < plan_.at) return std::nullopt;
  log_.set_full(plan_.disk_full && (plan_.for_good || calls_ == plan_.at));
  if (calls_ > plan_.at && !plan_.for_good) return std::nullopt;
  ++hits_;
  const bool can_be_tried_again = plan_.error != EIO && call != DiskCall::kMetaWrite;
  const bool in_store = path.ends_with("/store/journal/data.mdb") ||  // no longer in creating/
                        path.ends_with("/store/archive/data.mdb");
  if (in_store && !can_be_tried_again) store_lost_ = true;
  return DiskFault{plan_.error};
}

}  // namespace reprise::testing
