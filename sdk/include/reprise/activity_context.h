// What activity code sees of its attempt.
#pragma once
#include <memory>
#include <optional>
#include <reprise/internal/payload.h>
#include <stop_token>
#include <string>
#include <string_view>

namespace reprise {

namespace runtime {
class ActivityAttempt;
}  // namespace runtime

namespace internal {
class ActivityRunner;
struct OpenAttempt;
}  // namespace internal

// One attempt of an activity, for the function that implements it; owned by the SDK and valid until
// that function returns. Used by the attempt's own thread; only heartbeat() may be called from
// others too. An activity runs outside the turn: it may do anything, and it may be executed more
// than once, so pass the idempotency key to whatever it changes. Not for workflow code.
class ActivityContext {
 public:
  ActivityContext(const ActivityContext&) = delete;
  ActivityContext& operator=(const ActivityContext&) = delete;

  // The same for every attempt of one call, different for every other call.
  std::string_view idempotency_key() const;
  int attempt() const;  // from 1; an attempt cut short by a crash counts
  std::string_view activity() const;
  std::string_view workflow_id() const;

  // Stop is requested when the run gave the activity up, a limit of its ActivityOptions passed, or
  // the worker is stopping. Throw CancelledFailure, or return: nobody waits for the result any
  // more, except the code of an activity with CancelMode::kWait, which gets what becomes of it. A
  // std::stop_callback is called on another thread of the worker or on the thread that
  // stops it: it must be short and, as the standard says, throw nothing. It may use a Client, but
  // result() throws RP1008 there while the worker is stopping.
  std::stop_token stop_token() const;

  // Says that the attempt is alive, see ActivityOptions::heartbeat. Cheap; never waits; throws only
  // PayloadError, for details that are too large.
  void heartbeat();
  // The same with progress for the next attempt: how far this one came.
  template <class T>
  void heartbeat(const T& details) {
    send_heartbeat(internal::encode_payload<T>(details));
  }
  // The latest details that earlier attempts of this call reported, to go on from there. Throws
  // PayloadError if they are not a T.
  template <class T>
  std::optional<T> heartbeat_details() const {
    const std::string_view details = last_details();
    if (details.empty()) return std::nullopt;
    return internal::decode_payload<T>(details);
  }

 private:
  friend class internal::ActivityRunner;
  friend struct internal::OpenAttempt;
  explicit ActivityContext(runtime::ActivityAttempt& attempt) : attempt_(&attempt) {}
  void send_heartbeat(std::string details);
  std::string_view last_details() const;

  runtime::ActivityAttempt* attempt_;
};

}  // namespace reprise
