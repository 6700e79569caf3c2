// Taking and answering updates. Before a live turn gives the code an update, it is looked at: one
// that was taken before, or that the check of its handler rejects, is no input and leaves no trace;
// replay therefore calls no checks. Then it has a strand, which ends with the command that has the
// answer. Handlers are registered by Execution::accept(). docs/adr/0048-updates.md.
#pragma once
#include <array>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "proto/log.pb.h"
#include "replay/commands/lifecycle.h"
#include "replay/execution.h"
#include "replay/handlers.h"
#include "replay/unread.h"
#include "replay/untaken_update.h"

namespace reprise::replay {

struct RunCore;
struct StrandRecord;

namespace lifecycles {
// A new one may wait until the code is constructed, or its handler registered.
inline constexpr std::array kUpdate = {
    Transition{kCreated, kStart, kUnderWay},
    Transition{kUnderWay, kSuccess, kSucceeded},
    Transition{kUnderWay, kFailure, kFailed},
};
}  // namespace lifecycles

class Updates {
 public:
  explicit Updates(RunCore& run) : run_(run) {}

  void accept(std::string_view name,
              std::uint64_t id,
              Execution::UpdateHandler handler,
              Execution::UpdateCheck check);
  void remove_handler(std::uint64_t id) { handlers_.remove(id); }

  // An update that comes now, in a live turn. Runs the check of its handler. nullopt: the code may
  // have it.
  std::optional<UntakenUpdate> look_at(const proto::UpdateReceived& update) const;
  bool takes_any() const;
  void apply(const proto::Event& input);  // an UpdateReceived
  // The code is constructed and has registered its handlers.
  void code_is_made();

  // The run ends: updates without an answer, also those whose handlers are under way.
  void add_unread(std::vector<Unread>* out) const;

  // Updates that earlier runs of the chain have taken; and what the next run is to know.
  void know_earlier(const proto::RunStarted& started);
  std::vector<std::uint64_t> latest_known() const;

  // One that has no answer: its name and id.
  std::optional<std::string> under_way() const;
  // The headers of the one whose handler runs on that strand; nullptr: none does.
  const event::HeaderFields* headers_on(const StrandRecord* strand) const;
  // Those that wait for a handler are not.
  std::size_t handlers_under_way() const { return open_.size() - kept_.size(); }

 private:
  struct Received {
    proto::UpdateReceived update;
    std::uint64_t order = 0;  // see Operation::order()
    Lifecycle life{Lifecycle::Kind::kUpdate};
    const StrandRecord* strand = nullptr;  // its handler's
  };
  using Open = std::list<Received>;
  struct Handler {
    Execution::UpdateHandler handle;
    Execution::UpdateCheck check;  // may be empty
  };
  // Every update that the run has taken, by the hashes of their ids: whoever sends one again is
  // answered from the history, where the ids are. Most runs have none.
  struct Known {
    std::unordered_set<std::uint64_t> ids;
    std::vector<std::uint64_t> in_order;
  };

  // Those that have waited for a handler of that name; nullopt: of any name.
  void handle_kept(std::optional<std::string_view> name);
  void handle(Open::iterator received);
  void know(std::uint64_t id);
  std::optional<UntakenUpdate> look_at_known(const proto::UpdateReceived& update) const;
  Outcome outcome_of(const proto::UpdateReceived& update) const;
  void answer(Open::iterator received, Outcome* outcome);

  RunCore& run_;
  HandlerMap<Handler> handlers_;
  Open open_;                         // received and not answered
  std::vector<Open::iterator> kept_;  // of these, those that wait for a handler
  std::unique_ptr<Known> known_;
  bool made_ = false;
};

}  // namespace reprise::replay
