// The entries of the archive's index of fields: which a run has, and making them for a store whose
// archive lacks them.
#pragma once
#include <set>
#include <string>
#include <vector>

#include "event/run_status.h"
#include "proto/summary.pb.h"
#include "store/archive.h"

namespace reprise::runtime {

// All of them, for a run that is removed or archived for the first time.
std::vector<std::string> field_entries(const proto::RunSummary& summary);

// What an update of a run's summary changes. `attributes`: the entries that the one before has.
std::vector<std::string> attribute_entries_of(const proto::RunSummary& summary);
void set_field_changes(const proto::RunSummary& summary,
                       bool is_new,
                       event::RunStatus before,
                       std::int64_t started_before_ms,
                       const std::vector<std::string>& attributes,
                       store::SummaryUpdate* update);
// The names of its attributes, with their types.
void add_known_names(const proto::RunSummary& summary, std::set<std::string>* names);

// Makes sure that there is an index that the archive keeps: a new one, if an earlier version wrote
// the store, or what is there does not verify. It may be incomplete.
base::Status begin_fields(store::Archive& archive);
// Adds the next runs to it. False: it is complete.
base::Result<bool> build_some_fields(store::Archive& archive);

}  // namespace reprise::runtime
