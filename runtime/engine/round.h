// The turns of one round of a shard: gathers inputs by run, runs a turn of each run that has some,
// records it, and hands the records to the writer. A long round does so in parts.
//
//   add_input() ──► runs with inputs ──► turns ──► records ──► writer
//                                          └────► effects, which wait for the disk
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "runtime/engine/child_index.h"
#include "runtime/engine/effects.h"
#include "runtime/engine/intake.h"
#include "runtime/engine/loading.h"
#include "runtime/engine/log_tally.h"
#include "runtime/engine/outbox.h"
#include "runtime/engine/parking.h"
#include "runtime/engine/run_table.h"
#include "runtime/engine/shared.h"
#include "runtime/fold/turn_arena.h"
#include "runtime/host/run_executor.h"

namespace reprise::runtime {

// Not thread-safe.
class Round {
 public:
  // Its collaborators; all of them outlive the round.
  struct Parts {
    Shared& shared;
    RunTable& runs;
    Names& names;
    Intake& intake;
    Effects& effects;
    Outbox& outbox;
    Loading& loading;
    Parking& parking;
    RunExecutor& executor;
    ChildIndex& children;
  };
  explicit Round(const Parts& parts) : parts_(parts) {}
  Round(const Round&) = delete;
  Round& operator=(const Round&) = delete;

  // ---- inputs ----
  // Gives the run a turn in this round, if only for inputs that were deferred.
  void gather(KnownRun& run);
  proto::Event* add_input(KnownRun& run);
  // `reply` is called when the input is durable, or came too late.
  void add_input(KnownRun& run, base::FunctionRef<void(proto::Event*)> fill, Reply<void> reply);
  // The same for the newest input of the run.
  static void confirm(KnownRun& run, const proto::Event* newest, Reply<void> reply);
  // A run with too long a history takes nothing more from outside; it can still be terminated.
  base::Status may_grow(const KnownRun& run) const;

  // ---- turns ----
  bool has_turns() const { return !ready_.empty(); }
  void run_turns();
  void run_turns_if_many();
  void run_turn_if_full(KnownRun& run);
  // Runs and records a turn for the inputs gathered so far, if there are some.
  void run_gathered(KnownRun& run);
  // Does an end that comes from no code have to wait? A run ends when it is known what became of
  // its messages, since nothing sends them again after it, and of its transaction. If so, `again`
  // is posted as mail then.
  bool ends_later(KnownRun& run, std::function<void()> again);
  // Records such an end, after a turn for the inputs gathered before. Not if it has to wait.
  // `unread`: what goes along, if another run follows.
  void record_end(KnownRun& run,
                  base::FunctionRef<void(proto::Event*)> fill,
                  Reply<void> reply,
                  std::int64_t not_before_ms = 0,
                  replay::UnreadInputs* unread = nullptr);

  // ---- runs that go on from another one's history (round_resets.cc) ----
  // How such a run begins: copies, which do nothing, then its own turns.
  struct Beginning {
    RunState state;
    std::vector<proto::Turn> turns;
    std::size_t copied = 0;  // of these
    Reply<StartedRun> reply;
  };
  void begin(Beginning beginning);
  // The same in the commit of the end of `run`, which has nothing to wait for: ends_later(). Those
  // that wait for `run` wait for the other one, for an update if it is one of `updates`.
  void record_reset(KnownRun& run,
                    base::FunctionRef<void(proto::Event*)> fill,
                    Beginning beginning,
                    const std::set<std::string>& updates);

  // ---- transactions ----
  // The run's next record is this one, and until it is durable the run gets no turn. `done` is an
  // effect of it, and calls end_transaction().
  void begin_transaction(KnownRun& run,
                         std::shared_ptr<TransactionRecord> record,
                         std::function<void()> done);
  // Takes over what the record says; the run gets a turn.
  void end_transaction(KnownRun& run);
  // Until it is known what became of its messages, or of its transaction.
  static bool end_must_wait(const KnownRun& run) {
    return run.transacting || run.state.has_messages();
  }

  // ---- the log ----
  // The runs with a record that the writer does not have yet.
  template <class Visit>
  void for_each_recorded(const Visit& visit) const {
    for (const Recorded& turn : recorded_) visit(*turn.run);
  }
  // Hands the last part of the round to the writer.
  void append();
  // Once everything gathered so far is durable. Before the first round, or in one.
  void when_recorded(std::function<void()> act) { when_recorded_.push_back(std::move(act)); }
  // The same for answers about many runs. Without room they are given at once: it is unknown when
  // everything will be durable.
  void tell_when_recorded(std::function<void()> tell) {
    return parts_.intake.full() ? tell() : when_recorded(std::move(tell));
  }
  // An attempt has ended in this round. Its mark is removed when that is durable: until then the
  // next process would count it as lost.
  // `run` may be nullptr: it is not known any more.
  void release_when_recorded(KnownRun* run, store::AttemptSlots::Slot slot);
  // It also counts against the limit on results that are not durable.
  void count_result() { ++results_; }

 private:
  // A turn has at most this many inputs, so that its record stays far below the largest one
  // allowed, however large the payloads are.
  static constexpr int kInputsPerTurn = 256;

  // A recorded turn that the writer does not have yet.
  struct Recorded {
    KnownRun* run = nullptr;
    std::uint8_t flags = 0;
    bool with_next = false;        // committed together with the turn recorded after it
    bool from_checkpoint = false;  // the first one after it
    std::size_t begin = 0;         // of its record in bodies_
    std::size_t end = 0;
    std::shared_ptr<store::Completion> completion{};  // has its record instead
  };

  // A turn that is not recorded yet.
  struct Made {
    KnownRun* run = nullptr;
    proto::Turn* turn = nullptr;
  };

  proto::Turn* turn_of(KnownRun& run);
  static void hold(KnownRun& run);
  void take_held(KnownRun& run);
  std::size_t make_turns(std::size_t first);
  void run_turn(KnownRun& run, proto::Turn& turn);
  bool make_turn(KnownRun& run, proto::Turn& turn);
  bool is_full(const KnownRun& run) const;
  bool run_code(KnownRun& run, proto::Turn& turn);
  static void offer_updates(KnownRun& run, proto::Turn& turn);
  static void hold_updates(KnownRun& run, proto::Turn& turn);
  void note_untaken(KnownRun& run, std::vector<replay::UntakenUpdate>&& untaken);
  // An end waits for the run's messages: its code runs no more, or it could send others for ever.
  // So it does while the run is about to be reset.
  static bool awaits_end(const KnownRun& run) {
    return run.resetting || (run.extras != nullptr && !run.extras->when_told.empty());
  }
  bool is_recorded_first(const KnownRun& run) const;
  void clear_of_suspicion(KnownRun& run);
  void replay_afresh(store::RunNumber number);
  void add_replay(const RunState& state, const proto::Turn& turn, bool known);
  void replay_segment(store::RunNumber number, const store::ChainEnd& after, std::uint64_t events);
  void await_load(KnownRun& run);
  void await_durable(const KnownRun& run);
  void record(KnownRun& run,
              proto::Turn& turn,
              bool with_next = false,
              replay::UnreadInputs* unread = nullptr,
              const std::function<void()>* begin_next = nullptr);
  void record_copy(KnownRun& run, const proto::Turn& turn);
  void append_body(const proto::Turn& turn);
  void start_next(KnownRun& run,
                  const proto::Turn& last,
                  std::int64_t run_timeout_ms,
                  replay::UnreadInputs unread);
  void start_segment(KnownRun& run, const proto::Turn& last);
  bool goes_with_last() const { return !recorded_.empty() && recorded_.back().with_next; }
  static bool is_delayed(const KnownRun& run, const proto::Turn& turn);
  void run_all_gathered(KnownRun& run);
  void tell_ends(KnownRun& run);
  void keep_family(const KnownRun& run, bool begins, bool had_children);
  void append_if_full();
  void append_turns();

  base::Time now() const { return parts_.shared.clock.now(); }

  const Parts parts_;
  TurnArena arena_;
  std::vector<std::unique_ptr<proto::Turn>> released_;  // turns of this round that were held
  std::vector<KnownRun*> ready_;
  std::vector<Made> made_;
  LogTally set_aside_;
  std::string bodies_;
  std::string plain_;  // of the body that is being sealed
  std::vector<Recorded> recorded_;
  std::vector<store::Draft> drafts_;
  store::Seq last_appended_ = 0;
  std::vector<std::function<void()>> when_recorded_;
  std::vector<store::AttemptSlots::Slot> slots_;
  std::size_t results_ = 0;
};

}  // namespace reprise::runtime
