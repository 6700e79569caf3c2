#include "runtime/engine/run_plan.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "proto/parse.h"
#include "proto/summary.pb.h"
#include "runtime/fold/run_state.h"
#include "runtime/visibility/key_ranges.h"
#include "store/archive_keys.h"

namespace reprise::runtime {
namespace {

using Table = store::ArchiveMoment::Table;
using visibility::FieldId;
using visibility::FieldType;
using visibility::Operator;

// What is listed before it is sorted: beyond that, reading all runs in order is not slower.
constexpr std::size_t kMostListed = 200'000;
// The same where each run costs a look at its summary.
constexpr std::size_t kMostLookedUp = 10'000;

bool is_value(const visibility::Comparison& comparison) {
  return !comparison.negated &&
         (comparison.op == Operator::kEqual || comparison.op == Operator::kIn);
}

const std::vector<FieldType>& types_in(const std::vector<visibility::KnownAttribute>& attributes,
                                       std::string_view name) {
  static const std::vector<FieldType> kNone;
  const auto found = std::find_if(attributes.begin(), attributes.end(),
                                  [&](const auto& each) { return each.name == name; });
  return found == attributes.end() ? kNone : found->types;
}

}  // namespace

base::Result<PlacesPtr> RunPlanner::entries(std::string prefix) {
  auto cursor = moment_.keys(Table::kFields);
  if (!cursor) return cursor.error();
  return entries_with(std::move(*cursor), std::move(prefix), direction_);
}

base::Result<PlacesPtr> RunPlanner::entries(const std::vector<std::string>& prefixes) {
  std::vector<PlacesPtr> parts;
  for (const std::string& prefix : prefixes) {
    auto part = entries(prefix);
    if (!part) return part.error();
    parts.push_back(std::move(*part));
  }
  return parts.empty() ? listed_places({}, direction_) : union_of(std::move(parts), direction_);
}

base::Result<PlacesPtr> RunPlanner::with_status(event::RunStatus status) {
  return entries(visibility::status_prefix(status));
}

base::Result<PlacesPtr> RunPlanner::all() {
  std::vector<std::string> prefixes;
  for (const event::RunStatus status : event::kRunStatuses) {
    prefixes.push_back(visibility::status_prefix(status));
  }
  return entries(prefixes);
}

base::Result<RunPlan> RunPlanner::plan(const visibility::Query& query) {
  if (query.where) return plan(*query.where);
  auto every = all();
  if (!every) return every.error();
  return RunPlan{std::move(*every), true};
}

RunPlanner::Plan RunPlanner::plan(const Expression& expression) {
  switch (expression.kind) {
    case Expression::Kind::kAnd:
      return plan_all_of(expression.parts);
    case Expression::Kind::kOr:
      return plan_one_of(expression.parts);
    case Expression::Kind::kNot:
      return RunPlan();
    case Expression::Kind::kComparison:
      return plan(expression.comparison);
  }
  return RunPlan();
}

// Times of starts limit the others, instead of being looked for among all runs.
RunPlanner::Plan RunPlanner::plan_all_of(const std::vector<Expression>& parts) {
  Times times{std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()};
  bool timed = false;
  bool exact = true;
  std::vector<PlacesPtr> limits;
  for (const Expression& part : parts) {
    const auto started =
        part.kind == Expression::Kind::kComparison ? times_of(part.comparison) : std::nullopt;
    if (started) {
      timed = true;
      times.from_ms = std::max(times.from_ms, started->from_ms);
      times.to_ms = std::min(times.to_ms, started->to_ms);
      continue;
    }
    auto limit = plan(part);
    if (!limit) return limit.error();
    exact = exact && limit->places != nullptr && limit->exact;
    if (limit->places != nullptr) limits.push_back(std::move(limit->places));
  }
  if (limits.empty() && !timed) return RunPlan();
  if (limits.empty()) {
    auto every = all();
    if (!every) return every.error();
    limits.push_back(std::move(*every));
  }
  PlacesPtr places = intersection_of(std::move(limits), direction_);
  if (timed) places = started_within(std::move(places), times.from_ms, times.to_ms, direction_);
  return RunPlan{std::move(places), exact};
}

RunPlanner::Plan RunPlanner::plan_one_of(const std::vector<Expression>& parts) {
  RunPlan plan_of_all{nullptr, true};
  std::vector<PlacesPtr> all_parts;
  for (const Expression& part : parts) {
    auto one = plan(part);
    if (!one || one->places == nullptr) return one;
    plan_of_all.exact = plan_of_all.exact && one->exact;
    all_parts.push_back(std::move(one->places));
  }
  plan_of_all.places = union_of(std::move(all_parts), direction_);
  return plan_of_all;
}

RunPlanner::Plan RunPlanner::plan(const Comparison& comparison) {
  if (const auto times = times_of(comparison)) {
    auto every = all();
    if (!every) return every.error();
    return RunPlan{started_within(std::move(*every), times->from_ms, times->to_ms, direction_),
                   true};
  }
  switch (comparison.field.id) {
    case FieldId::kStatus:
      return plan_status(comparison);
    case FieldId::kWorkflowType:
    case FieldId::kRunId:
    case FieldId::kParentId:
      return is_value(comparison) ? plan_values(comparison) : RunPlan();
    case FieldId::kWorkflowId:
      return plan_ids(comparison);
    case FieldId::kCloseTime:
      return plan_closing(comparison);
    case FieldId::kParkedReason: {
      const bool is_null = comparison.op == Operator::kIsNull && !comparison.negated;
      return is_null ? RunPlan() : none();
    }
    case FieldId::kAttribute:
      return plan_attribute(comparison);
    case FieldId::kStartTime:
    case FieldId::kExecutionTime:
    case FieldId::kExecutionDuration:
    case FieldId::kTaskQueue:
    case FieldId::kHistoryLength:
    case FieldId::kParentRunId:
      return RunPlan();
  }
  return RunPlan();
}

// nullopt: it is not about the times of starts, or not about a range of them.
std::optional<RunPlanner::Times> RunPlanner::times_of(const Comparison& comparison) {
  if (comparison.field.id != FieldId::kStartTime || comparison.negated) return std::nullopt;
  constexpr std::int64_t kFirst = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t kLast = std::numeric_limits<std::int64_t>::max();
  const auto ns = [&](std::size_t i) { return *comparison.values[i].time_ns; };
  using visibility::ceil_ms;
  using visibility::floor_ms;
  switch (comparison.op) {
    case Operator::kEqual:
      return Times{ceil_ms(ns(0)), floor_ms(ns(0))};
    case Operator::kLess:
      return Times{kFirst, ceil_ms(ns(0)) - 1};
    case Operator::kLessOrEqual:
      return Times{kFirst, floor_ms(ns(0))};
    case Operator::kGreater:
      return Times{floor_ms(ns(0)) + 1, kLast};
    case Operator::kGreaterOrEqual:
      return Times{ceil_ms(ns(0)), kLast};
    case Operator::kBetween:
      return Times{ceil_ms(ns(0)), floor_ms(ns(1))};
    case Operator::kIn:
    case Operator::kStartsWith:
    case Operator::kIsNull:
      break;
  }
  return std::nullopt;
}

RunPlanner::Plan RunPlanner::plan_status(const Comparison& comparison) {
  if (comparison.op == Operator::kIsNull) return comparison.negated ? RunPlan() : none();
  std::vector<std::string> prefixes;
  for (const event::RunStatus status : event::kRunStatuses) {
    const bool named = std::any_of(comparison.values.begin(), comparison.values.end(),
                                   [&](const auto& value) { return value.status == status; });
    if (named != comparison.negated) prefixes.push_back(visibility::status_prefix(status));
  }
  auto found = entries(prefixes);
  if (!found) return found.error();
  return RunPlan{std::move(*found), true};
}

RunPlanner::Plan RunPlanner::plan_values(const Comparison& comparison) {
  std::vector<std::string> prefixes;
  bool exact = true;
  for (const visibility::Literal& value : comparison.values) {
    if (comparison.field.id == FieldId::kRunId) {
      const auto id = base::RunId::parse(value.text);
      if (id) prefixes.push_back(visibility::run_id_prefix(*id));
      exact = false;
      continue;
    }
    prefixes.push_back(comparison.field.id == FieldId::kParentId
                           ? visibility::parent_prefix(value.text)
                           : visibility::workflow_prefix(value.text));
    exact = exact && visibility::is_whole(value.text);
  }
  auto found = entries(prefixes);
  if (!found) return found.error();
  return RunPlan{std::move(*found), exact};
}

// ---- attributes -------------------------------------------------------------------------------

RunPlanner::Plan RunPlanner::plan_attribute(const Comparison& comparison) {
  const auto& types = types_in(attributes_, comparison.field.name);
  if (is_value(comparison)) {
    std::vector<std::string> prefixes;
    for (const FieldType type : types) {
      for (const visibility::Literal& value : comparison.values) {
        const auto equal = visibility::value_as(value, type);
        if (!equal) continue;
        prefixes.push_back(visibility::attribute_prefix(comparison.field.name, *equal));
      }
    }
    auto found = entries(prefixes);
    if (!found) return found.error();
    return RunPlan{std::move(*found), false};
  }
  // What is not equal, and what is missing, is nearly everything.
  const bool everything = comparison.op == Operator::kIsNull;
  if (comparison.negated != everything) return RunPlan();
  std::vector<Place> places;
  for (const FieldType type : types) {
    if (!visibility::allows(type, comparison.op)) continue;
    if (!everything &&
        std::none_of(comparison.values.begin(), comparison.values.end(),
                     [&](const auto& value) { return visibility::reads_as(value, type); })) {
      continue;
    }
    auto listed = plan_range(comparison, type, &places);
    if (!listed || listed->places == nullptr) return listed;
  }
  return RunPlan{listed_places(std::move(places), direction_), false};
}

// Entries of different values are not in the order of starts: they are listed and sorted. A plan
// without places: there are too many.
RunPlanner::Plan RunPlanner::plan_range(const Comparison& comparison,
                                        FieldType type,
                                        std::vector<Place>* to) {
  auto cursor = moment_.keys(Table::kFields);
  if (!cursor) return cursor.error();
  const visibility::KeyRange range = visibility::range_of(comparison, type);
  auto key = (*cursor)->at_or_after(range.from);
  for (; key && *key && **key < range.to; key = (*cursor)->next()) {
    const std::string_view entry = **key;
    if (entry.size() <= visibility::kPlaceBytes) continue;
    if (to->size() == kMostListed) return RunPlan();
    to->push_back(visibility::place_of(entry.substr(entry.size() - visibility::kPlaceBytes)));
  }
  if (!key) return key.error();
  return RunPlan{listed_places({}, direction_), false};
}

// ---- other tables of the archive, whose entries do not say when the run was started -----------

base::Result<std::optional<Place>> RunPlanner::place_of_run(store::RunNumber number) {
  const auto stored = moment_.summary(number);
  if (!stored && stored.error().code != base::ErrorCode::kStoreDamaged) return stored.error();
  proto::RunSummary summary;
  if (!stored || !*stored || !proto::parse(**stored, &summary)) return std::optional<Place>();
  return std::optional(Place{summary.started_ms(), number});
}

RunPlanner::Plan RunPlanner::plan_ids(const Comparison& comparison) {
  const bool begins = comparison.op == Operator::kStartsWith && !comparison.negated;
  if (!is_value(comparison) && !begins) return RunPlan();
  std::vector<Place> places;
  for (const visibility::Literal& value : comparison.values) {
    auto cursor = moment_.keys(Table::kIds);
    if (!cursor) return cursor.error();
    // The id is in the key as it is, or at least its beginning.
    constexpr std::size_t kKept = 48;
    const std::string prefix = begins ? value.text.substr(0, kKept) : store::id_prefix(value.text);
    auto key = (*cursor)->at_or_after(prefix);
    for (; key && *key && (*key)->starts_with(prefix); key = (*cursor)->next()) {
      if ((*key)->size() <= 8) continue;
      if (places.size() == kMostLookedUp) return RunPlan();
      const auto place = place_of_run(store::run_of_id_key(**key));
      if (!place) return place.error();
      if (*place) places.push_back(**place);
    }
    if (!key) return key.error();
  }
  return RunPlan{listed_places(std::move(places), direction_), false};
}

RunPlanner::Plan RunPlanner::plan_closing(const Comparison& comparison) {
  if (comparison.negated || comparison.op == Operator::kIsNull) return RunPlan();
  visibility::Comparison as_start = comparison;
  as_start.field.id = FieldId::kStartTime;
  const auto times = times_of(as_start);
  if (!times) return RunPlan();
  auto cursor = moment_.keys(Table::kIndex);
  if (!cursor) return cursor.error();
  std::vector<Place> places;
  auto key = (*cursor)->at_or_after(closing_key(times->from_ms));
  for (; key && *key && (*key)->starts_with(kClosingPrefix); key = (*cursor)->next()) {
    if ((*key)->size() < kClosingPrefix.size() + 16) continue;
    if (closed_ms_of(**key) > times->to_ms) break;
    if (places.size() == kMostLookedUp) return RunPlan();
    const auto place = place_of_run(store::run_of_index_key(**key));
    if (!place) return place.error();
    if (*place) places.push_back(**place);
  }
  if (!key) return key.error();
  return RunPlan{listed_places(std::move(places), direction_), false};
}

}  // namespace reprise::runtime
