// Answering updates: a strand for each, which ends with the command that has the answer. Handlers
// are registered by Execution::accept().
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "proto/log.pb.h"
#include "replay/commands/lifecycle.h"
#include "replay/execution.h"
#include "replay/handlers.h"

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

 private:
  struct Received {
    proto::UpdateReceived update;
    Lifecycle life{Lifecycle::Kind::kUpdate};
  };

  // Those that have waited for a handler of that name; nullopt: of any name.
  void handle_kept(std::optional<std::string_view> name);
  void handle(Received received);
  Outcome outcome_of(const proto::UpdateReceived& update) const;
  void answer(Received* received, Outcome* outcome);

  RunCore& run_;
  HandlerMap<Execution::UpdateHandler> handlers_;
  std::vector<Received> kept_;
  bool made_ = false;
};

}  // namespace reprise::replay
