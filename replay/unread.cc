#include "replay/unread.h"

#include <algorithm>

#include "base/ids.h"

namespace reprise::replay {

void know_update(const proto::Event& input, std::vector<std::uint64_t>* known) {
  const proto::RunStarted& start =
      input.has_checkpoint_taken() ? input.checkpoint_taken().start() : input.run_started();
  const auto& earlier = start.known_updates();
  known->insert(known->end(), earlier.begin(), earlier.end());
  if (!input.has_update_received()) return;
  const std::uint64_t id = base::hash64(input.update_received().update_id());
  // One that went along is among the earlier ones.
  if (std::find(known->begin(), known->end(), id) == known->end()) known->push_back(id);
}

void keep_latest(std::vector<std::uint64_t>* known) {
  if (known->size() <= kRememberedUpdates) return;
  known->erase(known->begin(), known->end() - kRememberedUpdates);
}

}  // namespace reprise::replay
