#include "runtime/engine/operation_details.h"

#include <algorithm>

#include "runtime/engine/commands/commands.h"
#include "runtime/engine/stored_run.h"

namespace reprise::runtime {
namespace {

bool lacks_details(const KnownRun& run) {
  const auto missing = [&](const PendingOperation& operation) {
    if (!operation.is_attempted() || operation.done) return false;
    return !has_details(run.live(operation.id), operation);
  };
  const auto& pending = run.state.pending();
  return std::any_of(pending.begin(), pending.end(), missing);
}

}  // namespace

bool ensure_details(const Shared& shared, Parking& parking, KnownRun& run) {
  if (!lacks_details(run)) return true;
  const base::Status read = StoredRun(shared, run.state).history([&](const proto::Turn& turn) {
    commands::learn(run, turn);
  });
  base::Error why{base::ErrorCode::kStoreDamaged,
                  "the history has no command for an operation that is pending"};
  if (!read) {
    why = read.error();
  } else if (!lacks_details(run)) {
    return true;
  }
  parking.park(run, {why.code, why.message, std::nullopt});
  return false;
}

}  // namespace reprise::runtime
