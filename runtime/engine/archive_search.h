// The runs of one moment of the archive that match a filter, for run_search.cc.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "proto/summary.pb.h"
#include "runtime/engine/recent_runs.h"
#include "runtime/engine/run_plan.h"
#include "runtime/engine/run_search.h"
#include "runtime/fold/names.h"

namespace reprise::runtime {

// Belongs to one thread; what it is made of outlives it.
class ArchiveSearch {
 public:
  // kFilter: an attribute that the filter names is unknown, or of another type.
  static base::Result<std::unique_ptr<ArchiveSearch>> begin(const store::Archive& archive,
                                                            const RecentRuns& recent,
                                                            const ParsedSearch& parsed,
                                                            std::string_view group_by);

  bool scanned() const { return scanned_; }
  std::uint64_t examined() const { return examined_; }
  // Are they found in the order of the query?
  bool in_order() const { return has_index_ && parsed_.query.in_order_of_starts(); }

  // Runs that match and are not recent, from after `after` on (nullopt: all) if they are in order.
  using Visit = base::Visitor<store::RunNumber, const proto::RunSummary&>;
  base::Status visit(const std::optional<Place>& after, Visit visit);

  // Counts them without reading them; nullopt: that does not do. With `status`: those that have it.
  base::Result<std::optional<std::uint64_t>> count_entries(
      std::optional<event::RunStatus> status = std::nullopt);

  // What list() shows of it. nullopt: it cannot be read.
  base::Result<std::optional<RunDescription>> describe(store::RunNumber number);
  RunDescription describe(store::RunNumber number, const proto::RunSummary& summary);

 private:
  ArchiveSearch(const RecentRuns& recent, const ParsedSearch& parsed)
      : recent_(recent), parsed_(parsed) {}
  base::Status learn_attributes(std::string_view group_by);
  base::Status read_known(const std::string& prefix, std::vector<visibility::FieldType>* types);
  base::Result<std::vector<std::string>> known_names();
  base::Status make_plan();
  base::Status visit_places(const std::optional<Place>& after, Visit visit);
  base::Status visit_all(Visit visit);
  base::Visited look_at(store::RunNumber number, std::string_view stored, Visit visit);
  Direction direction() const {
    return parsed_.query.newest_first() ? Direction::kNewestFirst : Direction::kOldestFirst;
  }

  const RecentRuns& recent_;
  const ParsedSearch& parsed_;
  std::unique_ptr<store::ArchiveMoment> moment_;
  std::vector<visibility::KnownAttribute> attributes_;
  std::unique_ptr<RunPlanner> planner_;
  RunPlan plan_;
  bool has_index_ = false;
  bool scanned_ = false;
  std::uint64_t examined_ = 0;
  proto::RunSummary summary_;
  Names names_;
};

}  // namespace reprise::runtime
