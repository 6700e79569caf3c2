// Reads a store beside the engine that may be writing it in another process: which runs there are,
// and their histories. For tools. What it tells of runs is as of the last refresh(); histories are
// read as they are now. Read transactions are short, so the engine's files do not grow meanwhile,
// but for a refresh() that an engine's archiving keeps getting in the way of.
//
// One thread; history() may be called by several at once, beside nothing but itself.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/visitor.h"
#include "proto/history.pb.h"
#include "runtime/engine/recent_runs.h"
#include "runtime/engine/recovered_run.h"
#include "runtime/engine/tables.h"
#include "runtime/run_description.h"
#include "runtime/run_search.h"
#include "runtime/sealing/sealing.h"
#include "store/store.h"

namespace reprise::runtime {

class StoreReader {
 public:
  // What does not open with these codecs is shown as sealed: histories for people, rows, settings
  // and reports have a text in its place. Errors: store::open_store_read_only(), recovery's.
  static base::Result<std::unique_ptr<StoreReader>> open(const std::string& directory,
                                                         sealing::Codecs codecs = {});

  // Reads the store again. kStoreMoved: it is no longer there.
  base::Status refresh();

  const store::Store& store() const { return *store_; }
  const sealing::Sealing& sealing() const { return sealing_; }

  // Open runs, closed ones that are not archived yet, and quarantined ones, in the order of their
  // starts.
  using Run = std::shared_ptr<const RunState>;
  const std::map<store::RunNumber, Run>& recent() const { return recent_; }
  // Why a quarantined run cannot be read; nullptr: it is sound.
  const std::string* damage(store::RunNumber run) const;
  // A note for a run that the archive calls quarantined but that goes on once an engine opens the
  // store (second_look.h); nullptr: it is not such a run.
  const std::string* released(store::RunNumber run) const;
  // Why the engine that has the store, or had it last, has parked an open run; nullptr: it has not.
  const base::Error* parked(const RunState& run) const;

  // The newest run with that workflow id, or the run with that run id. kNotFound.
  base::Result<Run> find(std::string_view workflow_or_run_id);
  // nullptr: the store has no such run, or not yet.
  base::Result<Run> find(store::RunNumber number);

  // Runs with this status (open: kRunning) in the order of their starts, or reversed, until `visit`
  // has seen enough. One whose summary cannot be read is named "(unreadable)" and has a damage().
  base::Status visit(RunStatus status, bool newest_first, base::Visitor<const Run&> visit);

  // Runs that match a filter: those of recent() as of the last refresh, the others as they are now.
  // kFilter, kPageToken, kInvalidOption.
  base::Result<FoundRuns> find_runs(const FindRequest& request) const;
  base::Result<RunCounts> count_runs(const CountRequest& request) const;

  // Up to the newest record known at the last refresh, or later ones. kStoreDamaged: it does
  // not verify. kNotFound: retention has removed it meanwhile. kKeyMissing, kSealBroken: it does
  // not open; code must not take a text for what it stands for.
  base::Result<proto::History> history(const RunState& run) const;
  // What a replay needs of it: the part since the last checkpoint. Nothing before is read.
  base::Result<proto::History> history_to_replay(const RunState& run) const;
  // The same turn by turn, for histories of any length: `visit` gets each with its record's number,
  // and may take it. For people: a text stands for what does not open.
  base::Status visit_turns(const RunState& run,
                           base::Visitor<store::Seq, proto::Turn&> visit) const;
  // The same for those who do something with it. kKeyMissing, kSealBroken: it does not open.
  base::Status read_turns(const RunState& run, base::Visitor<const proto::Turn&> visit) const;
  // For people again, from a place on: `visit` also gets the place after each turn, from which a
  // later visit may go on. Nothing before is read.
  base::Status visit_turns_after(const store::ChainEnd& after,
                                 const RunState& run,
                                 base::Visitor<const store::ChainEnd&, proto::Turn&> visit) const;

  // How content was sealed: what is recorded now should be sealed in the same way.
  struct Seal {
    base::Status opens{};          // kKeyMissing, kSealBroken: not with the codecs of this reader
    bool compressed_only = false;  // by zstd, which needs no key
  };
  // Of the newest sealed record of the run; nullopt: nothing of it is sealed.
  base::Result<std::optional<Seal>> newest_seal(const RunState& run) const;
  // Of one of the runs that are newest, of each status; nullopt: they have nothing sealed.
  base::Result<std::optional<Seal>> newest_seal();

  // The rows of tables as of the last refresh, in the order of their tables and keys: of one table,
  // or, if `table` is empty, of all. kStoreDamaged: a row does not verify.
  base::Status visit_rows(
      std::string_view table,
      base::Visitor<std::string_view, std::string_view, std::string_view> visit) const;

 private:
  base::Result<RecentRuns> recent_runs(std::string_view filter, std::string_view group_by) const;
  base::Result<proto::History> history_after(const store::ChainEnd& after,
                                             const RunState& run) const;
  StoreReader(std::unique_ptr<const store::Store> store, sealing::Codecs codecs)
      : store_(std::move(store)), sealing_(std::move(codecs)) {}
  RunState shown(RunState state) const;
  std::optional<Seal> seal_of(std::string_view record) const;
  base::Status read();
  base::Result<Run> find_by_run_id(const base::RunId& id);
  base::Visited visit_archived(store::RunNumber number,
                               RunStatus status,
                               base::Visitor<const Run&> visit);
  Run unreadable(store::RunNumber number, RunStatus status, std::string why);

  std::unique_ptr<const store::Store> store_;
  const sealing::Sealing sealing_;
  Names names_;  // of every run ever handed out
  std::map<store::RunNumber, Run> recent_;
  std::map<store::RunNumber, std::string> damaged_;
  std::map<store::RunNumber, std::string> released_;
  std::map<store::RunNumber, base::Error> parked_;
  std::unique_ptr<Tables> tables_;
};

}  // namespace reprise::runtime
