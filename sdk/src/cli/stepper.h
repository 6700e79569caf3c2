// Walks through a history turn by turn, together with the code: for `program step`.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/symbols.h"
#include "proto/history.pb.h"
#include "replay/replay_observer.h"
#include "replay/stack_pool.h"
#include "runtime/history/history_replay.h"
#include "runtime/worker_code.h"
#include "sdk/src/cli/event_text.h"
#include "sdk/src/cli/given_up_lines.h"

namespace reprise::internal {

class Stepper final : private replay::ReplayObserver {
 public:
  struct Options {
    bool strict = false;
    bool whole = false;     // also what is before the last checkpoint
    bool coloured = false;  // for a terminal
  };
  // `code` and `history` must outlive it.
  Stepper(const runtime::WorkerCode& code, const proto::History& history, const Options& options);

  // Each returns what to show.
  std::string where() const;               // the turn that was replayed last
  std::string next();                      // one turn further
  std::string back();                      // to the turn before
  std::string go_to(std::uint64_t event);  // the turn of that event
  std::string run_on();                    // to the end, or to where code and history differ
  std::string print(std::uint64_t event) const;

  bool differs() const { return replay_->trouble() != nullptr; }

 private:
  enum class Colour { kGreen, kYellow, kRed };

  void applying(std::uint64_t, const proto::Event&) override {}
  bool resumed() override { return true; }
  bool asks(std::uint64_t event, const proto::Event& command) override;
  void throws(const std::string&) override {}
  void differs(const replay::Trouble&) override {}
  bool settled() override { return true; }

  void start_over();
  bool at_beginning() const { return replay_->turns() == replay_->began().turn; }
  std::string beginning() const;
  bool at_end() const { return replay_->turns() == history_.turns_size(); }
  // Replays, from the start if need be, until that many turns are done.
  void reach(int turns);
  std::string turn_text(int turn) const;
  std::string event_text(const NumberedEvent& one) const;
  std::string paint(Colour colour, const std::string& text) const;

  const runtime::WorkerCode& code_;
  const proto::History& history_;
  const Options options_;
  const std::vector<NumberedEvent> events_;
  replay::StackPool stacks_;
  mutable base::Symbols symbols_;
  GivenUpLines given_up_{symbols_};
  std::map<std::uint64_t, std::string> sites_;  // of commands, where the code is now
  std::unique_ptr<runtime::HistoryReplay> replay_;
};

}  // namespace reprise::internal
