// The runs that are known better than the archive knows them: those with records that it does not
// have, and those whose code cannot go on. A search looks at them here, and at all others in the
// archive, so that nothing is missing that was acknowledged before.
#pragma once
#include <memory>
#include <mutex>
#include <unordered_set>
#include <vector>

#include "runtime/client_request.h"
#include "runtime/visibility/parser.h"
#include "store/record.h"

namespace reprise::runtime {

struct RecentRun {
  store::RunNumber number = 0;
  RunDescription description;
};

struct RecentRuns {
  std::unordered_set<store::RunNumber> numbers;  // of all
  std::vector<RecentRun> matching;               // the filter
  // Those that the filter names, as far as these runs publish them.
  std::vector<visibility::KnownAttribute> attributes;

  // Has its number, and itself if it matches.
  void add(store::RunNumber number, const visibility::Query& query, RunDescription run);
  void merge(RecentRuns&& other);
  // `names`: those that the filter names.
  void expect(const std::vector<std::string>& names);
};

// Asks all shards: the last one to answer sends the reply.
class RecentGathering {
 public:
  RecentGathering(visibility::Query query,
                  const std::vector<std::string>& attributes,
                  std::size_t shards,
                  Reply<verb::RecentRuns::Answer> reply);

  const visibility::Query& query() const { return query_; }
  // Nothing, but with the names of the attributes.
  RecentRuns empty() const;
  void add(RecentRuns&& runs);

 private:
  const visibility::Query query_;
  const std::vector<std::string> attributes_;
  const Reply<verb::RecentRuns::Answer> reply_;
  std::mutex mutex_;
  std::size_t missing_;
  std::shared_ptr<RecentRuns> runs_ = std::make_shared<RecentRuns>();
};

}  // namespace reprise::runtime
