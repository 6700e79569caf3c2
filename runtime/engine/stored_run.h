// A run of this engine for the host: its identity and its history in the store.
#pragma once
#include "proto/parse.h"
#include "runtime/engine/run_history.h"
#include "runtime/engine/run_table.h"
#include "runtime/engine/shared.h"
#include "runtime/fold/run_state.h"
#include "runtime/host/host.h"

namespace reprise::runtime {

class StoredRun final : public RunSource {
 public:
  // For its whole history alone, up to record `last`.
  StoredRun(const Shared& shared, const RunState& state, store::Seq last)
      : StoredRun(shared, state, last, {.run = state.number}, RunLabel()) {}
  StoredRun(const Shared& shared, const RunState& state) : StoredRun(shared, state, RunLabel()) {}
  // For its code: the history since its last checkpoint. Without a label: a closed run that only
  // the archive knows.
  StoredRun(const Shared& shared, const RunState& state, const RunLabel& label)
      : StoredRun(shared, state, state.last_seq, state.replay_after(), label) {}
  StoredRun(const Shared& shared, const KnownRun& run)
      : StoredRun(shared, run.state, run.label()) {}
  // For the part of its history after one record and up to another.
  StoredRun(const Shared& shared,
            const RunState& state,
            store::Seq last,
            const store::ChainEnd& after,
            const RunLabel& label)
      : RunSource(label), shared_(shared), state_(state), last_(last), after_(after) {}

  replay::RunInfo info() const override {
    return {state_.id, state_.workflow_id, *state_.workflow, *state_.task_queue};
  }

  base::Status history(base::Visitor<const proto::Turn&> visit) const override {
    return visit_turns(visit, [this](std::string_view record, proto::Turn* turn) {
      return shared_.sealing.read_turn(record, turn);
    });
  }
  // The same for what is never sealed, ids and kinds: content stays as it is in the log. So no key
  // is needed.
  base::Status structure(base::Visitor<const proto::Turn&> visit) const {
    return visit_turns(visit, [](std::string_view record, proto::Turn* turn) -> base::Status {
      if (proto::parse(record, turn)) return {};
      return base::Error{base::ErrorCode::kStoreDamaged, "a turn is no valid event data"};
    });
  }

 private:
  static constexpr std::size_t kArenaBytes = 1 << 20;

  template <class Read>
  base::Status visit_turns(base::Visitor<const proto::Turn&> visit, const Read& read) const {
    if (state_.damaged_at() != 0) {
      return base::Error{base::ErrorCode::kStoreDamaged,
                         "record " + std::to_string(state_.damaged_at()) + " of run " +
                             state_.id.to_string() + " does not verify; restore a backup"};
    }
    // A run that starts now has no record yet.
    if (last_ == 0) return {};
    google::protobuf::Arena arena;
    const auto take = [&](const store::Record& record) -> base::Visited {
      auto* turn = google::protobuf::Arena::CreateMessage<proto::Turn>(&arena);
      if (const base::Status good = read(record.body, turn); !good) {
        return base::Error{good.error().code, "record " + std::to_string(record.seq) + " of run " +
                                                  state_.id.to_string() + ": " +
                                                  good.error().message};
      }
      const base::Visited seen = visit(*turn);
      if (arena.SpaceUsed() > kArenaBytes) arena.Reset();
      return seen;
    };
    return read_run_history_after(*shared_.store, after_, last_, take);
  }

  const Shared& shared_;
  const RunState& state_;
  const store::Seq last_;
  const store::ChainEnd after_;
};

}  // namespace reprise::runtime
