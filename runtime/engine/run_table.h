// The runs that a shard knows: all open ones, and the closed ones that the archive has not taken
// over yet.
#pragma once
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/container/small_vector.hpp>

#include "base/pooled.h"
#include "base/slab.h"
#include "runtime/client_request.h"
#include "runtime/engine/live_operations.h"
#include "runtime/engine/run_index.h"
#include "runtime/fold/run_state.h"
#include "runtime/host/host.h"
#include "store/attempt_slots.h"

namespace reprise::runtime {

class TransactionRecord;
class Unsent;

// Called when an input that a client sent is durable, or when it came too late.
struct InputReply {
  int input = 0;  // index among the turn's inputs
  Reply<void> reply;
  bool goes_along = false;  // if the run continues without it, it is an input of the next one
};

// Somebody who waits for an update. Several may wait for the same one: it is handled once.
struct UpdateReply {
  std::string update_id;
  Reply<replay::Outcome> reply;
  Reply<std::string> accepted{};  // told the id when the update is durable; may be empty
  std::string name{};
  bool recorded = false;  // the update is in the history, or in the turn that is being recorded
  // Its input, while the run's code cannot take it: then it is not recorded either.
  std::shared_ptr<proto::Event> held{};
  // Answers from the histories, where an update with this id is. Empty: the id was made here.
  std::function<void()> look_up{};
};

// Fields that most runs rarely need.
struct RunExtras : base::Pooled<RunExtras> {
  boost::container::small_vector<std::shared_ptr<RunWatch>, 1> watches;
  Reply<StartedRun> started;         // to the request that started it
  std::unique_ptr<RunEnd> end;       // for the watches, until the end is durable
  std::vector<InputReply> replies;   // to inputs of the turn being gathered
  std::vector<UpdateReply> updates;  // not answered
  std::vector<replay::UntakenUpdate> untaken;    // by the turn that is being recorded
  std::vector<std::function<void()>> when_told;  // see Round::ends_later()
  std::optional<base::Error> parked;
  std::shared_ptr<const Unsent> unsent;            // it does not open, and waits: Parking
  std::shared_ptr<TransactionRecord> transaction;  // with the writer
  std::unique_ptr<proto::Turn> held;  // inputs that came since then, and wait for its outcome
  std::vector<store::AttemptSlots::Slot> held_slots;  // of the attempts whose results these are
  LiveOperations operations;  // activities and steps
  std::vector<std::uint32_t> held_timers;  // due, and wait for the run to be resumed
};

struct KnownRun {
  RunState state;
  Host::Place place = nullptr;  // while it is resident
  proto::Turn* turn = nullptr;  // inputs gathered in this round; in the round's arena
  std::unique_ptr<RunExtras> extras;
  KnownRun* older = nullptr;  // the run that had the workflow id before
  bool appending = false;     // has a turn in this round that is not with the writer yet
  bool awaits_load = false;   // a turn follows as soon as its history can be read
  bool starting = false;      // its first record is not durable yet
  bool damaged = false;       // quarantined: its history does not verify
  bool overtaken = false;     // quarantined, or it was: recovered_run.h
  bool transacting = false;   // its next record is with the writer, and says what it is later
  // In one byte: there may be millions of runs.
  bool suspect : 1 = false;    // its code may have ended the last process (store/turn_marks.h)
  bool resetting : 1 = false;  // its code runs no more, unless it cannot be reset after all
  bool unlinked = false;      // no newer run of its id refers to it any more: RunTable

  RunExtras& with_extras() {
    if (extras == nullptr) extras = std::make_unique<RunExtras>();
    return *extras;
  }
  // A run may wait for months: empty extras are not kept.
  void drop_empty_extras();
  // What only this process knows of an operation; nullptr: nothing.
  LiveOperation* live(std::uint32_t id) const {
    return extras == nullptr ? nullptr : extras->operations.find(id);
  }
  // The task queue in which attempts of the activity wait for a worker.
  const std::string& queue_of(const proto::ActivityScheduled& activity) const {
    return activity.task_queue().empty() ? *state.task_queue : activity.task_queue();
  }
  RunLabel label() const {
    return {.number = state.number,
            .workflow_id = state.workflow_id,
            .workflow = *state.workflow,
            .events = state.events,
            .starting = starting};
  }
  // Does an update wait for code that can take it?
  bool holds_updates() const;
  // Is there something for its code that no turn has shown it?
  bool has_work() const { return state.unapplied || holds_updates(); }
  // Has an operator stopped it, also by an input that is gathered?
  bool paused() const;
  bool parked() const { return extras != nullptr && extras->parked.has_value(); }
  // Parked because its code ends processes: a new worker does not change that.
  bool is_set_aside() const {
    return parked() && extras->parked->code == base::ErrorCode::kPoisoned;
  }
  // Has this round changed the run? Then the log does not have the change yet, and a question must
  // wait.
  bool in_round() const { return turn != nullptr || appending; }
  // Or an earlier one, for a turn that still waits?
  bool has_unrecorded() const {
    return in_round() || (extras != nullptr && extras->held != nullptr);
  }
};

// Not thread-safe.
class RunTable {
 public:
  RunTable() = default;
  ~RunTable();
  RunTable(const RunTable&) = delete;
  RunTable& operator=(const RunTable&) = delete;

  KnownRun& add(RunState state);
  KnownRun* find(store::RunNumber number) const;
  // The run is asked for soon (base/prefetch.h).
  void prefetch(store::RunNumber number) const;
  // Most often that run; otherwise another one or nullptr. Does not touch the run.
  const KnownRun* guess(store::RunNumber number) const;
  // The newest known run with this workflow id.
  KnownRun* find(std::string_view workflow_id) const;
  // That one run with this workflow id.
  KnownRun* find(std::string_view workflow_id, const base::RunId& run_id) const;
  template <class Visit>
  void for_each(const Visit& visit) const {
    by_number_.for_each(visit);
  }
  std::size_t size() const { return by_number_.size(); }

  // A record of the run is with the writer.
  void changed(const KnownRun& run) { changed_.emplace_back(run.state.last_seq, run.state.number); }
  // The runs with records that are not known to be archived, each at least once; some of them may
  // be forgotten.
  template <class Visit>
  void for_each_changed(const Visit& visit) const {
    for (const auto& [seq, number] : changed_) visit(number);
  }

  // The run has ended; it is forgotten by forget_archived() once its last record is archived.
  void closed(KnownRun& run) { closed_.push_back(&run); }
  void forget_archived(store::Seq through);

 private:
  KnownRun* newest(std::uint32_t hash, std::string_view workflow_id) const;
  void forget(KnownRun* run, store::Seq through);
  static void unlink(KnownRun* run, KnownRun* newest, store::Seq through);

  // Runs live longer than most objects: in blocks of their own they do not leave half-empty pages
  // behind when others are freed.
  base::Slab<KnownRun> runs_;
  RunIndex by_number_;
  RunIndex by_id_;  // the newest of each workflow id
  std::deque<KnownRun*> closed_;
  // By the numbers of their records: those that may not be archived yet.
  std::deque<std::pair<store::Seq, store::RunNumber>> changed_;
};

}  // namespace reprise::runtime
