// Waits that another thread can end: an activity that waits for another run must not delay the
// worker that is being stopped.
#pragma once
#include <stop_token>
#include <utility>

namespace reprise::base {

// While it exists, this thread's waits for things that may never come end when a stop is requested.
// Scopes nest; the innermost one counts.
class InterruptibleWaits {
 public:
  explicit InterruptibleWaits(std::stop_token stop)
      : stop_(std::move(stop)), outer_(std::exchange(innermost(), this)) {}
  ~InterruptibleWaits() { innermost() = outer_; }
  InterruptibleWaits(const InterruptibleWaits&) = delete;
  InterruptibleWaits& operator=(const InterruptibleWaits&) = delete;

  // Requested when the waits of the calling thread must end; without a scope never requested.
  static std::stop_token stop() {
    return innermost() == nullptr ? std::stop_token() : innermost()->stop_;
  }
  // A wait of the calling thread was ended in this way.
  static void note_interruption() {
    if (innermost() != nullptr) innermost()->interrupted_ = true;
  }
  bool interrupted() const { return interrupted_; }

 private:
  static InterruptibleWaits*& innermost() {
    static constinit thread_local InterruptibleWaits* scope = nullptr;
    return scope;
  }

  const std::stop_token stop_;
  InterruptibleWaits* const outer_;
  bool interrupted_ = false;
};

}  // namespace reprise::base
