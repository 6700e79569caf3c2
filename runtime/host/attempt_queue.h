// The attempts that wait for a thread of a pool. Kinds of work (each activity, and steps)
// alternate, and none may hold all threads: an activity that calls a slow service must not stop the
// others.
#pragma once
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/ring.h"
#include "runtime/host/attempt.h"

namespace reprise::runtime {

// Not thread-safe: the pool's lock guards it.
class AttemptQueue {
  struct Lane;

 public:
  // `threads`: of the pool; 0 means the caller's.
  explicit AttemptQueue(std::size_t threads) : threads_(threads) {}

  // A task that left the queue, and the place it holds until done().
  struct Taken {
    AttemptTask task;
    Lane* lane = nullptr;
  };

  void push(AttemptTask&& task);
  // Is there a task whose kind has a thread left?
  bool has_ready() const { return !ready_.empty(); }
  // Tasks that were not taken.
  std::size_t size() const { return size_; }
  Taken take();
  // The thread that executed it is free again.
  void done(Lane* lane);
  // All of them, whether or not their kind has a thread left.
  std::vector<AttemptTask> drain();

 private:
  struct Lane {
    base::Ring<AttemptTask> tasks;
    std::size_t busy = 0;  // threads that execute this kind now
    bool in_ready = false;
  };
  Lane& lane_of(const AttemptTask& task);
  std::size_t most_threads() const;
  void offer(Lane& lane);

  const std::size_t threads_;
  std::size_t size_ = 0;
  std::map<std::string, Lane, std::less<>> lanes_;  // never removed: there are few names
  base::Ring<Lane*> ready_;                         // have a task and a thread left, in turn
};

}  // namespace reprise::runtime
