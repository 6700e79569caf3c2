#include "reprise/replayer.h"

#include <ostream>

#include "base/symbols.h"
#include "event/text.h"
#include "replay/stack_pool.h"
#include "replay/user_frames.h"
#include "runtime/history/history.h"
#include "runtime/history/history_replay.h"
#include "runtime/host/given_up.h"
#include "sdk/src/checks.h"
#include "sdk/src/errors.h"
#include "sdk/src/workflow/workflow_runner.h"

namespace reprise {

namespace {

ReplayEvent shown(std::uint64_t number, const std::optional<proto::Event>& event) {
  if (!event) return {};
  return {number, event::describe(*event), event->call_site().file(), event->call_site().line()};
}

void add_mismatch(const replay::Mismatch& mismatch, base::Symbols& symbols, ReplayReport* report) {
  report->event = mismatch.event;
  report->events = mismatch.event - 1;
  report->mismatch = replay::to_string(mismatch.kind);
  report->recorded = shown(mismatch.event, mismatch.recorded);
  report->attempted = shown(0, mismatch.attempted);
  report->last_match = shown(mismatch.last_match_event, mismatch.last_match);
  for (const replay::StrandStatus& strand : mismatch.strands) {
    for (const base::Symbol& frame : replay::user_frames(strand.frames, symbols)) {
      report->stack.push_back(base::to_string(frame));
    }
  }
}

void add_exception(const replay::Thrown& thrown, base::Symbols& symbols, ReplayReport* report) {
  report->event = thrown.event;
  for (const base::Symbol& frame : replay::user_frames(thrown, symbols)) {
    report->stack.push_back(base::to_string(frame));
  }
}

ReplayReport report_of(const runtime::HistoryReplay& replay, base::Symbols& symbols) {
  ReplayReport report;
  report.matched = replay.trouble() == nullptr;
  report.events = replay.events();
  report.first_event = replay.began().event;
  if (report.matched) return report;
  const replay::Trouble& trouble = *replay.trouble();
  report.event = replay.events() + 1;
  report.code = internal::code_text(trouble.code);
  report.text = trouble.report;
  if (trouble.thrown) add_exception(*trouble.thrown, symbols, &report);
  if (trouble.mismatch) add_mismatch(*trouble.mismatch, symbols, &report);
  return report;
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const ReplayReport& report) {
  if (report.matched) {
    out << "all " << report.events + 1 - report.first_event << " events ";
    if (report.first_event > 1)
      out << "since the checkpoint at event " << report.first_event << " ";
    return out << "match";
  }
  return out << report.text;
}

class Replayer::State final : public internal::Registry {
 public:
  explicit State(ReplayerOptions options)
      : State(std::move(options), internal::Implementations()) {}
  State(ReplayerOptions options, internal::Implementations implementations)
      : options_(std::move(options)),
        implementations_(std::move(implementations)),
        stacks_({.stack_bytes = options_.stack_bytes}) {
    internal::check("ReplayerOptions", options_.interceptors);
    implementations_.add_outermost(options_.interceptors);
  }

  void add_workflow(std::string_view name,
                    internal::WorkflowFactory factory,
                    const internal::ArgumentTypes& arguments) override {
    implementations_.add_workflow(name, std::move(factory), arguments);
    code_.reset();
  }
  void add_activity(std::string_view name, internal::ActivityFunction function) override {
    implementations_.add_activity(name, internal::activity_code(std::move(function), {}));
  }
  // Replays call no activities.
  void add_limits(std::string_view, const ActivityLimits&) override {}
  void require_open() const override {}

  ReplayReport replay(const History& history) {
    if (!code_) code_ = implementations_.worker_code({}, 0, internal::silent_host());
    std::vector<std::string> given_up;
    ReplayReport report = replay(history, &given_up);
    report.given_up = std::move(given_up);  // complete once the run has left memory
    return report;
  }

 private:
  ReplayReport replay(const History& history, std::vector<std::string>* given_up) {
    runtime::HistoryReplay replay(
        *code_, stacks_, history.data(),
        {.strict = options_.strict,
         .symbols = &symbols_,
         .given_up =
             [&](const replay::RunInfo& run, const replay::StrandStatus& strand) {
               given_up->push_back(runtime::given_up_text(run, strand, symbols_));
             },
         .whole = options_.whole});
    while (replay.next()) {
    }
    return report_of(replay, symbols_);
  }

  ReplayerOptions options_;
  internal::Implementations implementations_;
  std::optional<runtime::WorkerCode> code_;  // made from them when it is first needed
  replay::StackPool stacks_;
  base::Symbols symbols_;
};

internal::Registry& internal::registry(Replayer& replayer) {
  return *replayer.state_;
}

Replayer::Replayer(ReplayerOptions options) : state_(std::make_unique<State>(std::move(options))) {}
Replayer::Replayer(const Worker& worker, ReplayerOptions options)
    : state_(std::make_unique<State>(std::move(options), internal::implementations(worker))) {}
Replayer::~Replayer() = default;
Replayer::Replayer(Replayer&&) noexcept = default;
Replayer& Replayer::operator=(Replayer&&) noexcept = default;

ReplayReport Replayer::replay(const History& history) const {
  return state_->replay(history);
}

}  // namespace reprise
