// Answering updates: a strand for each, which ends with the command that has the answer. Handlers
// are registered by Execution::accept().
#pragma once
#include <array>
#include <cstdint>
#include <list>
#include <optional>
#include <string_view>
#include <vector>

#include "proto/log.pb.h"
#include "replay/commands/lifecycle.h"
#include "replay/execution.h"
#include "replay/handlers.h"
#include "replay/unread.h"

namespace reprise::replay {

struct RunCore;

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

  void accept(std::string_view name, std::uint64_t id, Execution::UpdateHandler handler);
  void remove_handler(std::uint64_t id) { handlers_.remove(id); }

  void apply(const proto::Event& input);  // an UpdateReceived
  // The code is constructed and has registered its handlers.
  void code_is_made();

  // The run ends: updates without an answer, also those whose handlers are under way.
  void add_unread(std::vector<Unread>* out) const;

 private:
  struct Received {
    proto::UpdateReceived update;
    std::uint64_t order = 0;  // see Operation::order()
    Lifecycle life{Lifecycle::Kind::kUpdate};
  };
  using Open = std::list<Received>;

  // Those that have waited for a handler of that name; nullopt: of any name.
  void handle_kept(std::optional<std::string_view> name);
  void handle(Open::iterator received);
  Outcome outcome_of(const proto::UpdateReceived& update) const;
  void answer(Open::iterator received, Outcome* outcome);

  RunCore& run_;
  HandlerMap<Execution::UpdateHandler> handlers_;
  Open open_;                         // received and not answered
  std::vector<Open::iterator> kept_;  // of these, those that wait for a handler
  bool made_ = false;
};

}  // namespace reprise::replay
