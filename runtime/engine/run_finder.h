// Which run a client means: among those that the shard knows, or in the archive.
#pragma once
#include "runtime/engine/run_table.h"
#include "runtime/engine/shared.h"

namespace reprise::runtime {

// Not thread-safe.
class RunFinder {
 public:
  RunFinder(const Shared& shared, const RunTable& runs, Names& names)
      : shared_(shared), runs_(runs), names_(names) {}

  // nullptr: the shard does not know it.
  KnownRun* find(const RunKey& key) const;
  // A closed run that the shard has forgotten; kNotFound when there is none either.
  base::Result<RunState> find_archived(const RunKey& key) const;
  // A run that a request has started, among the newest kRequestsLookBack runs of the id; the first
  // one of its chain. A later run of the chain is enough to know it.
  struct StartedBy {
    base::RunId run_id;
    std::string workflow;     // empty: that run is not in the store any more
    store::Seq last_seq = 0;  // once this is durable it may be told
  };
  base::Result<std::optional<StartedBy>> started_by(const std::string& workflow_id,
                                                    const std::string& request_id) const;
  // Is there nothing that the run, which has continued, continued as? Then retention has removed
  // it.
  static base::Error no_next(const RunState& run);
  // The open run, or the error that says why not.
  base::Result<KnownRun*> find_open(const RunKey& key) const;

  // The error to report when reading the history of a closed run gave `error`: retention may have
  // removed the run meanwhile.
  base::Error unless_removed(const RunKey& key, const base::Error& error) const;

 private:
  KnownRun* find_in_chain(const RunKey& key) const;
  std::string workflow_of(const RunKey& key) const;
  base::RunId first_of_chain(const RunKey& key) const;
  template <class IsIt>
  base::Result<RunState> find_archived(const RunKey& key, const IsIt& is_it) const;

  const Shared& shared_;
  const RunTable& runs_;
  Names& names_;
};

}  // namespace reprise::runtime
