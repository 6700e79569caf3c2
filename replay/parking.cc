#include "replay/parking.h"

#include <utility>

#include "base/stack_frames.h"
#include "event/text.h"
#include "replay/strand_text.h"

namespace reprise::replay {

void Parking::set(Trouble trouble) {
  trouble_ = std::make_unique<Trouble>(std::move(trouble));
  observation_.differs(*trouble_);
}

void Parking::park(base::ErrorCode code, std::string report) {
  // Unwinding because of a first trouble may cause a second one.
  if (!trouble_ && !scheduler_.halted()) set({code, std::move(report), std::nullopt});
  scheduler_.halt();
}

void Parking::park_on_exception(CodeName whose, std::string_view what, const AppliedInput& input) {
  if (!trouble_ && !scheduler_.halted()) {
    Thrown thrown{
        .type = current_exception_type(), .what = std::string(what), .event = input.number};
    thrown.in = whose.kind;
    if (!whose.name.empty()) thrown.in += " '" + std::string(whose.name) + "'";
    if (input.event != nullptr) thrown.input = event::describe(*input.event);
    thrown.strand = {scheduler_.current()->number, {}, StackLook::take()};
    set({base::ErrorCode::kWorkflowBug, {}, std::nullopt, std::move(thrown)});
  }
  scheduler_.halt();
}

void Parking::park_on_mismatch() {
  if (!trouble_) park_on_mismatch(*log_.mismatch());
}

void Parking::park_on_mismatch(Mismatch mismatch) {
  if (trouble_) return;
  if (const StrandRecord* strand = scheduler_.current(); strand == nullptr) {
    mismatch.strands = status_of_strands(scheduler_);
  } else if (mismatch.strands.empty()) {
    mismatch.strands.push_back({strand->number, {}, base::stack_frames()});
  }
  set({base::ErrorCode::kNondeterminism, {}, std::move(mismatch)});
  scheduler_.halt();
}

void Parking::park_at_end(base::ErrorCode code, std::string report) {
  if (trouble_) return;
  trouble_ = std::make_unique<Trouble>(Trouble{code, std::move(report), std::nullopt});
  scheduler_.halt();
}

void Parking::write_report(const RunInfo& info, base::Symbols* symbols) {
  if (!trouble_ || !trouble_->report.empty()) return;
  if (trouble_->mismatch) {
    trouble_->report = replay::report(*trouble_->mismatch, info.workflow, info.workflow_id,
                                      info.run_id.to_string(), symbols);
  } else if (trouble_->thrown) {
    trouble_->report = replay::report(*trouble_->thrown, info.workflow, info.workflow_id,
                                      info.run_id.to_string(), symbols);
  }
}

std::string full_report(const Trouble& trouble, const RunInfo& info, base::Symbols* symbols) {
  if (trouble.thrown) {
    return report(*trouble.thrown, info.workflow, info.workflow_id, info.run_id.to_string(),
                  symbols);
  }
  if (!trouble.mismatch) return trouble.report;
  return report(*trouble.mismatch, info.workflow, info.workflow_id, info.run_id.to_string(),
                symbols, Payloads::kShown);
}

}  // namespace reprise::replay
