#include "tools/batch_text.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/time.h"
#include "tools/run_text.h"
#include "tools/time_text.h"

namespace reprise::tools {
namespace {

std::string rate_text(double rate) {
  if (rate <= 0) return "no limit";
  std::string text = nlohmann::json(rate).dump();
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text + " runs a second";
}

std::string progress_text(const BatchProgress& progress) {
  const std::string total = progress.total ? std::to_string(*progress.total) : "?";
  return std::to_string(progress.done) + " of " + total + " done, " +
         std::to_string(progress.failed) + " failed";
}

// What the batch publishes.
void add_published(const BatchDescription& batch, nlohmann::json& out) {
  nlohmann::json failures = nlohmann::json::array();
  for (const BatchFailure& run : batch.failures) {
    failures.push_back({{"workflow_id", run.workflow_id},
                        {"run_id", run.run_id},
                        {"code", run.code},
                        {"message", run.message}});
  }
  out["verb"] = to_string(batch.verb);
  out["filter"] = batch.filter;
  out["reason"] = batch.reason;
  out["principal"] = batch.principal;
  out["rate"] = batch.rate;
  out["stopped"] = batch.stopped;
  out["done"] = batch.progress.done;
  out["failed"] = batch.progress.failed;
  out["failures"] = std::move(failures);
  if (!batch.signal.empty()) out["signal"] = batch.signal;
  if (batch.progress.total) out["total"] = *batch.progress.total;
}

void print_plan(const BatchDescription& batch, const Paint& paint) {
  print_field(paint, "does", batch_does(batch));
  print_field(paint, "filter", safe_text(batch.filter));
  if (!batch.reason.empty()) print_field(paint, "reason", safe_text(batch.reason));
  if (!batch.principal.empty()) print_field(paint, "begun by", safe_text(batch.principal));
  print_field(paint, "rate", rate_text(batch.rate));
}

void print_progress(const BatchDescription& batch, const Paint& paint) {
  print_field(paint, "runs", progress_text(batch.progress));
  for (const BatchFailure& run : batch.failures) {
    print_field(paint, "",
                safe_text(run.workflow_id) + " " + run.code + " " + safe_text(run.message),
                Colour::kYellow);
  }
}

}  // namespace

std::string batch_does(const BatchDescription& batch) {
  std::string text(to_string(batch.verb));
  if (!batch.signal.empty()) text += " " + safe_text(batch.signal);
  return text;
}

std::string batch_state(const BatchDescription& batch) {
  if (!batch.parked.empty()) return "parked";
  if (batch.status == RunStatus::kRunning) return "under way";
  if (batch.status != RunStatus::kCompleted) return std::string(to_string(batch.status));
  return batch.stopped ? "stopped" : "ended";
}

nlohmann::json batch_json(const ShownBatch& shown) {
  const BatchDescription& batch = shown.batch;
  nlohmann::json out = {{"id", batch.id},
                        {"started", utc_iso(base::to_ms(batch.started))},
                        {"state", batch_state(batch)},
                        {"status", to_string(batch.status)}};
  if (batch.closed) out["closed"] = utc_iso(base::to_ms(*batch.closed));
  if (!batch.parked.empty()) out["parked"] = batch.parked;
  if (shown.unreadable.empty()) {
    add_published(batch, out);
  } else {
    out["unreadable"] = shown.unreadable;
  }
  return out;
}

void print_batch(const ShownBatch& shown, const Paint& paint) {
  const BatchDescription& batch = shown.batch;
  const bool readable = shown.unreadable.empty();
  print_field(paint, "batch", safe_text(batch.id));
  if (readable) print_plan(batch, paint);
  print_field(paint, "since", utc_seconds(base::to_ms(batch.started)));
  std::string state = batch_state(batch);
  if (batch.closed) state += " at " + utc_seconds(base::to_ms(*batch.closed));
  print_field(paint, "state", state);
  if (!batch.parked.empty()) print_field(paint, "", safe_text(batch.parked), Colour::kRed);
  if (!readable) print_field(paint, "runs", safe_text(shown.unreadable), Colour::kRed);
  if (readable) print_progress(batch, paint);
}

}  // namespace reprise::tools
