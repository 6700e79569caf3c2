#include "runtime/engine/gathered.h"

#include <algorithm>

#include "event/catalogue.h"

namespace reprise::runtime {

bool is_decided(const KnownRun& run, std::uint32_t id) {
  if (run.turn == nullptr) return false;
  const auto& gathered = run.turn->inputs();
  return std::any_of(gathered.begin(), gathered.end(), [id](const proto::Event& input) {
    const event::Row& row = event::row_of(input);
    const bool answers =
        row.answers != event::Answer::kNone && row.answers != event::Answer::kHeartbeat;
    return answers && row.id(input) == id;
  });
}

}  // namespace reprise::runtime
