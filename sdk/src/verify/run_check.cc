#include "sdk/src/verify/run_check.h"

#include "runtime/host/given_up.h"
#include "sdk/src/errors.h"
#include "sdk/src/verify/crash_note.h"

namespace reprise::internal {

RunCheck::RunCheck(const runtime::StoreReader& reader,
                   const runtime::WorkerCode& code,
                   const VerifyOptions& options)
    : reader_(reader),
      code_(code),
      options_(options),
      stacks_({.stack_bytes = options.stack_bytes}),
      groups_(options.examples) {}

void RunCheck::check(const Run& run) {
  if (has_given_up_too_many(*run->workflow)) return leave_out(*run);
  const auto history = reader_.history_to_replay(*run);
  if (!history) {
    unread_.push_back({run, history.error()});
    return;
  }
  const CrashNote note(*run->workflow, run->workflow_id);
  runtime::HistoryReplay replay(
      code_, stacks_, *history,
      {.strict = options_.strict,
       .symbols = &symbols_,
       .given_up = [&](const replay::RunInfo& info, const replay::StrandStatus& strand) {
         given_up_[info.workflow].add(
             {1, run->number, runtime::given_up_text(info, strand, symbols_)});
       }});
  while (replay.next()) {
  }
  gather(*run, *history, replay);
  done_.fetch_add(1, std::memory_order_relaxed);
}

// As in an engine, which parks such runs instead of loading them: each leaves a stack behind.
bool RunCheck::has_given_up_too_many(const std::string& workflow) const {
  const auto found = given_up_.find(workflow);
  return found != given_up_.end() && found->second.strands >= runtime::kMostGivenUp;
}

void RunCheck::leave_out(const runtime::RunState& run) {
  ++unreadable_;
  groups_.add_damaged(run, "not replayed",
                      {base::ErrorCode::kUnwindSwallowed,
                       std::to_string(runtime::kMostGivenUp) +
                           " strands of this workflow swallowed what unwinds them, and stay in "
                           "memory: no more of its runs are replayed"});
  done_.fetch_add(1, std::memory_order_relaxed);
}

void RunCheck::GivenUp::add(const GivenUp& other) {
  if (strands == 0 || other.first < first) {
    first = other.first;
    report = other.report;
  }
  strands += other.strands;
}

void RunCheck::gather(const runtime::RunState& run,
                      const proto::History& history,
                      const runtime::HistoryReplay& replay) {
  events_ += replay.events() + 1 - replay.began().event;
  patches_.add(*run.workflow, history, replay);
  if (replay.trouble() == nullptr) {
    ++safe_;
    return;
  }
  diverged_.fetch_add(1, std::memory_order_relaxed);
  groups_.add(run, *replay.trouble(), history, replay, symbols_);
}

void RunCheck::give_up(const UnreadRun& run) {
  ++unreadable_;
  groups_.add_damaged(*run.run, "unreadable", run.why);
}

void RunCheck::pass_over(const UnreadRun& run) {
  groups_.add_damaged(*run.run, "quarantined", run.why);
}

void RunCheck::merge(RunCheck& other) {
  groups_.merge(std::move(other.groups_));
  patches_.merge(other.patches_);
  for (const auto& [workflow, given_up] : other.given_up_) given_up_[workflow].add(given_up);
  safe_ += other.safe_;
  unreadable_ += other.unreadable_;
  events_ += other.events_;
  done_ += other.done_;
  diverged_ += other.diverged_;
}

void RunCheck::fill(VerifyReport* report) {
  report->safe = safe_;
  report->diverged = diverged_;
  report->unreadable = unreadable_;
  report->checked = safe_ + diverged_ + unreadable_;
  report->events = events_;
  report->groups = groups_.take();
  report->patches = patches_.list();
  for (const auto& [workflow, given_up] : given_up_) {
    report->given_up.push_back({workflow, given_up.strands, given_up.report});
  }
}

}  // namespace reprise::internal
