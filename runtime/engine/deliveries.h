// Messages between runs: takes those for this shard's runs, and the receipts for theirs.
//
// Each is recorded by its receiver exactly once. Within one process it is sent once. After a crash
// it is sent again unless its receipt is recorded: then the receiver's histories tell whether it
// had arrived. They are read back to the record with the command, since nothing before that can
// have it; all runs with the receiver's workflow id are looked at, since the one that recorded it
// may have ended.
#pragma once
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

#include "runtime/engine/loading.h"
#include "runtime/engine/message.h"
#include "runtime/engine/round.h"
#include "runtime/engine/run_finder.h"
#include "runtime/engine/starts.h"

namespace reprise::runtime {

// Not thread-safe: the shard's thread.
class Deliveries {
 public:
  // Its collaborators; all of them outlive the deliveries.
  struct Parts {
    const Shared& shared;
    const RunTable& runs;
    Names& names;
    const RunFinder& finder;
    Intake& intake;
    Effects& effects;
    Loading& loading;
    Outbox& outbox;
    Round& round;
    Starts& starts;
  };
  explicit Deliveries(const Parts& parts) : parts_(parts) {}

  // For a run with a workflow id of this shard.
  void take(const std::shared_ptr<const Message>& message);
  // For a run of this shard.
  void take(const std::shared_ptr<const Receipt>& receipt);

 private:
  using MessageRef = std::shared_ptr<const Message>;
  using Ids = std::set<std::pair<base::RunId, std::uint32_t>>;  // senders and their operations

  void receive(const MessageRef& message);
  void start_with(const MessageRef& message);
  void look_back(const std::string& workflow_id);
  void take_waiting(const std::string& workflow_id, store::RunNumber newest, store::Seq last);
  base::Result<Ids> received(const std::string& workflow_id,
                             store::RunNumber newest,
                             store::Seq last,
                             store::Seq since) const;
  base::Status add_received(const RunState& run, store::Seq last, store::Seq since, Ids* ids) const;
  Reply<void> receipt_for(const MessageRef& message) const;

  const Parts parts_;
  // Of receivers that got one again: in order, until their histories have been read.
  std::unordered_map<std::string, std::deque<MessageRef>> waiting_;
};

}  // namespace reprise::runtime
