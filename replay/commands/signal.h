// Receiving signals: which operation gets the next one, and what happens to those that do not
// decode (docs/adr/0032-unreadable-signals.md). The calls are Execution::next_signal(),
// has_signal() and on_signal().
//
// A signal is decoded once, when it is handed to the code, and keeps the decoded value. The log has
// the decision: on replay nothing is decoded before the code takes the value.
#pragma once
#include <array>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/call_site.h"
#include "proto/log.pb.h"
#include "replay/commands/lifecycle.h"
#include "replay/execution.h"
#include "replay/handlers.h"
#include "replay/inboxes.h"
#include "replay/unread.h"

namespace reprise::replay {

struct RunCore;

namespace lifecycles {
inline constexpr std::array kSignal = {
    Transition{kCreated, kSuccess, kSucceeded},  // one was in the inbox
    Transition{kCreated, kStart, kUnderWay},     // waits for one
    Transition{kCreated, kDrop, kAbandoned},    Transition{kUnderWay, kSuccess, kSucceeded},
    Transition{kUnderWay, kCancel, kCancelled}, Transition{kUnderWay, kDrop, kAbandoned},
};
}  // namespace lifecycles

class Signals final : public DropListener {
 public:
  explicit Signals(RunCore& run) : run_(run) {}

  // ---- call; on one of the run's strands ----
  OperationRef next(std::string_view name, base::CallSite site, ReadSignal read);
  bool has(std::string_view name, ReadSignal read, base::CallSite site);
  void handle(std::string_view name,
              std::uint64_t id,
              Execution::SignalHandler handler,
              ReadSignal read);
  void handle_any(std::uint64_t id, Execution::AnySignalHandler handler);
  void remove_handler(std::uint64_t id);

  void cancel(Operation& waiting);

  // ---- apply ----
  void apply(const proto::Event& input);  // a SignalReceived
  void begin_turn();

  // How many have been set aside.
  std::uint64_t number_set_aside() const { return number_set_aside_; }
  // See Execution::signal_refusal().
  std::optional<std::string> refusal(std::string_view name, std::string_view input) const;

  // The run ends: signals that no code has taken, wherever they wait.
  void add_unread(std::vector<Unread>* out) const;

  std::size_t handlers_under_way() const { return to_handle_.size() + handling_.size(); }
  // The name of one whose handler has begun.
  std::optional<std::string> under_way() const;

 private:
  struct Handler {
    Execution::SignalHandler handle{};
    ReadSignal read = nullptr;
  };

  // A handler will run for it, on a strand that has not begun.
  struct ToHandle {
    std::string name;
    Inboxes::Arrival signal;
  };

  // The signal that it was handed, if any, will not be taken: another operation may have it.
  void dropped(Operation& signal) override;
  void list_as_handed(Operation& signal);
  void unlist(Operation& signal);
  void take_back(Operation& signal);
  // Gives it to the operation that has waited longest, or to the inbox.
  void deliver(std::string_view name, Inboxes::Arrival&& signal);
  void hand_over(Operation& operation, Inboxes::Arrival&& signal);
  void run_any(std::string name, Inboxes::Arrival arrival);
  void run_handler(std::string name, Inboxes::Arrival arrival, const Handler& handler);
  void run_on_strand(std::list<ToHandle>::iterator waiting, std::function<void(ToHandle&)> handle);
  // May the code have it? Otherwise it is set aside, and the log says so.
  bool is_readable(std::string_view name,
                   Inboxes::Arrival* signal,
                   ReadSignal read,
                   base::CallSite site);
  bool accept_set_aside(std::string_view name, const Inboxes::Arrival& signal, std::uint32_t looks);
  void set_aside(std::string_view name,
                 const Inboxes::Arrival& signal,
                 const std::string& why,
                 base::CallSite site);

  RunCore& run_;
  Inboxes inboxes_;
  HandlerMap<Handler> handlers_;
  std::uint64_t any_id_ = 0;
  std::shared_ptr<const Execution::AnySignalHandler> any_;  // nullptr: there is none
  std::list<ToHandle> to_handle_;
  std::list<ToHandle> handling_;    // the handlers of these have begun
  std::vector<Operation*> handed_;  // have or had a signal; each leaves when it is dropped
  std::uint64_t number_set_aside_ = 0;
  std::size_t set_aside_in_turn_ = 0;
  std::size_t set_aside_bytes_ = 0;  // of these commands
};

}  // namespace reprise::replay
