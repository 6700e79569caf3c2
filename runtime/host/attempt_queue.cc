#include "runtime/host/attempt_queue.h"

#include <algorithm>
#include <utility>

namespace reprise::runtime {
namespace {

// Not the name of an activity: those are not empty.
constexpr std::string_view kSteps;

}  // namespace

AttemptQueue::Lane& AttemptQueue::lane_of(const AttemptTask& task) {
  const std::string_view kind = task.step ? kSteps : std::string_view(task.activity->spec->name());
  if (const auto found = lanes_.find(kind); found != lanes_.end()) return found->second;
  return lanes_[std::string(kind)];
}

// A quarter of the threads is kept for the other kinds, once there are any.
std::size_t AttemptQueue::most_threads() const {
  if (lanes_.size() < 2 || threads_ < 2) return std::max<std::size_t>(1, threads_);
  return threads_ - std::max<std::size_t>(1, threads_ / 4);
}

void AttemptQueue::offer(Lane& lane) {
  if (lane.in_ready || lane.tasks.empty() || lane.busy >= most_threads()) return;
  lane.in_ready = true;
  ready_.push_back(&lane);
}

void AttemptQueue::push(AttemptTask&& task) {
  Lane& lane = lane_of(task);
  lane.tasks.push_back(std::move(task));
  ++size_;
  offer(lane);
}

AttemptQueue::Taken AttemptQueue::take() {
  Lane* const lane = ready_.take_front();
  Taken taken{lane->tasks.take_front(), lane};
  --size_;
  ++lane->busy;
  lane->in_ready = false;
  offer(*lane);
  return taken;
}

void AttemptQueue::done(Lane* lane) {
  --lane->busy;
  offer(*lane);
}

std::vector<AttemptTask> AttemptQueue::drain() {
  std::vector<AttemptTask> all;
  size_ = 0;
  while (!ready_.empty()) ready_.take_front()->in_ready = false;
  for (auto& [kind, lane] : lanes_) {
    while (!lane.tasks.empty()) all.push_back(lane.tasks.take_front());
  }
  return all;
}

}  // namespace reprise::runtime
