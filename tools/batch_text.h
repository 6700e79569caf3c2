// Batches as text and as JSON.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "reprise/batch.h"
#include "tools/console.h"

namespace reprise::tools {

struct ShownBatch {
  BatchDescription batch{};
  // Why what it publishes cannot be read here: of `batch` only the id, the status and times are
  // known then. Empty: it can.
  std::string unreadable{};
};

// "signal new_price", "terminate".
std::string batch_does(const BatchDescription& batch);
// "under way", "ended", "stopped", "parked", "Failed".
std::string batch_state(const BatchDescription& batch);
nlohmann::json batch_json(const ShownBatch& shown);
void print_batch(const ShownBatch& shown, const Paint& paint);

}  // namespace reprise::tools
