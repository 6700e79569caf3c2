#include "runtime/engine/parking.h"

#include "base/printable_text.h"

namespace reprise::runtime {

void Parking::park(KnownRun& run, const replay::Trouble& trouble) {
  const base::Error why{trouble.code, trouble.report};
  executor_.evict(run.place);
  shared_.log(
      LogLevel::kError,
      "run '" + base::printable_text(run.state.workflow_id) + "' (" + run.state.id.to_string() +
          ") of workflow '" + base::printable_text(*run.state.workflow) +
          (run.state.open() ? "' is parked: " : "' has ended and does not replay: ") + why.text());
  // The present code does not change how a run has ended.
  if (!run.state.open()) return;
  run.with_extras().parked = why;
  shared_.store->note_parked({why, {run.state.number, run.state.last_seq, run.state.chain}});
  Outbox::refuse_updates(run, why);
}

void Parking::unpark(KnownRun& run) {
  if (!run.parked() || run.damaged) return;
  run.extras->parked.reset();
  shared_.store->note_unparked(run.state.number);
}

}  // namespace reprise::runtime
