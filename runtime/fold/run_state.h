// The durable state of a run: the fold of its turns, and nothing else. The same
// fold keeps the state of a live run, rebuilds it from the journal after a crash, and makes the
// archive's summaries.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/function_ref.h"
#include "base/ids.h"
#include "base/pooled.h"
#include "event/catalogue.h"
#include "proto/log.pb.h"
#include "proto/summary.pb.h"
#include "runtime/fold/names.h"
#include "runtime/fold/run_terms.h"
#include "runtime/fold/settings.h"
#include "runtime/run_description.h"
#include "store/record.h"

namespace reprise::runtime {

inline constexpr std::string_view kDefaultTaskQueue = "default";

// Stored in summaries: never renumber.
enum class OperationKind : std::uint8_t {
  kActivity = 1,
  kStep = 2,       // on the activity threads
  kShardStep = 3,  // on the shard
  kTimer = 4,
  kRunTimeout = 5,   // in summaries only, as operation 0: RunState::run_timeout_due_ms()
  kMessage = 6,      // to another run
  kChild = 7,        // another run that this one has started
  kTransaction = 8,  // over tables
};

// Where the replay of a run begins: after its last checkpoint.
struct Checkpointed {
  store::ChainEnd before;    // the last record before; seq 0: none yet, the run has asked for one
  std::uint64_t events = 0;  // of the history up to there
};

struct PendingOperation {
  std::uint32_t id = 0;
  std::uint32_t attempt = 1;  // the current or the next one
  // A timer: when it fires. An attempt that is left open: its earliest limit, or 0. Otherwise: it
  // is not dispatched before this.
  std::int64_t due_ms = 0;
  std::int64_t scheduled_ms = 0;
  OperationKind kind{};
  bool done = false;  // waits to be swept out
  bool open = false;  // its attempt is left open: no thread executes it, a client ends it
  bool started = false;  // the child has begun
  bool cancel_asked = false;  // an activity: the code has cancelled it and waits for its outcome

  bool is_step() const { return kind == OperationKind::kStep || kind == OperationKind::kShardStep; }
  bool is_attempted() const { return is_step() || kind == OperationKind::kActivity; }
  bool is_transaction() const { return kind == OperationKind::kTransaction; }
};

// An operator has stopped the run.
struct Paused {
  std::int64_t since_ms = 0;
  std::string reason;
  std::string principal;
};

// What few runs have: those with terms, those that publish something, those in a chain, those with a
// parent, those that are quarantined.
struct RareState : base::Pooled<RareState> {
  Settings settings;
  store::Seq damaged_at = 0;
  base::RunId continued_from;
  base::RunId first_run_id;
  base::RunId continued_to;
  Parent parent;
  proto::ChildScheduled::ParentClose on_parent_close = proto::ChildScheduled::TERMINATE;
  std::uint32_t depth = 0;
  std::unique_ptr<RunTerms> terms;
  std::unique_ptr<Checkpointed> checkpoint;
  std::unique_ptr<Paused> paused;
  std::unique_ptr<Origin> origin;
};

class RunState {
 public:
  store::RunNumber number = 0;
  base::RunId id;
  store::Seq last_seq = 0;
  std::uint64_t chain = 0;
  std::uint64_t events = 0;
  std::int64_t started_ms = 0;
  const std::string* workflow = nullptr;
  const std::string* task_queue = nullptr;
  std::string workflow_id;
  RunStatus status = RunStatus::kRunning;
  bool unapplied = false;  // deferred inputs wait for the code
  // The last turn ends with a checkpoint: the next one, recorded together with it, begins there.
  bool at_checkpoint = false;

  bool open() const { return status == RunStatus::kRunning || status == RunStatus::kPaused; }
  std::int64_t closed_ms() const { return open() ? 0 : end_ms_; }  // 0: open
  // When the run ends at the latest, while it is open; nullopt: it has no limit.
  std::optional<std::int64_t> run_timeout_due_ms() const {
    if (!open() || end_ms_ == 0) return std::nullopt;
    return end_ms_;
  }

  // nullptr: it has taken none.
  const Checkpointed* checkpoint() const {
    return rare_ == nullptr ? nullptr : rare_->checkpoint.get();
  }
  // The last record before those that a replay needs; none: it needs all of them.
  store::ChainEnd replay_after() const {
    return checkpoint() == nullptr ? store::ChainEnd{.run = number} : checkpoint()->before;
  }
  std::uint64_t events_since_checkpoint() const {
    return checkpoint() == nullptr ? events : events - checkpoint()->events;
  }
  // Where the record before the checkpoint is to be kept when the writer knows it.
  store::ChainEnd* checkpoint_place() { return &rare().checkpoint->before; }

  // nullptr: it was started with none.
  const RunTerms* terms() const { return rare_ == nullptr ? nullptr : rare_->terms.get(); }
  // Of its attempts; nullptr: the default.
  std::shared_ptr<const proto::Precedence> precedence() const {
    return terms() == nullptr ? nullptr : terms()->precedence;
  }
  std::uint32_t attempt() const { return terms() == nullptr ? 1 : terms()->attempt; }
  // Its code does not run before that, while it is open; 0: it may run.
  std::int64_t delayed_until_ms() const {
    return terms() == nullptr || !open() ? 0 : terms()->delayed_until_ms;
  }

  bool is_paused() const { return status == RunStatus::kPaused; }
  // Why; nullptr: it is not, and was not when it ended.
  const Paused* paused() const { return rare_ == nullptr ? nullptr : rare_->paused.get(); }
  // nullptr: its history is all its own.
  const Origin* origin() const { return rare_ == nullptr ? nullptr : rare_->origin.get(); }

  // How long the run may take from its start to its end; 0: it has no limit. Of an open one.
  std::int64_t run_timeout_ms() const;

  // A record that does not verify; 0: none. Otherwise the run is quarantined.
  store::Seq damaged_at() const { return rare_ == nullptr ? 0 : rare_->damaged_at; }
  void set_damaged_at(store::Seq seq);

  // The runs before and after it in its chain, and the first one; all zero: there is none.
  base::RunId continued_from() const {
    return rare_ == nullptr ? base::RunId() : rare_->continued_from;
  }
  base::RunId continued_to() const {
    return rare_ == nullptr ? base::RunId() : rare_->continued_to;
  }
  base::RunId first_of_chain() const {
    return continued_from() == base::RunId() ? id : rare_->first_run_id;
  }
  bool in_chain() const {
    return continued_from() != base::RunId() || continued_to() != base::RunId();
  }

  // The run that has started it, or the first one of its chain; nullptr: a client has.
  const Parent* parent() const { return has_parent() ? &rare_->parent : nullptr; }
  // What is still to be done to it when its parent ends.
  proto::ChildScheduled::ParentClose on_parent_close() const {
    return has_parent() ? rare_->on_parent_close : proto::ChildScheduled::ABANDON;
  }
  // How many runs are above it: its parent, the parent of that, and so on.
  std::uint32_t depth() const { return rare_ == nullptr ? 0 : rare_->depth; }

  // What it publishes.
  const Settings& settings() const;

  // Adds one turn. Everything except last_seq and chain follows from it; a checkpoint keeps those.
  void apply(const proto::Turn& turn, Names& names);

  // nullptr when the operation is not pending (any more).
  const PendingOperation* find(std::uint32_t id) const;
  // Most runs wait for one thing at a time, so the memory for one is used again and again.
  using Pending = std::vector<PendingOperation, base::PooledAllocator<PendingOperation>>;
  const Pending& pending() const { return pending_; }

  // Is one of them a message to another run, of which it is not known what became? So is a child
  // that has not begun. Looks at all of them.
  bool has_messages() const;
  // Is one of them a child?
  bool has_children() const;

  // As stored: empty for the common values, which are the run id's text and the default queue.
  std::string_view stored_workflow_id() const;
  std::string_view stored_task_queue() const;

  // Changes what is sealed by itself (proto/text.proto): the values of settings, and a text.
  using Open = base::FunctionRef<std::string(std::string)>;
  void open_values(Open value, Open text);

  void to_summary(proto::RunSummary* out) const;
  static RunState from_summary(store::RunNumber number,
                               const proto::RunSummary& summary,
                               Names& names);

 private:
  void name(std::string_view stored_workflow_id,
            std::string_view stored_workflow,
            std::string_view stored_task_queue,
            Names& names);
  void publish(const proto::SettingRecorded& setting);
  bool has_parent() const {
    return rare_ != nullptr && rare_->parent.run_id != base::RunId();
  }
  RunTerms* terms_to_change() { return rare_ == nullptr ? nullptr : rare_->terms.get(); }
  class Fold;  // what a walk through a turn does here
  void start(const proto::RunStarted& started, std::int64_t time_ms, Names& names);
  void take_parent(const proto::Sender& parent,
                   proto::ChildScheduled::ParentClose on_close,
                   std::uint32_t depth);
  void note_sender(const proto::Event& input);
  void take_checkpoint();
  void note_operator(const proto::Event& input, std::int64_t time_ms);
  void pause(std::string reason, std::string principal, std::int64_t time_ms);
  void resume();
  void begin_anew(std::int64_t time_ms);
  bool keeps_rare() const;
  void begin(const event::Row& row, const proto::Event& event, std::int64_t time_ms);
  void answer(const event::Row& row, const proto::Event& event);
  PendingOperation* pending(std::uint32_t id);
  void finish(std::uint32_t id);
  void close(RunStatus how, std::int64_t time_ms);
  RareState& rare();

  std::uint32_t done_ = 0;  // how many of pending_ wait to be swept out
  // The limit of an open run, or 0; the end of a closed one. One field, because a million runs may
  // wait.
  std::int64_t end_ms_ = 0;
  Pending pending_;  // by id, ascending
  std::unique_ptr<RareState> rare_;
};

// Is the run paused after these inputs, as it was, or was not, `before` them?
bool is_paused_by(const proto::Turn& turn, bool before);

// As it is recorded.
void write(const Parent& parent, proto::Sender* out);

// What a run that has reached its run_timeout, or that of its chain, has failed with.
proto::Failure time_limit_failure(bool chain);

// How a run ended, from its last turn.
RunEnd end_of(const proto::Turn& last_turn);

// Index key of the archive: runs by status, in order of their start.
std::string index_key(RunStatus status);

// A second one for closed runs: in the order of their ends.
inline constexpr std::string_view kClosingPrefix = "c";
std::string closing_key(std::int64_t closed_ms);
std::int64_t closed_ms_of(std::string_view closing_key);

}  // namespace reprise::runtime
