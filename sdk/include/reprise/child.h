// Runs that a run starts: its children.
#pragma once
#include <cstdint>
#include <optional>
#include <reprise/call_site.h>
#include <reprise/definitions.h>
#include <reprise/internal/opaque.h>
#include <reprise/internal/payload.h>
#include <reprise/options.h>
#include <reprise/pending.h>
#include <reprise/settings.h>
#include <reprise/time.h>
#include <string>
#include <string_view>
#include <utility>

namespace reprise {

class Context;

// What becomes of a child when its parent ends, however that ends; continuing as a new run is an
// end too.
enum class ParentClose : std::uint8_t {
  kTerminate,  // it is terminated
  kCancel,     // it is asked to cancel
  kAbandon,    // it goes on
};

// How a child is started.
struct ChildOptions {
  // Its workflow id, 1 to kMaxIdBytes bytes, unique among running runs. Empty: the parent's run id
  // and the operation's number, which no other run has.
  std::string id{};
  // Which workers run it, 1 to kMaxIdBytes bytes; empty: those of the parent.
  std::string_view task_queue{};
  ParentClose on_parent_close = ParentClose::kTerminate;
  // What cancelling it does: Pending::cancel(), or the cancellation of the scope in which it was
  // started.
  CancelMode on_cancel = CancelMode::kWait;
  // As in StartOptions. A run that exists and is used is no child: the parent gets its result, and
  // may cancel and signal it, but its end does not touch it.
  IdReuse id_reuse = IdReuse::kAllow;
  IdConflict id_conflict = IdConflict::kFail;
  // As in StartOptions: of one run, and of its chain, which the parent waits for.
  Duration run_timeout{0};
  Duration execution_timeout{0};
  // As in StartOptions: if it fails, another run of its chain follows, and the parent learns only
  // of the last one's end.
  std::optional<RetryPolicy> retry{};
  // What it publishes before its code sets anything; as in StartOptions.
  Settings settings{};
  // As in StartOptions; 0 and empty: the parent's.
  int priority = 0;
  std::string fairness_key{};
  double fairness_weight = 0;  // 0: the parent's, or 1 with a key of its own
};

namespace internal {

struct WorkflowHost;

// The parts of a Child that do not depend on its type; owns a counted reference to `start`.
class ChildLink {
 public:
  ChildLink(replay::Execution& execution,
            const WorkflowHost& host,
            replay::Operation& start,
            std::string id);
  ChildLink(ChildLink&& other) noexcept;
  ChildLink& operator=(ChildLink&& other) noexcept;
  ~ChildLink();

  const std::string& id() const { return id_; }
  std::string run_id() const;  // waits; 16 bytes
  void send_signal(std::string_view name, std::string input, CallSite site) const;

 private:
  replay::Execution* execution_;
  const WorkflowHost* host_;
  replay::Operation* start_;  // nullptr: moved from
  std::string id_;
};

std::string run_id_text(std::string_view sixteen);

}  // namespace internal

// A run that this one has started, from Context::start(). get() gives its result, also if it
// continues as other runs: throws ChildFailure, or CancelledFailure if it was cancelled with kTry
// or kAbandon. Dropping a Child lets the run go on. Movable, owned by workflow code, used on the
// run's own strands only. docs/language/children.md.
template <class R>
class [[nodiscard]] Child : public Pending<R> {
 public:
  Child(Child&&) noexcept = default;
  Child& operator=(Child&&) noexcept = default;

  // Waits until its start is durable. Throws ChildFailure if it was refused, and CancelledFailure.
  // Records nothing.
  void started() const { (void)link_.run_id(); }
  const std::string& id() const { return link_.id(); }  // the workflow id
  // The run that was started, a UUID; the first one, if it has continued. Waits like started().
  std::string run_id() const { return internal::run_id_text(link_.run_id()); }
  // Waits like started(), records an event, then waits until the child, or the run that it has
  // continued as, has recorded the signal: exactly once. Throws ExternalFailure if it has ended;
  // PayloadError RP3002, InvalidOption RP3003 before anything is recorded.
  template <class... T>
  void signal(const Message<kind::Signal, void, T...>& message,
              CallSite site = CallSite::current()) const {
    link_.send_signal(message.name, internal::encode_arguments(message.args), site);
  }

 private:
  friend class Context;
  Child(internal::PendingParts parts, internal::ChildLink link) noexcept
      : Pending<R>(std::move(parts), &internal::decode_result<R>), link_(std::move(link)) {}

  internal::ChildLink link_;
};

}  // namespace reprise
