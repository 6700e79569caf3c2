// A replay under a debugger: stops at the wanted event, on the strand and in the call where the
// workflow's code meets it, and starts over when the debugger wants an earlier one.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/symbols.h"
#include "proto/history.pb.h"
#include "replay/replay_observer.h"
#include "replay/stack_pool.h"
#include "runtime/worker_code.h"
#include "sdk/src/cli/given_up_lines.h"

namespace reprise::internal {

// Is this process being traced now?
bool debugger_attached();

class DebuggedReplay final : public replay::ReplayObserver {
 public:
  // All must outlive it. One at a time in a process.
  // `whole`: also what is before the last checkpoint.
  DebuggedReplay(const runtime::WorkerCode& code,
                 const proto::History& history,
                 bool strict,
                 bool whole);
  ~DebuggedReplay();
  DebuggedReplay(const DebuggedReplay&) = delete;
  DebuggedReplay& operator=(const DebuggedReplay&) = delete;

  // Replays until the debugger lets it end. `first_stop`: the number of an event; 0: none. Returns
  // the report of a difference, if there is one. Not inlined: the debugger's commands break here.
  [[gnu::noinline]] std::optional<std::string> run(std::uint64_t first_stop);

  void applying(std::uint64_t event, const proto::Event& input) override;
  bool resumed() override;
  bool asks(std::uint64_t event, const proto::Event& command) override;
  void throws(const std::string& what) override;
  void differs(const replay::Trouble& trouble) override;
  bool settled() override;

 private:
  std::optional<std::string> replay_once();
  bool reached(std::uint64_t event, const char* remark);
  // False: the debugger wants an earlier event.
  bool stop(const std::string& why);
  bool wanted() const;
  bool wanted_is_behind() const;

  const runtime::WorkerCode& code_;
  const proto::History& history_;
  const bool strict_;
  const bool whole_;
  replay::StackPool stacks_;
  base::Symbols symbols_;
  GivenUpLines given_up_{symbols_};
  std::vector<std::string> texts_;
  std::vector<const char*> lines_;
  std::vector<bool> passed_;   // by number of the event
  std::uint64_t applied_ = 0;  // an input that no strand has gone on with yet; 0: none
  bool start_over_ = false;
  bool threw_ = false;             // and the replay stopped there, on the stack of the throw
  void (*before_)(int) = nullptr;  // the previous handling of SIGTRAP
};

}  // namespace reprise::internal
