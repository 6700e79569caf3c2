// The catalogue: a row for each kind of proto::Event says what the kind is. Code that treats kinds
// differently asks the row; a new kind is one more row in catalogue.cc.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <google/protobuf/message.h>

#include "event/run_status.h"
#include "proto/log.pb.h"

namespace reprise::event {

enum class Role : std::uint8_t {
  kUnknown,      // of a kind that only a newer version knows
  kInput,        // something happened to the run
  kBookkeeping,  // an input for the engine's bookkeeping: code does not see it
  kCommand,      // the code asked for something
};

// An operation begins with a command event, is numbered by its id, and ends once.
enum class Operation : std::uint8_t {
  kNone,
  kActivity,
  kStep,
  kTimer,
  kMessage,
  kChild,
  kTransaction
};

// "activity".
std::string_view to_string(Operation operation);

// What an event says about the operation whose id it carries.
enum class Answer : std::uint8_t {
  kNone,
  kResult,         // it has come to its end, with the event's payload if there is one
  kFailure,        // it has come to its end, with the event's failure
  kGivenUp,        // the code no longer wants it: cancelled, or abandoned
  kAttemptFailed,  // it goes on with another attempt
  kHeartbeat,      // its attempt has reported something
  kLeftOpen,       // its attempt goes on without a thread, until it is ended elsewhere
  kStarted,        // a child has begun
  kCancelAwaited,  // it is asked to end, and its outcome will come
};

// Is the operation over with it?
constexpr bool finishes(Answer answer) {
  return answer == Answer::kResult || answer == Answer::kFailure || answer == Answer::kGivenUp;
}

struct Row {
  using Event = proto::Event;

  Event::KindCase kind = Event::KIND_NOT_SET;
  std::string_view name = "unknown event";  // "ActivityScheduled"
  Role role = Role::kUnknown;

  // What it does.
  std::optional<RunStatus> ends{};     // the run, which then has this status
  Operation opens = Operation::kNone;  // the id numbers what begins here
  Answer answers = Answer::kNone;      // to the operation of that id

  // What it carries; nullptr: nothing of the sort.
  const google::protobuf::Message& (*body)(const Event&) = nullptr;  // only the unknown have none
  std::uint32_t (*id)(const Event&) = nullptr;                       // of an operation
  const std::string& (*called)(const Event&) = nullptr;              // a name that users chose
  const std::string& (*payload)(const Event&) = nullptr;  // the one field of bytes that is no text
  const proto::Failure* (*failure)(const Event&) = nullptr;  // which may be absent: nullptr
  const std::string& (*remark)(const Event&) = nullptr;      // the reason that somebody gave
  const std::string& (*principal)(const Event&) = nullptr;   // of the client that caused it

  // What distinguishes it from others of its kind besides its name and its id.
  std::string (*detail)(const Event&) = nullptr;

  // Are two of this kind the same command? nullptr: always.
  bool (*same)(const Event&, const Event&) = nullptr;
  // Does everything else that they carry also count in strict mode? The value of a side effect is
  // an answer, and is not computed again.
  bool strict = false;

  // Copies what describe() shows, and neither payload nor failure; nullptr: everything is small.
  void (*outline)(const Event&, Event*) = nullptr;
};

// One more than the highest number of a kind.
inline constexpr std::size_t kKindNumbers = 80;
extern const std::array<const Row*, kKindNumbers> kRowOfKind;

// Where tables of kinds have it; those that this version does not know share a place.
constexpr std::size_t place_of(proto::Event::KindCase kind) {
  const auto number = static_cast<std::size_t>(kind);
  return number < kKindNumbers ? number : 0;
}

// The row of kinds that this version does not know.
inline const Row& row_of(proto::Event::KindCase kind) {
  return *kRowOfKind[place_of(kind)];
}
inline const Row& row_of(const proto::Event& event) {
  return row_of(event.kind_case());
}

// All known kinds.
std::span<const Row> rows();
// By name; nullptr: there is no such kind.
const Row* row_named(std::string_view name);

inline bool is_bookkeeping(const proto::Event& event) {
  return row_of(event).role == Role::kBookkeeping;
}

}  // namespace reprise::event
