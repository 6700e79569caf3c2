// Updates from clients: each becomes an input of its run, unless one with its id did so before. The
// code that may reject it is asked in the run's turn (Round, replay/commands/update.h).
//
//   take() ──► joins one that waits        ──► answered with it
//          └─► input of a turn ──► taken   ──► durable: accepted; its handler ends: answered
//                              ├─► rejected, by its check
//                              ├─► known   ──► answered from the histories of the chain
//                              └─► too early: offered to the next turn
#pragma once
#include <functional>
#include <optional>
#include <string>

#include "runtime/engine/loading.h"
#include "runtime/engine/round.h"
#include "runtime/engine/run_finder.h"

namespace reprise::runtime {

// Not thread-safe: the shard's thread.
class Updates {
 public:
  // Its collaborators; all of them outlive the updates.
  struct Parts {
    Shared& shared;
    const RunTable& runs;
    const RunFinder& finder;
    Intake& intake;
    Effects& effects;
    Loading& loading;
    Outbox& outbox;
    Round& round;
  };
  explicit Updates(const Parts& parts) : parts_(parts) {}

  void take(verb::Update&& asked);
  // The open run gets it in the turn that is being gathered.
  void add(KnownRun& run, verb::Update&& asked);
  // Answers the update if the chain's histories have one with its id and its answer; otherwise
  // calls `unanswered`: an open run may have taken it.
  using Unanswered = std::function<void(bool taken)>;
  void look_up(const verb::Update& asked, const Unanswered& unanswered);

 private:
  // What the history of one run says of an update.
  struct Past {
    std::optional<std::string> name;  // it was taken there
    std::optional<proto::UpdateCompleted> completed;
    bool is_earlier = false;  // an earlier run of the chain took it
  };

  base::Status has_room(const KnownRun& run) const;
  void join(KnownRun& run, const UpdateReply& first, verb::Update&& asked);
  UpdateReply waiting(const KnownRun& run, verb::Update&& asked, bool may_be_known);
  void search(const RunState& newest,
              store::Seq last,
              const verb::Update& asked,
              const Unanswered& unanswered);
  base::Result<Past> read(const RunState& run, store::Seq last, const std::string& id) const;
  static void answer(const RunState& run,
                     const Past& past,
                     const verb::Update& asked,
                     const Unanswered& unanswered);

  const Parts parts_;
};

}  // namespace reprise::runtime
