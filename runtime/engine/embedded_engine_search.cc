// Searching for runs: the shards are asked for what they know, and the archive is read on the
// thread of the caller, so that no run waits for it.
#include "runtime/engine/embedded_engine.h"
#include "runtime/engine/listing.h"
#include "runtime/engine/recent_runs.h"
#include "runtime/engine/run_search.h"

namespace reprise::runtime {

void EmbeddedEngine::hand_over(verb::RecentRuns&& asked) {
  auto parsed = parse_search(asked.filter, asked.group_by);
  if (!parsed) return asked.reply(parsed.error());
  const std::vector<std::string> attributes = parsed->attributes();
  const auto gathering = std::make_shared<RecentGathering>(std::move(parsed->query), attributes,
                                                           shards_.size(), std::move(asked.reply));
  for (auto& shard : shards_) {
    shard->post([shard = shard.get(), gathering] {
      const auto runs = std::make_shared<RecentRuns>(gathering->empty());
      shard->questions().collect(gathering->query(), runs.get());
      shard->round().tell_when_recorded([gathering, runs] { gathering->add(std::move(*runs)); });
    });
  }
}

void EmbeddedEngine::hand_over(verb::FindRuns&& asked) {
  auto found = find_runs(shared_.store->archive(), *asked.recent, asked.find);
  if (found) show(shared_.sealing, &*found);
  asked.reply(std::move(found));
}

void EmbeddedEngine::hand_over(verb::CountRuns&& asked) {
  asked.reply(count_runs(shared_.store->archive(), *asked.recent, asked.count));
}

}  // namespace reprise::runtime
