#include "runtime/engine/archive_search.h"

#include <algorithm>

#include "proto/parse.h"
#include "runtime/engine/listing.h"
#include "runtime/visibility/matcher.h"

namespace reprise::runtime {
namespace {

using Table = store::ArchiveMoment::Table;

// For the error that names those which the caller may have meant.
constexpr std::size_t kNamesLookedAt = 1'000;

}  // namespace

base::Result<std::unique_ptr<ArchiveSearch>> ArchiveSearch::begin(const store::Archive& archive,
                                                                  const RecentRuns& recent,
                                                                  const ParsedSearch& parsed,
                                                                  std::string_view group_by) {
  std::unique_ptr<ArchiveSearch> search(new ArchiveSearch(recent, parsed));
  auto moment = archive.moment();
  if (!moment) return moment.error();
  search->moment_ = std::move(*moment);
  search->has_index_ = search->moment_->fields_version() == visibility::kIndexVersion;
  if (const base::Status known = search->learn_attributes(group_by); !known) return known.error();
  if (const base::Status planned = search->make_plan(); !planned) return planned.error();
  return search;
}

// ---- attributes -------------------------------------------------------------------------------

// Without the index it is not known what runs have published.
base::Status ArchiveSearch::learn_attributes(std::string_view group_by) {
  attributes_ = recent_.attributes;
  if (!has_index_ || attributes_.empty()) return {};
  bool unknown = false;
  for (visibility::KnownAttribute& attribute : attributes_) {
    const std::string prefix = visibility::known_prefix(attribute.name);
    if (const base::Status read = read_known(prefix, &attribute.types); !read) return read;
    unknown = unknown || attribute.types.empty();
  }
  std::vector<visibility::KnownAttribute> with_others = attributes_;
  if (unknown) {
    const auto names = known_names();
    if (!names) return names.error();
    for (const std::string& name : *names) {
      with_others.push_back({name, {visibility::FieldType::kText}});
    }
  }
  if (const base::Status good = visibility::check_attributes(parsed_.query, with_others); !good) {
    return good;
  }
  if (!parsed_.group_by || !parsed_.group_by->is_attribute()) return {};
  return visibility::check_attribute(group_by, *parsed_.group_by, with_others);
}

base::Status ArchiveSearch::read_known(const std::string& prefix,
                                       std::vector<visibility::FieldType>* types) {
  auto cursor = moment_->keys(Table::kFields);
  if (!cursor) return cursor.error();
  auto key = (*cursor)->at_or_after(prefix);
  for (; key && *key && (*key)->starts_with(prefix); key = (*cursor)->next()) {
    if ((*key)->size() != prefix.size() + 1 + 8) continue;
    const auto type = visibility::known_type((*key)->substr(0, prefix.size() + 1));
    if (type && std::find(types->begin(), types->end(), *type) == types->end()) {
      types->push_back(*type);
    }
  }
  return key ? base::Status() : key.error();
}

base::Result<std::vector<std::string>> ArchiveSearch::known_names() {
  auto cursor = moment_->keys(Table::kFields);
  if (!cursor) return cursor.error();
  std::vector<std::string> names;
  const std::string_view all = visibility::all_known_prefix();
  auto key = (*cursor)->at_or_after(all);
  for (; key && *key && (*key)->starts_with(all); key = (*cursor)->next()) {
    if ((*key)->size() > 8) {
      names.push_back(visibility::known_name((*key)->substr(0, (*key)->size() - 8)));
    }
    if (names.size() == kNamesLookedAt) break;
  }
  if (!key) return key.error();
  return names;
}

// ---- the runs ---------------------------------------------------------------------------------

base::Status ArchiveSearch::make_plan() {
  scanned_ = true;
  if (!has_index_) return {};
  planner_ = std::make_unique<RunPlanner>(*moment_, attributes_, direction());
  auto plan = planner_->plan(parsed_.query);
  if (!plan) return plan.error();
  plan_ = std::move(*plan);
  const bool limited = plan_.places != nullptr && parsed_.query.where.has_value();
  // Every run in the order of the index needs no more than a page of them.
  scanned_ = !limited && !(in_order() && !parsed_.query.where);
  if (plan_.places != nullptr) return {};
  auto all = planner_->all();
  if (!all) return all.error();
  plan_.places = std::move(*all);
  return {};
}

base::Status ArchiveSearch::visit(const std::optional<Place>& after, Visit visit) {
  return has_index_ ? visit_places(after, visit) : visit_all(visit);
}

base::Status ArchiveSearch::visit_places(const std::optional<Place>& after, Visit visit) {
  const auto from = after ? place_after(*after, direction()) : first_place(direction());
  if (!from) return {};
  auto place = plan_.places->seek(*from);
  for (; place && *place; place = plan_.places->next()) {
    const store::RunNumber number = (*place)->number;
    if (recent_.numbers.contains(number)) continue;
    const auto stored = moment_->summary(number);
    if (!stored && stored.error().code != base::ErrorCode::kStoreDamaged) return stored.error();
    if (!stored || !*stored) continue;
    const base::Visited seen = look_at(number, **stored, visit);
    if (!seen.goes_on()) return seen.status();
  }
  return place ? base::Status() : place.error();
}

base::Status ArchiveSearch::visit_all(Visit visit) {
  return moment_->summaries(1, [&](store::RunNumber number, std::string_view stored) {
    if (recent_.numbers.contains(number)) return base::Visited(base::Next::kGoOn);
    return look_at(number, stored, visit);
  });
}

base::Visited ArchiveSearch::look_at(store::RunNumber number,
                                     std::string_view stored,
                                     Visit visit) {
  ++examined_;
  if (stored.empty() || !proto::parse(stored, &summary_)) return base::Next::kGoOn;
  if (!visibility::matches(parsed_.query, visibility::Subject(summary_))) return base::Next::kGoOn;
  return visit(number, summary_);
}

base::Result<std::optional<std::uint64_t>> ArchiveSearch::count_entries(
    std::optional<event::RunStatus> status) {
  if (!has_index_ || !plan_.exact) return std::optional<std::uint64_t>();
  auto plan = planner_->plan(parsed_.query);
  if (!plan) return plan.error();
  std::vector<PlacesPtr> both;
  both.push_back(std::move(plan->places));
  if (status) {
    auto with_status = planner_->with_status(*status);
    if (!with_status) return with_status.error();
    if (!parsed_.query.where) both.clear();
    both.push_back(std::move(*with_status));
  }
  const PlacesPtr places = intersection_of(std::move(both), direction());
  std::uint64_t count = 0;
  auto place = places->seek(first_place(direction()));
  for (; place && *place; place = places->next()) {
    if (!recent_.numbers.contains((*place)->number)) ++count;
  }
  if (!place) return place.error();
  return std::optional(count);
}

RunDescription ArchiveSearch::describe(store::RunNumber number, const proto::RunSummary& summary) {
  return describe_state(RunState::from_summary(number, summary, names_));
}

base::Result<std::optional<RunDescription>> ArchiveSearch::describe(store::RunNumber number) {
  const auto stored = moment_->summary(number);
  if (!stored) return stored.error();
  if (!*stored || !proto::parse(**stored, &summary_)) return std::optional<RunDescription>();
  return std::optional(describe(number, summary_));
}

}  // namespace reprise::runtime
