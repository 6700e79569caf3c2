// The audit trail of a run, from its end. Records can only be verified forwards, so the history is
// read once for places to begin from and for the names of its operations; then part by part, from
// the last one on. One part is in memory at a time.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "runtime/engine/run_history.h"
#include "runtime/history/audit_trail.h"
#include "runtime/sealing/sealing.h"

namespace reprise::runtime {

// One thread. `store` and `sealing` outlive it. For people: a text stands for what does not open.
class AuditReader {
 public:
  AuditReader(const store::Store& store,
              const sealing::Sealing& sealing,
              const StoredHistory& history)
      : store_(store), sealing_(sealing), history_(history) {}

  // Before visit(). kStoreDamaged: the history does not verify to its end; what comes before the
  // damage can be visited all the same. kNotFound: retention has removed it.
  base::Status look_through();

  // The newest first, until `visit` has seen enough. `before`: those with smaller numbers; 0: all.
  // `technical`: also what nobody has to answer for.
  base::Status visit(std::uint64_t before, bool technical, base::Visitor<const AuditEntry&> visit);

 private:
  // Where a part of the history begins: after that record.
  struct Mark {
    store::ChainEnd after;
    std::uint64_t events = 0;  // before it
  };
  // An event with which the run has begun after what was copied from another one's history.
  struct Beginning {
    std::uint64_t event = 0;
    std::string from_run_id;
  };

  void note(const proto::Event& event, std::uint64_t number);
  std::string copied_from(std::uint64_t number) const;
  base::Status read_part(const Mark& mark,
                         store::Seq until,
                         std::uint64_t before,
                         bool technical,
                         std::vector<AuditEntry>* part) const;

  base::Status visit_turns_after(
      const store::ChainEnd& after,
      base::Visitor<const store::ChainEnd&, const proto::Turn&> visit) const;

  const store::Store& store_;
  const sealing::Sealing& sealing_;
  const StoredHistory history_;
  OperationNames names_;
  std::vector<Beginning> beginnings_;  // several: of a reset of what was reset
  std::vector<Mark> marks_;
};

// Some entries, the newest first.
struct AuditPage {
  std::vector<AuditEntry> entries;
  std::uint64_t next = 0;  // `before` of the page after this one; 0: there is none
};

// At most `limit` entries, and not many more bytes than fit into memory without thought. Errors:
// look_through()'s.
base::Result<AuditPage> read_audit_page(const store::Store& store,
                                        const sealing::Sealing& sealing,
                                        const StoredHistory& history,
                                        std::size_t limit,
                                        std::uint64_t before,
                                        bool technical);

}  // namespace reprise::runtime
