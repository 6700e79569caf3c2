// What a run did, as a list of operations with their beginnings and ends: its history folded for
// people. Knows nothing of how it is shown.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "event/catalogue.h"
#include "proto/log.pb.h"
#include "runtime/run_description.h"

namespace reprise::tools {

struct FailedAttempt {
  std::uint32_t number = 0;
  std::int64_t at_ms = 0;
  std::int64_t next_ms = 0;  // when another may begin; 0: none will
  proto::Failure failure{};
};

struct Operation {
  enum class Kind {
    kActivity,
    kStep,
    kTimer,
    kMessage,
    kChild,
    kTransaction,
    kSignal,
    kUpdate,
    kSideEffect,
    kPatch,
    kDecision,
    kSetting,
    kCancelRequest,
    kCheckpoint
  };
  enum class State {
    kDone,
    kWaiting,
    kFailed,
    kCancelled,  // the code asked for that, or the run ended before it did
    kSetAside,   // signals: the code did not see it
  };

  Kind kind{};
  State state = State::kWaiting;
  std::uint32_t id = 0;  // activities, steps, timers, messages
  std::uint64_t event = 0;
  std::string name{};
  std::string file{};
  std::uint32_t line = 0;
  std::int64_t began_ms = 0;
  std::int64_t ended_ms = 0;
  std::int64_t due_ms = 0;  // timers
  std::vector<FailedAttempt> failures{};
  std::string input{};
  std::string result{};
  std::string heartbeat{};
  std::string task_queue{};
  std::string receiver{};         // messages, children: the workflow id of the other run
  bool started = false;           // children: it has begun
  // Activities: when the code cancelled it, to wait for its outcome; 0: it has not.
  std::int64_t cancel_asked_ms = 0;
  std::string sender{};           // of what another run has sent: its workflow id, or its run id
  std::optional<bool> outcome{};  // decisions
  std::optional<proto::SettingRecorded> setting{};  // settings
  // Activities, while an attempt is left open: since then, and until its earliest limit, or 0.
  std::int64_t open_since_ms = 0;  // 0: it is not
  std::int64_t limit_ms = 0;
  proto::ActivityScheduled limits{};  // the activity's own
  std::string refused{};              // signals that were set aside: what the codec said
  bool again = false;                 // it came before a checkpoint, and no code had taken it

  bool is_attempted() const { return kind == Kind::kActivity || kind == Kind::kStep; }
  bool has_ended() const { return state != State::kWaiting; }
  void end(State how, std::int64_t time_ms) {
    state = how;
    ended_ms = time_ms;
  }
  bool is_to_cancel() const { return cancel_asked_ms != 0 && !has_ended(); }
  bool is_open() const { return open_since_ms != 0 && !has_ended(); }
  void fail(const proto::Failure& failure, std::int64_t time_ms);
  void leave_open(const proto::AttemptLeftOpen& left);
  void add_heartbeat(const std::string& details, std::int64_t time_ms);
  void add_last_failure(const proto::Failure& failure, std::int64_t time_ms);
  // Attempts that ended, plus one that is under way, waits, or completed the activity.
  std::size_t attempts() const {
    const bool one_more = state == State::kDone || state == State::kWaiting;
    return failures.size() + (one_more ? 1 : 0);
  }
};

// The run that has sent this input; empty: a client, or an input of another kind.
std::string sender_in(const proto::Event& event);

std::string_view to_string(Operation::Kind kind);
std::string_view to_string(Operation::State state);

// Keeps every operation of the run in memory. One thread.
class Timeline {
 public:
  // In order, all of them.
  void add(const proto::Turn& turn);

  const std::vector<Operation>& operations() const { return operations_; }
  const std::string& input() const { return input_; }
  const runtime::RunEnd& end() const { return end_; }
  std::int64_t last_ms() const { return last_ms_; }  // of the newest turn
  // Inputs that no code has seen yet.
  std::size_t unapplied() const { return unapplied_; }

 private:
  class Reader;  // what a walk through a turn adds here
  void add_line(Operation::Kind kind,
                const event::Row& row,
                const proto::Event& event,
                std::int64_t time_ms);
  void answer(const event::Row& row, const proto::Event& event, std::int64_t time_ms);
  void finish_update(const proto::UpdateCompleted& completed, std::int64_t time_ms);
  void set_aside(const proto::SignalSetAside& signal);
  Operation& begin(Operation::Kind kind,
                   const event::Row& row,
                   const proto::Event& event,
                   std::int64_t time_ms);
  Operation* find(std::uint32_t id);
  void close(std::int64_t time_ms);

  std::vector<Operation> operations_;
  std::unordered_map<std::uint32_t, std::size_t> by_id_;
  std::unordered_map<std::string, std::size_t> updates_;
  std::string input_;
  runtime::RunEnd end_;
  std::uint64_t events_ = 0;
  std::int64_t last_ms_ = 0;
  std::size_t unapplied_ = 0;
  std::size_t again_ = 0;  // of the inputs that follow: so many came before a checkpoint
};

}  // namespace reprise::tools
