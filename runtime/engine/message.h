// A message from one run to another, and what its sender hears of it.
//
//   sender's shard                               receiver's shard
//   command recorded, durable ── Message ──────► recorded as an input, or refused; durable
//   recorded as an input      ◄───── Receipt ───
//
// After a crash a message without a recorded receipt is sent again (deliveries.h).
#pragma once
#include <cstdint>
#include <memory>

#include "proto/log.pb.h"
#include "runtime/engine/child.h"
#include "runtime/run_description.h"
#include "store/record.h"

namespace reprise::runtime {

struct Message {
  RunKey sender;  // with its run id
  RunKey receiver;
  std::uint32_t id = 0;                        // of the command among the sender's operations
  std::shared_ptr<const proto::Event> command; // a SignalSent or a CancelSent
  // Sent again: the record with the command. A receiver may have recorded it after that. 0: sent
  // for the first time in the life of the command.
  store::Seq since = 0;
};

// `command`: a SignalSent or a CancelSent of the run with that key.
Message make_message(RunKey sender, const proto::Event& command, store::Seq since);

struct Receipt {
  RunKey sender;
  std::uint32_t id = 0;
  base::Status delivered;
};

// An error that says nothing of the other run, but only of this engine: it closes, or has not the
// key that the answer needs. Nothing is recorded then, and the next engine asks again.
bool is_passing(const base::Error& why);

struct NewFork;  // resets.h

// Takes messages and what is said of them to the shards of their runs. Thread-safe.
class Post {
 public:
  virtual void send(Message&& message) = 0;
  virtual void send(Receipt&& receipt) = 0;
  virtual void send(ChildCall&& call) = 0;
  virtual void send(ChildNews&& news) = 0;
  virtual void send(ParentQuestion&& question) = 0;
  virtual void send(std::shared_ptr<NewFork> fork) = 0;
  // To every shard...
  virtual void send(const ParentEnded& ended) = 0;
  // ...or to that of this run.
  virtual void send(const ParentEnded& ended, std::string_view child) = 0;

 protected:
  ~Post() = default;
};

}  // namespace reprise::runtime
