// Carries out a search: the recent runs as they were gathered, all others in one moment of the
// archive. For the engine, and for tools beside it.
#pragma once
#include "runtime/engine/recent_runs.h"
#include "runtime/run_search.h"
#include "store/store.h"

namespace reprise::runtime {

// The part of the filter that is asked of the shards. kFilter, kInvalidOption.
struct ParsedSearch {
  visibility::Query query;
  std::optional<visibility::Field> group_by{};

  std::vector<std::string> attributes() const;  // that it names
};
base::Result<ParsedSearch> parse_search(std::string_view filter, std::string_view group_by = {});
base::Status check_page(const FindRequest& request);

// Any thread. kFilter, kPageToken, and those of reading the archive.
base::Result<FoundRuns> find_runs(const store::Archive& archive,
                                  const RecentRuns& recent,
                                  const FindRequest& request);
base::Result<RunCounts> count_runs(const store::Archive& archive,
                                   const RecentRuns& recent,
                                   const CountRequest& request);

}  // namespace reprise::runtime
