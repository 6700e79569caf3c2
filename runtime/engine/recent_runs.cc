#include "runtime/engine/recent_runs.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "runtime/visibility/matcher.h"

namespace reprise::runtime {
namespace {

void add_types(const std::vector<visibility::FieldType>& from,
               std::vector<visibility::FieldType>* to) {
  for (const visibility::FieldType type : from) {
    if (std::find(to->begin(), to->end(), type) == to->end()) to->push_back(type);
  }
}

}  // namespace

void RecentRuns::expect(const std::vector<std::string>& names) {
  for (const std::string& name : names) attributes.push_back({name, {}});
}

void RecentRuns::add(store::RunNumber number, const visibility::Query& query, RunDescription run) {
  if (!numbers.insert(number).second) return;
  for (visibility::KnownAttribute& known : attributes) {
    for (const auto& setting : run.settings) {
      const auto type = visibility::type_of(setting.type());
      if (type && setting.name() == known.name) add_types({*type}, &known.types);
    }
  }
  const bool match = visibility::matches(query, visibility::Subject(run));
  if (match) matching.push_back({number, std::move(run)});
}

void RecentRuns::merge(RecentRuns&& other) {
  numbers.merge(other.numbers);
  std::move(other.matching.begin(), other.matching.end(), std::back_inserter(matching));
  for (std::size_t i = 0; i < attributes.size() && i < other.attributes.size(); ++i) {
    add_types(other.attributes[i].types, &attributes[i].types);
  }
}

RecentGathering::RecentGathering(visibility::Query query,
                                 const std::vector<std::string>& attributes,
                                 std::size_t shards,
                                 Reply<verb::RecentRuns::Answer> reply)
    : query_(std::move(query)),
      attributes_(attributes),
      reply_(std::move(reply)),
      missing_(shards) {
  runs_->expect(attributes_);
}

RecentRuns RecentGathering::empty() const {
  RecentRuns runs;
  runs.expect(attributes_);
  return runs;
}

void RecentGathering::add(RecentRuns&& runs) {
  {
    const std::lock_guard lock(mutex_);
    runs_->merge(std::move(runs));
    if (--missing_ > 0) return;
  }
  reply_(verb::RecentRuns::Answer(std::move(runs_)));
}

}  // namespace reprise::runtime
