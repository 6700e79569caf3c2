// How a batch is begun, and what is known of one: for Client and for the reprise command.
#pragma once
#include <string>
#include <string_view>

#include "reprise/batch.h"
#include "reprise/settings.h"
#include "runtime/client_request.h"
#include "sdk/src/batch/batch_types.h"

namespace reprise::internal {

// Throws what Client::terminate_all() throws for wrong arguments; what only a store knows (the
// names of attributes) is not checked. `principal`: ClientOptions::principal.
runtime::StartRequest start_of_batch(const NewBatch& batch,
                                     const BatchOptions& options,
                                     const std::string& principal);
// FilterError: it cannot be read, is empty, or has an order.
void check_batch_filter(std::string_view filter);
void check_batch_id(std::string_view id);

// The batch that has the id is that of the request. Throws AlreadyStarted.
void check_same_batch(const runtime::StartRequest& request,
                      const Settings& published,
                      std::string run_id);

// What a batch publishes, as users see it; what is known of its run is not set. PayloadError if it
// is not what a batch publishes.
BatchDescription describe_batch(std::string_view workflow_id, const Settings& published);

}  // namespace reprise::internal
