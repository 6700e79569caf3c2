// Which entries of the archive's index may belong to runs that match a filter.
#pragma once
#include "runtime/engine/run_places.h"
#include "runtime/visibility/parser.h"
#include "store/moment.h"

namespace reprise::runtime {

struct RunPlan {
  // The runs among which all that match are; nullptr: the index does not limit them.
  PlacesPtr places;
  // They all match.
  bool exact = false;
};

// Plans for runs of the archive whose code can go on: the others are not looked for there.
class RunPlanner {
 public:
  // `attributes`: those that the filter names, with their types.
  RunPlanner(store::ArchiveMoment& moment,
             const std::vector<visibility::KnownAttribute>& attributes,
             Direction direction)
      : moment_(moment), attributes_(attributes), direction_(direction) {}

  base::Result<RunPlan> plan(const visibility::Query& query);
  // Every run, and those with one status.
  base::Result<PlacesPtr> all();
  base::Result<PlacesPtr> with_status(event::RunStatus status);

 private:
  using Expression = visibility::Expression;
  using Comparison = visibility::Comparison;
  struct Times {
    std::int64_t from_ms;
    std::int64_t to_ms;
  };
  using Plan = base::Result<RunPlan>;

  Plan plan(const Expression& expression);
  Plan plan_all_of(const std::vector<Expression>& parts);
  Plan plan_one_of(const std::vector<Expression>& parts);
  Plan plan(const Comparison& comparison);
  Plan plan_status(const Comparison& comparison);
  Plan plan_values(const Comparison& comparison);
  Plan plan_attribute(const Comparison& comparison);
  Plan plan_range(const Comparison& comparison, visibility::FieldType type, std::vector<Place>* to);
  Plan plan_ids(const Comparison& comparison);
  Plan plan_closing(const Comparison& comparison);
  Plan none() { return RunPlan{listed_places({}, direction_), true}; }
  base::Result<PlacesPtr> entries(std::string prefix);
  base::Result<PlacesPtr> entries(const std::vector<std::string>& prefixes);
  base::Result<std::optional<Place>> place_of_run(store::RunNumber number);
  static std::optional<Times> times_of(const Comparison& comparison);

  store::ArchiveMoment& moment_;
  const std::vector<visibility::KnownAttribute>& attributes_;
  const Direction direction_;
};

}  // namespace reprise::runtime
