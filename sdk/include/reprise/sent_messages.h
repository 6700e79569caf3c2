// Signals and updates under way, as a client that has sent them knows them.
#pragma once
#include <memory>
#include <optional>
#include <reprise/internal/payload.h>
#include <reprise/options.h>
#include <reprise/time.h>
#include <string>
#include <type_traits>
#include <utility>

namespace reprise {

namespace internal {
struct SignalLink;
struct UpdateLink;
}  // namespace internal

// A signal under way, from RunHandle::submit_signal(). A value: copies are cheap and stand for the
// same signal. Thread-safe; its Service must outlive it. Dropping it does not revoke the signal.
// Not for workflow code (UsageError RP2004).
class SentSignal {
 public:
  // Waits until the signal is durable and throws what RunHandle::signal() would have thrown.
  void delivered() const;

 private:
  friend class RunHandle;
  explicit SentSignal(std::shared_ptr<internal::SignalLink> link) : link_(std::move(link)) {}

  std::shared_ptr<internal::SignalLink> link_;
};

// The part of an UpdateHandle that does not depend on its type.
class SentUpdate {
 public:
  // Of the update: see UpdateOptions::id. Waits until it is accepted, and throws what
  // start_update() throws, unless the caller gave the id.
  std::string id() const;

 protected:
  std::string wait_result() const;
  std::optional<std::string> wait_result(Duration timeout) const;

 private:
  friend class RunHandle;
  friend class Client;
  template <class U>
  friend class UpdateHandle;
  void wait_for(UpdateStage stage) const;
  explicit SentUpdate(std::shared_ptr<internal::UpdateLink> link) : link_(std::move(link)) {}

  std::shared_ptr<internal::UpdateLink> link_;
};

// An update under way, from RunHandle::start_update(), submit_update() or
// Client::update_with_start(). A value: copies are cheap and stand for the
// same update. Thread-safe; its Service must outlive it. Dropping it does not revoke the update.
// Not for workflow code (UsageError RP2004).
template <class U>
class UpdateHandle : public SentUpdate {
 public:
  // Waits until the run has handled the update, and returns or throws what RunHandle::update()
  // would. May be called again.
  U result() const { return internal::decode_result<U>(wait_result()); }
  // The same for at most `timeout`; nullopt (false for void): not handled yet.
  auto result_for(Duration timeout) const {
    const std::optional<std::string> payload = wait_result(timeout);
    if constexpr (std::is_void_v<U>) {
      return payload.has_value();
    } else {
      return payload ? std::optional<U>(internal::decode_result<U>(*payload)) : std::nullopt;
    }
  }

 private:
  friend class RunHandle;
  friend class Client;
  explicit UpdateHandle(SentUpdate sent) : SentUpdate(std::move(sent)) {}
};

}  // namespace reprise
