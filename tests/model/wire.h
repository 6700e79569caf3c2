// The messages between the oracle and the process with the engine, over two pipes.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace reprise::model {

enum class Verb : std::uint8_t {
  kStart,      // `how` says with which call
  kSignals,    // `texts`: each a value; all under way at once, each answered for itself
  kOddSignal,  // of a definition that the code does not know
  kUpdate,
  kUpdateFor,
  kSubmitUpdate,
  kEcho,  // a query that hands its argument back
  kSeen,  // a query for what the run has met
  kUnknownQuery,
  kCancel,
  kTerminate,
  kRetry,
  kResult,  // waits for `ms`; negative: as long as it takes
  kDescribe,
  kHistory,
  kFind,
  kList,
  kBackup,
  kReopen,  // closes the engine and opens it again; nothing else is under way
  kClose,   // and ends the process
};

enum class How : std::uint8_t { kStart, kTryStart, kSubmit };

struct Call {
  std::uint64_t number = 0;
  std::uint32_t lane = 0;  // calls of one lane are made one after the other
  Verb verb{};
  How how{};
  std::string id;
  std::string run_id;  // empty: the newest
  std::string name;    // of the workflow, the odd signal, the query; a directory
  std::string queue;
  std::vector<std::string> texts;
  std::uint8_t reuse = 0;
  std::uint8_t conflict = 0;
  std::uint8_t status = 0;  // list: only these; 0: all
  bool newest_first = true;
  std::uint64_t limit = 0;
  std::int64_t ms = 0;  // a timeout
};

// A run as describe() and list() show it.
struct Described {
  std::string id;
  std::string run_id;
  std::string workflow;
  std::string queue;
  std::uint8_t status = 0;
  std::int64_t started = 0;
  std::int64_t closed = 0;
  std::string parked;  // the code and the report
};

struct Answer {
  std::uint64_t number = 0;
  std::uint32_t part = 0;  // of a call with several parts, from 0
  bool last = true;
  std::string code;  // empty: done; "RP3006"; "failed", "cancelled"... of an outcome
  std::string run_id;
  std::vector<std::string> texts;
  std::vector<Described> runs;
};

// One event of a history as far as the oracle follows it.
//   texts of an answer to kHistory: kind, text, kind, text...

// ---- bytes ------------------------------------------------------------------------------------

template <class F>
void each_field(Described& of, F&& f) {
  f(of.id), f(of.run_id), f(of.workflow), f(of.queue), f(of.status), f(of.started), f(of.closed);
  f(of.parked);
}
template <class F>
void each_field(Call& of, F&& f) {
  f(of.number), f(of.lane), f(of.verb), f(of.how), f(of.id), f(of.run_id), f(of.name), f(of.queue);
  f(of.texts), f(of.reuse), f(of.conflict), f(of.status), f(of.newest_first), f(of.limit), f(of.ms);
}
template <class F>
void each_field(Answer& of, F&& f) {
  f(of.number), f(of.part), f(of.last), f(of.code), f(of.run_id), f(of.texts), f(of.runs);
}

// A frame: its length in four bytes, and the fields.
std::string frame_of(Call call);
std::string frame_of(Answer answer);

// Takes bytes as they come and returns complete messages; a message that a killed process left
// unfinished is never returned.
class Frames {
 public:
  void add(std::string_view bytes) { bytes_.append(bytes); }
  template <class Message>
  std::optional<Message> next();

 private:
  std::string bytes_;
  std::size_t at_ = 0;
};

// ---- values -----------------------------------------------------------------------------------

// Represents a value: its text up to the first colon, its size and its hash.
std::string digest_of(std::string_view value);
// Its text up to the first colon: the number of the call that sent it.
std::uint64_t number_of(std::string_view digest);

}  // namespace reprise::model
