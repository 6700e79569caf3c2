// Batches as text and as JSON.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "reprise/batch.h"
#include "tools/console.h"

namespace reprise::tools {

// "signal new_price", "terminate".
std::string batch_does(const BatchDescription& batch);
// "under way", "ended", "stopped", "parked", "Failed".
std::string batch_state(const BatchDescription& batch);
nlohmann::json batch_json(const BatchDescription& batch);
void print_batch(const BatchDescription& batch, const Paint& paint);

}  // namespace reprise::tools
