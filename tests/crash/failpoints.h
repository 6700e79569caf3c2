// Named places at which a process kills itself. The product has no hooks: the places are in the C
// library's functions that write and sync (replaced in this program), in a store that wraps the
// real one, and in the workload's own code.
#pragma once
#include <string>
#include <string_view>

namespace reprise::testing {

// All of them; a run of the harness has to reach each.
inline constexpr std::string_view kFailpoints[] = {
    "creation",      // any operation on files while the store is created
    "recovery",      // reads and writes from opening on, until what was under way is counted
    "before_write",  // of the journal: no page of the commit is written
    "after_write",   // some are
    "after_sync",    // all pages are written, except the meta page
    "after_meta",    // the commit is durable
    "before_ack",    // and is not acknowledged yet
    "trimming",      // in a commit of the journal that removes records
    "archiving",     // in a commit of the archive
    "retention",     // in one that removes runs
    "backup",        // any operation on files while a backup is made
    "eviction",      // code of a run is unwound because it leaves memory
    "after_effect",  // an activity has had its effect, and has not returned
};

// The thread's current work for the store.
enum class Phase { kOther, kCreation, kRecovery, kAppend, kTrim, kArchive, kRetention, kBackup };

class PhaseScope {
 public:
  explicit PhaseScope(Phase phase);
  ~PhaseScope();
  PhaseScope(const PhaseScope&) = delete;
  PhaseScope& operator=(const PhaseScope&) = delete;

 private:
  Phase before_;
};

// The process kills itself when it passes `point` for the `at`-th time. Once, before anything else.
void arm_failpoint(std::string point, int at);
void passed(std::string_view point);

}  // namespace reprise::testing
