// What a shard tells others about a run, never before it is on disk. The others are clients that
// have sent an input, asked for an update or a start, or wait for the end, and runs to which this
// one sends messages.
//
//   turn recorded ──► effects ──durable──► reply, watch or message
#pragma once
#include <functional>
#include <set>
#include <string>

#include "proto/log.pb.h"
#include "runtime/engine/effects.h"
#include "runtime/engine/message.h"
#include "runtime/engine/run_table.h"

namespace reprise::runtime {

// Not thread-safe.
class Outbox {
 public:
  // `post` outlives the outbox.
  Outbox(Effects& effects, Post& post) : effects_(effects), post_(post) {}

  // The turn was recorded: callers that wait for its start or an input of it are answered when it
  // is durable. After the last turn of a run, so are those that wait for the end.
  void recorded(KnownRun& run, const proto::Turn& turn);
  // The turn being recorded ends the update: its sender is answered likewise.
  void answer_update(KnownRun& run, const proto::UpdateCompleted& completed);
  // The command of the turn being recorded is a message to another run.
  void send(const KnownRun& run, const proto::Event& command);
  // The command of the turn being recorded starts a child.
  void call_child(const KnownRun& run, const proto::Event& command);
  // It ends with the turn being recorded, and has children.
  void tell_children(const KnownRun& run);
  // It has continued as the next one: those that wait for its end or for an update wait for that.
  static void move_to_next(KnownRun& run, KnownRun& next);
  // It goes on as that one from an earlier event: the same, but those that wait for other updates
  // than these hear that the run has ended.
  static void move_to_reset(KnownRun& run, KnownRun& next, const std::set<std::string>& updates);
  // The run had ended before its gathered inputs could be recorded.
  static void refuse_inputs(KnownRun& run);
  // The code does not go on.
  static void refuse_updates(KnownRun& run, const base::Error& why);
  // The turn has not taken these updates (KnownRun::extras->untaken): their senders are told, when
  // the state that this follows from is durable. Not recorded: the turn had nothing else.
  void tell_untaken(KnownRun& run);
  // The run's code cannot take the update now: it waits here. Forgotten if nobody waits for it.
  static void hold(KnownRun& run, proto::Event* update);
  // The update is in the history: tells its id when that is durable.
  void tell_accepted(const KnownRun& run, UpdateReply& update);

  // The first turn of the run is durable, or the last one.
  static void started(KnownRun& run);
  static void ended(KnownRun& run);

  // An answer that depends on the state of `run`: if that is not durable yet, the answer must wait.
  // nullptr: it is durable.
  template <class T>
  void refuse(const KnownRun* run, const base::Error& why, const Reply<T>& reply) {
    const auto known = run == nullptr ? store::Seq{0} : run->state.last_seq;
    const bool recorded = run != nullptr && run->appending;
    if (!recorded && effects_.is_durable(known)) return reply(why);
    Effect told{.kind = Effect::Kind::kConfirm,
                .confirm = [reply, why](const base::Status& s) { reply(s ? why : s.error()); }};
    if (recorded) return effects_.add(std::move(told));
    effects_.after(known, std::move(told));
  }

  // The engine is closing: requests whose turns are not known to be durable are told why.
  void answer_requests(const base::Error& why);
  // And those that wait for a later answer of a run.
  static void fail_waiting(KnownRun& run, const base::Error& why);

 private:
  void answer_start(KnownRun& run, const proto::Turn& turn);
  void answer_inputs(KnownRun& run, const proto::Turn& turn);
  void accept_updates(KnownRun& run, const proto::Turn& turn);
  void tell_untaken(KnownRun& run, replay::UntakenUpdate& untaken);
  // Those who wait for that update no longer do, and are told when the run's state is durable.
  void dismiss(KnownRun& run,
               const std::string& update_id,
               const std::function<void(const UpdateReply&)>& tell);
  void when_durable(const KnownRun& run, std::function<void()> act);

  Effects& effects_;
  Post& post_;
};

}  // namespace reprise::runtime
