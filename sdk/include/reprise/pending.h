// What a workflow can wait for, and what it can take back.
#pragma once
#include <concepts>
#include <cstdint>
#include <memory>
#include <reprise/call_site.h>
#include <reprise/error.h>
#include <reprise/internal/opaque.h>
#include <reprise/internal/payload.h>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace reprise {

namespace internal {

// Once for each signal, when it is handed to the code.
template <class T>
bool read_signal(std::string_view payload, std::shared_ptr<void>* value, std::string* why_not) {
  try {
    const auto box = std::make_shared<SpawnBox<T>>();
    if constexpr (std::is_void_v<T>) {
      decode_argument<T>(payload);
    } else {
      box->value.emplace(decode_argument<T>(payload));
    }
    *value = std::static_pointer_cast<SpawnResult>(box);
    return true;
  } catch (const PayloadError& error) {
    *why_not = error.what();
    return false;
  }
}

// Nobody sees what a poke carries: any signal of the name is one.
inline bool read_poke(std::string_view, std::shared_ptr<void>*, std::string*) {
  return true;
}

template <class T>
constexpr ReadSignal inbox_reader() {
  if constexpr (std::is_void_v<T>) {
    return &read_poke;
  } else {
    return &read_signal<T>;
  }
}

}  // namespace internal

// The part of a Pending that does not depend on its type. Workflow code only, on the run's own
// strands; movable, not copyable.
class PendingBase {
 public:
  // Has it completed? Never waits, records nothing. Do not poll: wait_until() waits.
  bool ready() const;
  // Gives up an activity, a timer or the next signal that has not completed: get() throws
  // CancelledFailure from then on, at once. Records an event for an activity and a timer. Does
  // nothing when it is complete, and for a spawn(), which is given up by dropping it.
  void cancel(CallSite site = CallSite::current());

  PendingBase(const PendingBase&) = delete;
  PendingBase& operator=(const PendingBase&) = delete;

 protected:
  explicit PendingBase(internal::PendingParts parts) noexcept : parts_(std::move(parts)) {}
  PendingBase(PendingBase&& other) noexcept;
  PendingBase& operator=(PendingBase&& other) noexcept;
  ~PendingBase();

  // Waits, then throws the failure or returns the payload.
  std::string take();
  internal::SpawnResult* spawned() const { return parts_.spawned.get(); }
  // The payload that was taken does not decode as that type.
  [[noreturn]] void wrong_type(const PayloadError& error,
                               std::string_view payload,
                               std::string_view type) const;

 private:
  friend class Context;
  replay::Operation& operation() const;  // throws when moved from

  internal::PendingParts parts_;
};

// Something under way whose T will be there later: an activity, a timer, the next signal of an
// inbox, a spawned function. A handle to it: movable, owned by workflow code, used on the run's own
// strands only. Dropping it does not cancel an activity; a dropped timer fires unseen, a dropped
// signal goes back to the inbox, and a dropped spawn() is stopped on the spot.
template <class T>
class [[nodiscard]] Pending : public PendingBase {
 public:
  Pending(Pending&&) noexcept = default;
  Pending& operator=(Pending&&) noexcept = default;

  // Waits, then hands over the result: call it once (again, or on two strands: UsageError RP2012).
  // Throws the Failure it ended with (an ActivityFailure for an activity), or CancelledFailure when
  // it was cancelled, or the current scope was before it was complete. Throws PayloadError, which
  // parks the run with a report of what is recorded, when the result is no T. Records nothing.
  T get() {
    const std::string payload = take();
    if constexpr (std::is_void_v<T>) {
      return;
    } else {
      if (auto* box = spawned()) return std::move(*static_cast<internal::SpawnBox<T>*>(box)->value);
      try {
        return decode_(payload);
      } catch (const PayloadError& error) {
        wrong_type(error, payload, internal::type_name<T>());
      }
    }
  }

 private:
  friend class Context;
  template <class>
  friend class Inbox;
  using Decode = internal::DecodeFunction<T>;
  Pending(internal::PendingParts parts, Decode decode) noexcept
      : PendingBase(std::move(parts)), decode_(decode) {}

  Decode decode_;
};

template <class P>
concept AnyPending = std::derived_from<std::remove_cvref_t<P>, PendingBase>;

// The unread signals of one name, in the order of their arrival. Signals wait in it from the start
// of the run, whether or not the code has asked for it yet. A view: make as many as you like, they
// share the signals. A signal that is no T is not for the code: where it would have been handed
// over it is set aside, which the log says (RP3013), and the one after it comes instead; also where
// another receiver, who waits behind this one, could have read it. An Inbox<void> takes whatever a
// signal carries. Workflow code only; valid while the run's code runs. Records nothing else.
template <class T>
class Inbox {
 public:
  // The next signal that nobody else has asked for.
  Pending<T> next(CallSite site = CallSite::current()) {
    return Pending<T>(internal::next_signal(*execution_, name_, site, internal::inbox_reader<T>()),
                      &internal::decode_argument<T>);
  }
  // Has no signal arrived that nobody has asked for? Sets aside those that are no T.
  bool empty(CallSite site = CallSite::current()) const {
    return !internal::has_signal(*execution_, name_, site, internal::inbox_reader<T>());
  }

 private:
  friend class Context;
  Inbox(replay::Execution& execution, std::string_view name)
      : execution_(&execution), name_(name) {}

  replay::Execution* execution_;
  std::string name_;
};

// A query or update handler in force: destroying it takes the handler away, so that a handler can
// refer to the frame that holds its registration. Movable; workflow code only. Records nothing.
class [[nodiscard]] Registration {
 public:
  Registration(Registration&& other) noexcept;
  Registration& operator=(Registration&& other) noexcept;
  ~Registration();

 private:
  friend class Context;
  Registration(replay::Execution& execution, std::uint64_t id) : execution_(&execution), id_(id) {}
  void remove() noexcept;

  replay::Execution* execution_;  // nullptr: moved from
  std::uint64_t id_;
};

}  // namespace reprise
