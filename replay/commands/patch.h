// Markers of changes of the code. The calls are Execution::patched() and deprecate_patch().
#pragma once
#include <array>
#include <string>
#include <string_view>

#include "base/call_site.h"
#include "replay/commands/lifecycle.h"
#include "replay/execution.h"

namespace reprise::replay {

struct RunCore;

namespace lifecycles {
// The first answer for an id holds for the life of the run, so all parts of a change take the same
// branch.
inline constexpr std::array kPatch = {
    Transition{kCreated, kRecord, kSucceeded},  // the log has the marker
    Transition{kCreated, kDrop, kAbandoned},    // the log has passed the place without one
};
}  // namespace lifecycles

class PatchMarkers {
 public:
  explicit PatchMarkers(RunCore& run) : run_(run) {}

  bool patched(std::string_view change_id, base::CallSite site);
  void deprecate(std::string_view change_id, base::CallSite site);

  const Patches& all() const { return patches_; }

 private:
  void settle(Patch* patch, std::string_view change_id, bool deprecated, base::CallSite site);

  RunCore& run_;
  Patches patches_;  // that the code has asked about
};

}  // namespace reprise::replay
