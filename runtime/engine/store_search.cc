// Searches of a store beside its engine.
#include "runtime/engine/listing.h"
#include "runtime/engine/run_search.h"
#include "runtime/engine/store_reader.h"

namespace reprise::runtime {

base::Result<RecentRuns> StoreReader::recent_runs(std::string_view filter,
                                                  std::string_view group_by) const {
  const auto parsed = parse_search(filter, group_by);
  if (!parsed) return parsed.error();
  RecentRuns runs;
  runs.expect(parsed->attributes());
  for (const auto& [number, run] : recent_) {
    RunDescription description = describe_state(*run);
    if (const std::string* const why = damage(number); why != nullptr) {
      description.parked = base::Error{base::ErrorCode::kStoreDamaged, *why};
    } else if (const base::Error* const why_parked = parked(*run); why_parked != nullptr) {
      description.parked = *why_parked;
    }
    runs.add(number, parsed->query, std::move(description));
  }
  return runs;
}

base::Result<FoundRuns> StoreReader::find_runs(const FindRequest& request) const {
  const auto recent = recent_runs(request.filter, {});
  if (!recent) return recent.error();
  auto found = runtime::find_runs(store_->archive(), *recent, request);
  if (found) show(sealing_, &*found);
  return found;
}

base::Result<RunCounts> StoreReader::count_runs(const CountRequest& request) const {
  const auto recent = recent_runs(request.filter, request.group_by);
  if (!recent) return recent.error();
  return runtime::count_runs(store_->archive(), *recent, request);
}

}  // namespace reprise::runtime
