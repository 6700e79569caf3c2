// Messages between a run and those that it has started.
//
//   parent's shard                                   child's shard
//   ChildScheduled, durable ──── ChildCall ────────► its start is recorded, or refused; durable
//   ChildStarted            ◄─── ChildNews ─────────
//   ChildCompleted, -Failed ◄─── ChildNews ───────── the last run of its chain has ended, durable
//   the parent has ended, durable ── ParentEnded ──► it is terminated, or asked to cancel
//
// After a crash the parent asks again what became of each child that it waits for, and each child
// whose end depends on its parent asks whether that has ended.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "proto/log.pb.h"
#include "runtime/host/precedence.h"
#include "runtime/run_description.h"

namespace reprise::runtime {

struct ChildCall {
  RunKey parent;                                // with its run id
  std::uint32_t depth = 0;                      // of the child: how many runs are above it
  std::shared_ptr<const proto::Event> command;  // the ChildScheduled
  SharedPrecedence precedence{};                // the parent's
  // After a crash: it may have been started.
  bool again = false;
  // It has been: this run is meant.
  std::optional<base::RunId> started{};

  const proto::ChildScheduled& scheduled() const { return command->child_scheduled(); }
};

struct ChildNews {
  RunKey parent;
  proto::Event input;  // of the parent
};

// `command`: a ChildScheduled of the run with that key, which has that many runs above it, and
// whose attempts have that precedence.
ChildCall make_call(RunKey parent,
                    std::uint32_t parent_depth,
                    SharedPrecedence precedence,
                    const proto::Event& command);

// The same without what only the start needs: it is kept until the child has ended.
std::shared_ptr<const ChildCall> outline_of(const ChildCall& call);

ChildNews news_of_start(const ChildCall& call, const base::RunId& run, bool existing);
// It is not started.
ChildNews news_of_refusal(const ChildCall& call, const base::Error& why);
// It was, and how it ended cannot be known.
ChildNews news_of_loss(const ChildCall& call, const base::Error& why);
ChildNews news_of_end(const ChildCall& call, const RunEnd& end);

struct ParentEnded {
  base::RunId parent;
};

struct ParentQuestion {
  RunKey parent;
  std::string child;  // a workflow id: of whom to tell
};

}  // namespace reprise::runtime
