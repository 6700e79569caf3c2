#include "event/causes.h"

#include "event/catalogue.h"

namespace reprise::event {
namespace {

using proto::Event;

bool is_deep(const proto::Failure& failure) {
  return failure.has_cause() && causes_of(failure) > kMaxCauses + 1;
}

const proto::Failure* failure_of(const Event& event) {
  const auto failure = row_of(event).failure;
  return failure == nullptr ? nullptr : failure(event);
}

proto::Failure* mutable_failure_of(Event* event) {
  return const_cast<proto::Failure*>(failure_of(*event));  // the event is ours to change
}

void bound(proto::Failure* failure) {
  const proto::Failure* kept = failure;
  for (int left = causes_of(*failure) - kMaxCauses; left >= 0; --left) kept = &kept->cause();
  proto::Failure innermost = *kept;
  *failure->mutable_cause() = std::move(innermost);
}

bool any_nests_deeply(const google::protobuf::RepeatedPtrField<Event>& events) {
  for (const Event& event : events) {
    const proto::Failure* failure = failure_of(event);
    if (failure != nullptr && is_deep(*failure)) return true;
  }
  return false;
}

void bound_all(google::protobuf::RepeatedPtrField<Event>* events) {
  for (Event& event : *events) {
    proto::Failure* failure = mutable_failure_of(&event);
    if (failure != nullptr) bound_causes(failure);
  }
}

}  // namespace

int causes_of(const proto::Failure& failure) {
  int causes = 0;
  for (const auto* at = &failure; at->has_cause(); at = &at->cause()) ++causes;
  return causes;
}

bool nests_deeply(const proto::Turn& turn) {
  return any_nests_deeply(turn.inputs()) || any_nests_deeply(turn.commands());
}

void bound_causes(proto::Failure* failure) {
  if (is_deep(*failure)) bound(failure);
}

void bound_causes(proto::Turn* turn) {
  bound_all(turn->mutable_inputs());
  bound_all(turn->mutable_commands());
}

}  // namespace reprise::event
