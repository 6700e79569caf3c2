// What a Worker registers with: today the embedded engine.
#pragma once
#include <memory>

#include "base/result.h"
#include "runtime/worker_code.h"

namespace reprise::runtime {

// A worker's registration. Destroying it stops the worker's threads, takes its runs out of memory,
// and blocks until activities under way have returned.
class WorkerSession {
 public:
  virtual ~WorkerSession() = default;
  // Is the caller one of its threads? Destroying it there would mean waiting for itself.
  virtual bool on_own_thread() const { return false; }
};

// Thread-safe.
class WorkerGateway {
 public:
  virtual ~WorkerGateway() = default;

  // The code serves its task queue until the session is destroyed. kInvalidOption: another worker
  // of this process serves that queue.
  virtual base::Result<std::unique_ptr<WorkerSession>> register_worker(WorkerCode code) = 0;
};

}  // namespace reprise::runtime
