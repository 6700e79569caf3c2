// Observes a replay event by event: used by the debugger's commands.
#pragma once
#include <cstdint>
#include <string>

#include "proto/log.pb.h"

namespace reprise::replay {

struct Trouble;

// Called by an Execution on the run's thread while it replays, or rehearses what follows. Calls on
// a strand have the workflow's own frames on the stack; keep them shallow. Must not call the
// execution, and throws nothing. Events are numbered from 1, in the order of the history, which is
// not the order in which they are reached: a turn's inputs come before all of its commands there.
class ReplayObserver {
 public:
  // A function that returns false ends the replay: the strands leave their stacks, and the turn
  // ends with TurnEnd::kLeft. Nothing is called after that.
  static constexpr bool kLeave = false;

  // The input is applied next. Not on a strand.
  virtual void applying(std::uint64_t event, const proto::Event& input) = 0;
  // A strand goes on because of the input: in the call that waited for it, or at the start of a
  // function.
  virtual bool resumed() = 0;
  // The code makes a command, and the log has `event` in that place; they are not compared yet. On
  // the strand that makes it; on none when it comes from the cancellation of the whole run.
  virtual bool asks(std::uint64_t event, const proto::Event& command) = 0;
  // An exception leaves the code, which will park the run: differs() follows. On the strand that
  // throws it, at the throw: nothing has left the stack yet. `what`: its type and its text.
  virtual void throws(const std::string& what) = 0;
  // The replay cannot go on. On the strand whose call differs from the log, if it is one.
  virtual void differs(const Trouble& trouble) = 0;
  // Every strand waits, or has left its stack: everything that follows from the input has happened.
  // Not on a strand.
  virtual bool settled() = 0;

 protected:
  ~ReplayObserver() = default;
};

}  // namespace reprise::replay
