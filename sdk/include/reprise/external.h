// Messages from a run to other runs.
#pragma once
#include <reprise/call_site.h>
#include <reprise/definitions.h>
#include <reprise/internal/opaque.h>
#include <reprise/internal/payload.h>
#include <string>
#include <string_view>
#include <utility>

namespace reprise {

class Context;

namespace internal {
struct WorkflowHost;
}  // namespace internal

// Any run, for workflow code of another one (or of the same): from Context::external(). A value, for
// the strands of the run that made it; valid as long as its Context. Each call records an event,
// then waits until the other run has recorded the message, exactly once, whichever process dies when:
// what its code does with it is not waited for. The messages of one run to another arrive in the
// order of the calls. Calls throw ExternalFailure if the run is not there or has ended; what they
// threw is recorded, too. A message that was sent is not taken back: in a cancelled scope nothing is
// sent, but if the scope is cancelled meanwhile only the wait ends, with CancelledFailure. A run
// ends when it is known what became of its messages.
class ExternalRun {
 public:
  // Throws PayloadError RP3002 or InvalidOption RP3003 before anything is recorded.
  template <class... T>
  void signal(const Message<kind::Signal, void, T...>& message,
              CallSite site = CallSite::current()) const {
    send_signal(message.name, internal::encode_arguments(message.args), site);
  }
  // Asks it to cancel, as RunHandle::cancel() does.
  void cancel(std::string_view reason = {}, CallSite site = CallSite::current()) const;

  const std::string& id() const { return id_; }  // the workflow id

 private:
  friend class Context;
  ExternalRun(replay::Execution& execution,
              const internal::WorkflowHost& host,
              std::string id,
              std::string run_id)
      : execution_(&execution), host_(&host), id_(std::move(id)), run_id_(std::move(run_id)) {}
  void send_signal(std::string_view name, std::string input, CallSite site) const;

  replay::Execution* execution_;
  const internal::WorkflowHost* host_;
  std::string id_;
  std::string run_id_;  // 16 bytes; empty: the newest run
};

}  // namespace reprise
