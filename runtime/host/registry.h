// Which code serves which task queue. One per shard, changed on the shard's thread only.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "runtime/worker_code.h"

namespace reprise::runtime {

class Registry {
 public:
  void add(std::shared_ptr<const WorkerCode> code) { workers_[code->task_queue] = std::move(code); }
  void remove(std::string_view task_queue) {
    if (const auto found = workers_.find(task_queue); found != workers_.end())
      workers_.erase(found);
  }
  // nullptr: no worker serves the queue.
  std::shared_ptr<const WorkerCode> find(std::string_view task_queue) const {
    const auto found = workers_.find(task_queue);
    return found == workers_.end() ? nullptr : found->second;
  }

 private:
  std::map<std::string, std::shared_ptr<const WorkerCode>, std::less<>> workers_;
};

}  // namespace reprise::runtime
