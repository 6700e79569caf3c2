// The engine's own workflows, and the worker that runs them in every process with an engine: they
// use what users use, in a task queue that users cannot have.
#pragma once
#include <memory>

#include "runtime/worker_gateway.h"
#include "sdk/src/service/service.h"
#include "sdk/src/workflow/workflow_runner.h"

namespace reprise::internal {

// `clients` is for activities, and must outlive them.
void add_own_code(Implementations& implementations, runtime::ClientService& clients);

// StoreError RP1011. Must be gone before the service.
std::unique_ptr<runtime::WorkerSession> start_own_worker(const ServiceState& service);

}  // namespace reprise::internal
