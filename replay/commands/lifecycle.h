// The lifecycle of a thing that the code of a run asks for: its states, and the triggers that
// change them. Each kind of command has a table, at the top of its header in this folder; a pair of
// state and trigger that is not in the table is refused.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace reprise::replay {

struct Transition;

class Lifecycle {
 public:
  enum class Kind : std::uint8_t {
    kActivity,
    kStep,
    kTimer,
    kSignal,  // receiving one
    kStrand,  // a spawned one
    kSideEffect,
    kPatch,        // the marker of a change
    kDecision,     // a recorded one
    kMessage,      // to another run
    kSetting,      // publishing one
    kUpdate,       // answering one
    kRun,          // from its start to its end
    kChild,        // another run, from its start to its end
    kChildStart,   // until it has begun
    kTransaction,  // over tables
  };
  static constexpr std::size_t kKinds = 15;

  enum class State : std::uint8_t {
    kCreated,      // created, and nothing has happened to it yet
    kRecorded,     // the log has its command, and its outcome will be an input
    kUnderWay,     // the run's own code will end it, or a signal; the log has no command for it
    kCancelAsked,  // no longer wanted, but its outcome will come
    // It has ended.
    kSucceeded,
    kFailed,
    kCancelled,
    kAbandoned,  // without an outcome
  };
  static constexpr std::size_t kStates = 8;

  enum class Trigger : std::uint8_t {
    kRecord,   // its command is in the log
    kStart,    // it begins without a command
    kSuccess,  // its outcome
    kFailure,
    kCancel,  // the code, or a cancelled scope, gives it up
    kDrop,    // its outcome will never be asked for
    kAsk,     // it is asked to end, and its outcome is waited for
  };
  static constexpr std::size_t kTriggers = 7;

  explicit Lifecycle(Kind kind) : kind_(kind) {}

  Kind kind() const { return kind_; }
  State state() const { return state_; }
  static constexpr bool has_ended(State state) { return state >= State::kSucceeded; }
  bool has_ended() const { return has_ended(state_); }

  // False: the table of its kind does not have this transition, and nothing has changed.
  bool on(Trigger trigger);

  // The next state by the table of the kind; nullopt: the pair is not in it.
  static std::optional<State> next(Kind kind, State from, Trigger trigger);
  static std::span<const Transition> transitions(Kind kind);

 private:
  Kind kind_;
  State state_ = State::kCreated;
};

std::string_view to_string(Lifecycle::Kind kind);  // "activity"

struct Transition {
  using State = Lifecycle::State;
  using Trigger = Lifecycle::Trigger;

  State from;
  Trigger on;
  State to;
};

// The tables, in the headers of this folder.
namespace lifecycles {
using enum Lifecycle::State;
using enum Lifecycle::Trigger;
}  // namespace lifecycles

}  // namespace reprise::replay
