#include "runtime/engine/parking.h"

#include <utility>

#include "base/printable_text.h"
#include "runtime/engine/unsent.h"

namespace reprise::runtime {
namespace {

// Of the report as much as a note has room for when it is sealed.
std::string sealed_report(const sealing::Sealing& sealing, const std::string& report) {
  if (!sealing.seals()) return report;
  constexpr std::size_t kForTheEnvelope = 256;
  for (std::size_t most = store::kLongestReport - kForTheEnvelope; most > 0; most /= 2) {
    auto sealed = sealing.seal_value(std::string_view(report).substr(0, most));
    if (!sealed) return {};
    if (sealed->size() <= store::kLongestReport) return std::move(sealed).value();
  }
  return {};
}

}  // namespace

void Parking::park(KnownRun& run, const replay::Trouble& trouble) {
  const base::Error why{trouble.code, trouble.report};
  if (shared_.metrics() != nullptr && why.code == base::ErrorCode::kNondeterminism) {
    shared_.metrics()->mismatches.add();
  }
  executor_.evict(run.place);
  shared_.log(
      LogLevel::kError,
      "run '" + base::printable_text(run.state.workflow_id) + "' (" + run.state.id.to_string() +
          ") of workflow '" + base::printable_text(*run.state.workflow) +
          (run.state.open() ? "' is parked: " : "' has ended and does not replay: ") + why.text());
  // The present code does not change how a run has ended.
  if (!run.state.open()) return;
  if (run.parked()) shared_.count_parked(*run.extras->parked, -1);
  run.with_extras().parked = why;
  parked_.insert(run.state.number);
  shared_.count_parked(why, 1);
  shared_.store->note_parked({{why.code, sealed_report(shared_.sealing, why.message)},
                              {run.state.number, run.state.last_seq, run.state.chain}});
  Outbox::refuse_updates(run, why);
}

void Parking::unpark(KnownRun& run) {
  if (!run.parked() || run.damaged) return;
  shared_.count_parked(*run.extras->parked, -1);
  run.extras->parked.reset();
  parked_.erase(run.state.number);
  shared_.store->note_unparked(run.state.number);
}

bool Parking::try_again(KnownRun& run) {
  unpark(run);
  if (run.damaged || run.extras == nullptr || run.extras->unsent == nullptr) return true;
  auto unsent = std::exchange(run.extras->unsent, nullptr);
  const base::Status sent = unsent->send(shared_);
  if (!sent) withhold(run, std::move(unsent), sent.error());
  return sent.has_value();
}

void Parking::withhold(KnownRun& run,
                       std::shared_ptr<const Unsent> unsent,
                       const base::Error& why) {
  RunExtras& extras = run.with_extras();
  extras.unsent = std::move(unsent);
  if (!extras.when_told.empty()) send_or_refuse(run);
  if (!run.parked()) park(run, {why.code, why.message, std::nullopt});
}

void Parking::send_or_refuse(KnownRun& run) {
  if (run.extras == nullptr || run.extras->unsent == nullptr) return;
  const auto unsent = std::exchange(run.extras->unsent, nullptr);
  if (const base::Status sent = unsent->send(shared_); !sent) {
    unsent->refuse(*shared_.post, sent.error());
  }
}

}  // namespace reprise::runtime
