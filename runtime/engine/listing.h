// Answers a list request: first the runs that the shards know, then those that only the archive
// knows.
#pragma once
#include <atomic>
#include <map>
#include <memory>
#include <mutex>

#include "runtime/client_request.h"
#include "runtime/engine/shared.h"
#include "runtime/fold/run_state.h"
#include "runtime/run_search.h"

namespace reprise::runtime {

// Is a run of that workflow asked for? The engine's own are if their workflow is named.
bool is_listed(const ListRequest& request, std::string_view workflow);

// What list() shows of a run; describe() adds what only the shard knows.
RunDescription describe_state(const RunState& state);

// The same with what is sealed in it opened, or marked as sealed.
RunDescription shown(const sealing::Sealing& sealing, RunDescription description);
void show(const sealing::Sealing& sealing, FoundRuns* found);

class Listing {
 public:
  Listing(const Shared& shared,
          ListRequest request,
          std::size_t shards,
          Reply<std::vector<RunDescription>> reply)
      : shared_(shared), request_(std::move(request)), reply_(std::move(reply)), missing_(shards) {}

  const ListRequest& request() const { return request_; }
  // One shard's runs; the last one to come sends the reply.
  void add(std::map<store::RunNumber, RunDescription> runs);

 private:
  base::Status add_archived(RunStatus status);
  void finish();
  void keep_within_limit();

  const Shared& shared_;
  const ListRequest request_;
  const Reply<std::vector<RunDescription>> reply_;
  std::mutex mutex_;
  std::size_t missing_;
  std::map<store::RunNumber, RunDescription> runs_;
};

}  // namespace reprise::runtime
