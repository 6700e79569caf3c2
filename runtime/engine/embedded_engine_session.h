// A worker of an embedded engine, for the files that implement the engine.
#pragma once
#include <memory>
#include <string>
#include <utility>

#include "base/out_of_memory.h"
#include "runtime/engine/embedded_engine.h"
#include "runtime/host/attempt_pool.h"

namespace reprise::runtime {

class EmbeddedEngine::Session final : public WorkerSession {
 public:
  Session(EmbeddedEngine& engine, std::shared_ptr<const WorkerCode> code, std::size_t threads)
      : engine_(engine),
        queue_(code->task_queue),
        pool_(std::move(code), threads, engine, &engine.shared_.clock) {}
  ~Session() override {
    base::needs_memory("stopping a worker", [this] { engine_.unregister(*this); });
  }

  bool on_own_thread() const override { return pool_.on_own_thread(); }

  const std::string& queue() const { return queue_; }
  AttemptPool& pool() { return pool_; }
  const AttemptPool& pool() const { return pool_; }

 private:
  EmbeddedEngine& engine_;
  std::string queue_;
  AttemptPool pool_;
};

}  // namespace reprise::runtime
