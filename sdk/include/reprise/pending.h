// What a workflow can wait for and cancel.
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

// Called once for each signal, when it is handed to the code.
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

// For Signal<>, whose payload nobody sees: any signal of that name will do.
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
  // Gives up a timer or the next signal that has not completed: from then on get() throws
  // CancelledFailure at once. An activity and a child are cancelled as on_cancel in their options
  // says. Records an event for a timer, and where an activity or a child is asked to cancel. Does
  // nothing once it is complete, nor for a spawn(), which is given up by dropping it.
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

// A handle to something under way that ends with a T: an activity, a timer, the next signal of an
// inbox, a spawned function, a child. Movable, owned by workflow code, used on the run's own strands
// only. Dropping it does not cancel an activity or a child; a dropped timer fires unseen, a dropped signal goes back
// to the inbox, and a dropped spawn() is stopped on the spot.
template <class T>
class [[nodiscard]] Pending : public PendingBase {
 public:
  Pending(Pending&&) noexcept = default;
  Pending& operator=(Pending&&) noexcept = default;

  // Waits, then hands over the result: call it once (a second call, on any strand, throws
  // UsageError RP2012). Throws the Failure it ended with (an ActivityFailure for an activity), or
  // CancelledFailure if it, or the current scope, was cancelled before it was complete. Throws
  // PayloadError, which parks the run with a report of what is recorded, if the result is not a T.
  // Records nothing.
  T get() {
    const std::string payload = take();
    if constexpr (std::is_void_v<T>) {
      return;
    } else {
      if (auto* box = spawned()) return static_cast<internal::SpawnBox<T>*>(box)->take();
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
  friend class Channel;
  template <class>
  friend class Child;
  template <class>
  friend class Inbox;
  using Decode = internal::DecodeFunction<T>;
  Pending(internal::PendingParts parts, Decode decode) noexcept
      : PendingBase(std::move(parts)), decode_(decode) {}

  Decode decode_;
};

template <class P>
concept AnyPending = std::derived_from<std::remove_cvref_t<P>, PendingBase>;

// The value of a signal that Context::on_any_signal() has handed over. Throws PayloadError RP3001
// if it is no T. Any thread; records nothing.
template <class T>
T decode_signal(std::string_view payload) {
  return std::get<0>(internal::decode_arguments<T>(payload));
}

// The unread signals of one name, in the order of their arrival. Signals wait in it from the start
// of the run, whether or not the code has asked for it yet. A view: all inboxes of a name share the
// signals. A signal that does not decode as a T is not given to the code: when its turn comes it is
// set aside, with a line in the log (RP3013), and the next one is handed over instead, even if
// another receiver, waiting after this one, could have read it. An Inbox<void> takes a signal
// whatever it carries. Workflow code only; valid while the run's code runs. Records nothing else.
template <class T>
class Inbox {
 public:
  // The next signal that no other call of next() gets.
  Pending<T> next(CallSite site = CallSite::current()) {
    return Pending<T>(internal::next_signal(*execution_, name_, site, internal::inbox_reader<T>()),
                      &internal::decode_argument<T>);
  }
  // Are there no signals that next() could hand over now? Sets aside those that are not a T.
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

// A registered query or update handler: destroying this removes the handler, so that a handler can
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
