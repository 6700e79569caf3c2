// The step from public workflow objects to the execution behind them.
#pragma once
#include "base/call_site.h"
#include "base/ids.h"
#include "replay/execution.h"
#include "reprise/call_site.h"
#include "reprise/internal/opaque.h"

namespace reprise::internal {

// Throws UsageError RP2004 unless the caller is on a strand of that run.
void require_strand(const replay::Execution& execution);
// The same, but also allowed in closures that must make no durable calls.
void require_durable(const replay::Execution& execution);
// Also throws CancelledFailure in a cancelled scope: nothing more is started in it.
void require_startable(replay::Execution& execution);

[[noreturn]] void throw_cancelled();

// Until it is known what became of a message to another run. Throws ExternalFailure.
void await_delivery(replay::Execution& run, replay::Operation& message);

// Counts durable calls, for the check of expressions with two of them.
void note_durable_call();

// Every durable call passes its site through here, once.
inline base::CallSite to_base(CallSite site) {
  note_durable_call();
  return {site.file, site.line};
}

// Takes over the reference.
PendingParts to_parts(replay::Execution& execution, const replay::OperationRef& operation);

}  // namespace reprise::internal
