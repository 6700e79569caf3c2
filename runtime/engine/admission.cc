#include "runtime/engine/admission.h"

#include <string>

#include "runtime/no_waiting.h"

namespace reprise::runtime {
namespace {

// A request takes memory besides its payload.
constexpr std::size_t kBytesPerRequest = 512;

// For requests that end runs: an eighth of the limit, plus one.
bool has_reserve(const Gate& gate) {
  return gate.at_most_beyond(gate.limit() / 8);
}

}  // namespace

Admission::Admission(const EngineLimits& limits, bool may_wait)
    : may_wait_(may_wait),
      longest_wait_(limits.overload_wait),
      requests_(limits.pending_requests),
      bytes_(limits.pending_bytes),
      questions_(limits.pending_requests),
      waiting_attempts_(limits.waiting_attempts) {}

base::Status Admission::enter(Kind kind, std::size_t bytes) {
  base::Status room;
  Until until;
  if (kind == Kind::kQuestion) {
    room = wait_for(questions_, &until, "pending_requests", "questions are not answered yet");
    if (room) questions_.add(1);
    return room;
  }
  if (kind == Kind::kStart) {
    room = wait_for(waiting_attempts_, &until, "waiting_attempts",
                    "attempts of activities wait for a worker's thread");
  }
  if (room && !(kind == Kind::kEnd && has_room_for_end())) room = wait_to_write(&until);
  if (!room) return room;
  requests_.add(1);
  bytes_.add(bytes + kBytesPerRequest);
  return {};
}

base::Status Admission::wait_to_write(Until* until) {
  const base::Status room =
      wait_for(requests_, until, "pending_requests", "requests are not durable yet");
  if (!room) return room;
  return wait_for(bytes_, until, "pending_bytes", "bytes of requests are not durable yet");
}

bool Admission::has_room_for_end() const {
  return has_reserve(requests_) && has_reserve(bytes_);
}

base::Status Admission::wait_for(Gate& gate,
                                 Until* until,
                                 std::string_view limit,
                                 std::string_view what) {
  if (!gate.full()) return {};
  if (may_wait_ && !NoWaiting::is_here()) {
    if (!*until) *until = base::deadline_in(longest_wait_);
    if (gate.wait_for_room(**until)) return {};
  }
  if (closed_) {
    return base::Error{base::ErrorCode::kStoreClosed,
                       "the engine is closing; nothing was recorded, ask again when it is open"};
  }
  return base::Error{base::ErrorCode::kOverloaded,
                     std::to_string(gate.count()) + " " + std::string(what) +
                         ", the most that EngineLimits::" + std::string(limit) + " = " +
                         std::to_string(gate.limit()) +
                         " allows; nothing was recorded, try again later or send less at a time"};
}

void Admission::leave(Kind kind, std::size_t bytes) {
  if (kind == Kind::kQuestion) return questions_.remove(1);
  requests_.remove(1);
  bytes_.remove(bytes + kBytesPerRequest);
}

void Admission::close() {
  closed_ = true;
  for (Gate* gate : {&requests_, &bytes_, &questions_, &waiting_attempts_}) gate->close();
}

}  // namespace reprise::runtime
