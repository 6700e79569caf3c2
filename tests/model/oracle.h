// What must be true of a store's runs: a model of the public API in plain maps, kept by a process
// that never sees the engine. It is told of each call when it is made and of each answer when it
// comes, and reports contradictions.
//
// Calls of several lanes are under way at the same time, and a run may end by itself, so the model
// works with intervals: what was answered before a call was made comes before it, and a request
// that may end a run may have ended it at any time from the request on.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/model/names.h"
#include "tests/model/wire.h"

namespace reprise::model {

// RunStatus, as docs and histories have it.
enum Status : std::uint8_t {
  kRunning = 1,
  kCompleted = 3,
  kFailed = 4,
  kCancelled = 5,
  kTerminated = 6,
  kTimedOut = 7,
};

// Of something that was asked for.
enum class Fate : std::uint8_t {
  kUnderWay,  // not answered yet
  kDone,      // acknowledged
  kPerhaps,   // its process died first
  kNever,     // refused, or found missing after a death
};

struct Message {
  std::string kind;  // as in a history: note, finish, odd, update, cancel, terminate
  std::string text;  // a digest; a reason
  std::uint32_t lane = 0;
  std::uint64_t sent = 0;      // moments on the oracle's clock
  std::uint64_t answered = 0;  // 0: not yet
  int life = 0;                // the process that it was sent to
  Fate fate = Fate::kUnderWay;
};

struct Run {
  std::string id;
  std::string run_id;
  Kind kind{};
  std::string workflow;
  std::string queue;
  std::string argument;
  std::uint32_t lane = 0;  // the only one that starts runs of this id
  bool may_have_ended = false;
  bool has_ended = false;
  bool has_timeout = false;
  bool is_replaced = false;       // by a start that terminates it
  std::set<std::uint8_t> ends{};  // how it may
  std::uint64_t last_safe = 0;    // its code has met everything answered before this moment
  std::uint64_t asked_for = 0;    // when its start was sent
  std::uint64_t was_there = 0;    // when that was answered
  std::int64_t started_at = 0;
  std::int64_t closed_at = 0;
  std::vector<Message> messages{};  // in the order in which they were sent

  // The newest known state.
  std::vector<std::string> history{};  // kind, text, kind, text...
  std::vector<std::string> seen{};
  std::optional<Answer> result{};
  std::uint64_t newest_position = 0;  // of an update
};

// A call that is under way.
struct Sent {
  Call call;
  std::uint64_t at = 0;
  std::string refusal;               // the error code that it must give; empty: unknown
  std::size_t run = kNone;           // the run that it is for
  bool had_ended = false;            // that run, when it was sent
  std::uint64_t position = 0;        // the newest that an update had
  std::vector<std::size_t> parts{};  // its messages
  static constexpr std::size_t kNone = ~std::size_t{0};
};

class Oracle {
 public:
  explicit Oracle(const Names& names) : names_(names) {}

  // `refusal`: the call is wrong, and must fail with that code.
  void sends(const Call& call, std::string refusal = {});
  void hears(const Answer& answer);
  // The process is gone, and the calls under way with it.
  void hears_of_death();
  // The first list() of a new process, of everything: shows which starts were made after all.
  void looks_around(const std::vector<Described>& runs);
  // After that and a history of each run: what is missing now will not appear later.
  void settles();

  // The newest of an id; Sent::kNone: there is none.
  std::size_t newest(const std::string& id) const;
  const std::vector<Run>& runs() const { return runs_; }
  std::size_t under_way() const { return sent_.size(); }
  bool lane_is_free(std::uint32_t lane) const;

  // A history from a copy of the store that was made after the moment `since`.
  void compare_copy(std::size_t run, const Answer& history, std::uint64_t since);
  std::uint64_t moment() const { return moment_; }

  const std::string& wrong() const { return wrong_; }
  // Starts and messages that succeeded: neither refused nor given up.
  std::uint64_t acknowledged() const { return acknowledged_; }
  std::uint64_t perhaps() const { return perhaps_; }

 private:
  void says(const std::string& what);
  void says(const Run& run, const std::string& what);

  // Calls, by what they do.
  void add_message(Sent& sent, std::string kind, std::string text);
  void may_end(Run& run, std::uint8_t how);
  void sends_start(Sent& sent);
  void sends_message(Sent& sent);

  // Answers.
  void hears_start(const Sent& sent, const Answer& answer);
  void hears_new_run(const Sent& sent, const std::string& run_id, const std::string& id);
  void hears_message(const Sent& sent, const Answer& answer);
  void hears_update(const Sent& sent, Message& message, const Answer& answer);
  void hears_query(const Sent& sent, const Answer& answer);
  void hears_result(const Sent& sent, const Answer& answer);
  void hears_history(const Sent& sent, const Answer& answer);
  void hears_list(const Sent& sent, const std::vector<Described>& runs);
  void hears_described(Run& run, const Described& described, bool had_ended);
  void has_ended(Run& run, const std::string& why);

  // What is compared (compare.cc).
  void compare_seen(Run& run, const std::vector<std::string>& seen, std::uint64_t before);
  void compare_history(Run& run, const std::vector<std::string>& lines, std::uint64_t before);
  void compare_lines(const Run& run, const std::vector<std::string>& lines);
  void compare_counts(Run& run, const std::vector<std::string>& lines, std::uint64_t before);
  void compare_order(const Run& run, const std::vector<std::size_t>& order);
  void compare_place(const Call& call, const Run& run, std::uint64_t* before);
  void compare_end(Run& run, const Answer& answer);
  void compare_failure(const Run& run, const Answer& answer);
  Run* find(const std::string& run_id);

  const Names& names_;
  std::uint64_t moment_ = 1;
  int life_ = 0;
  std::vector<Run> runs_;
  std::map<std::string, std::vector<std::size_t>> by_id_;
  std::map<std::string, std::size_t> by_run_id_;
  std::map<std::uint64_t, Sent> sent_;  // by the call's number
  std::vector<Sent> lost_starts_;
  std::string wrong_;
  std::uint64_t acknowledged_ = 0;
  std::uint64_t perhaps_ = 0;
};

}  // namespace reprise::model
