#include "sdk/src/cli/debugged_replay.h"

#include <csignal>
#include <cstdio>
#include <fstream>
#include <utility>

#include "base/printable_text.h"
#include "replay/execution.h"
#include "replay/strand.h"
#include "runtime/history/history.h"
#include "runtime/history/history_replay.h"
#include "sdk/src/cli/event_text.h"
#include "sdk/src/cli/replay_control.h"
#include "sdk/src/cli/replay_stacks.h"

namespace reprise::internal {

constinit ReplayControl replay_control;

namespace {

// Stops in this frame rather than in the C library's, if the machine allows it.
void trap() {
#if defined(__x86_64__) || defined(__i386__)
  asm volatile("int3");
#else
  std::raise(SIGTRAP);
#endif
}

}  // namespace

bool debugger_attached() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    constexpr std::string_view kTracer = "TracerPid:";
    if (line.starts_with(kTracer)) return std::stoi(line.substr(kTracer.size())) != 0;
  }
  return false;
}

DebuggedReplay::DebuggedReplay(const runtime::WorkerCode& code,
                               const proto::History& history,
                               bool strict,
                               bool whole)
    : code_(code), history_(history), strict_(strict), whole_(whole), stacks_(replay_stacks()) {
  for (const NumberedEvent& one : numbered_events(history)) {
    texts_.push_back(event_line(*one.event));
  }
  for (const std::string& text : texts_) lines_.push_back(text.c_str());
  replay_control.first = runtime::HistoryReplay::beginning(history, whole).event;
  replay_control.events = lines_.size();
  replay_control.lines = lines_.data();
  replay_control.active = true;
  // A tracer that is not a debugger (strace) passes the trap on, and so does one that has just
  // left.
  before_ = std::signal(SIGTRAP, [](int) {});
}

DebuggedReplay::~DebuggedReplay() {
  (void)std::signal(SIGTRAP, before_);
  replay_control.active = false;
  replay_control.events = 0;
  replay_control.lines = nullptr;
}

std::optional<std::string> DebuggedReplay::run(std::uint64_t first_stop) {
  if (first_stop != 0 && replay_control.request == ReplayControl::kRunOn) {
    replay_control.target = first_stop;
    replay_control.request = ReplayControl::kToEvent;
  }
  std::optional<std::string> report;
  do {
    start_over_ = false;
    report = replay_once();
  } while (start_over_);
  return report;
}

std::optional<std::string> DebuggedReplay::replay_once() {
  replay_control.moment = replay_control.event = 0;
  passed_.assign(lines_.size() + 1, false);
  applied_ = 0;
  threw_ = false;
  runtime::HistoryReplay replay(code_, stacks_, history_,
                                {.strict = strict_,
                                 .symbols = &symbols_,
                                 .observer = this,
                                 .given_up = given_up_.teller(),
                                 .whole = whole_});
  while (replay.next()) {
  }
  if (start_over_) return std::nullopt;
  if (replay_control.request != ReplayControl::kRunOn) {
    ++replay_control.moment;
    replay_control.event = 0;
    stop(replay.trouble() == nullptr ? "the end: all events match"
                                     : "the end: the replay cannot go on");
  }
  if (replay.trouble() == nullptr) return std::nullopt;
  return replay.trouble()->report;
}

void DebuggedReplay::applying(std::uint64_t event, const proto::Event&) {
  // Events that a rehearsal adds are not in the history.
  applied_ = event <= lines_.size() ? event : 0;
}

bool DebuggedReplay::resumed() {
  return applied_ == 0 || reached(std::exchange(applied_, 0), "");
}

bool DebuggedReplay::asks(std::uint64_t event, const proto::Event&) {
  // After the last event: the code asks for more than the history has.
  return event > lines_.size() || reached(event, "");
}

bool DebuggedReplay::settled() {
  return applied_ == 0 || reached(std::exchange(applied_, 0), "; no code goes on with it");
}

void DebuggedReplay::throws(const std::string& what) {
  stop("here an exception leaves the workflow's code: " + what);
  threw_ = true;
}

void DebuggedReplay::differs(const replay::Trouble& trouble) {
  if (threw_ || start_over_) return;
  stop("the replay cannot go on\n" +
       replay::full_report(trouble, runtime::run_info(history_), &symbols_));
}

bool DebuggedReplay::reached(std::uint64_t event, const char* remark) {
  passed_[event] = true;
  ++replay_control.moment;
  replay_control.event = event;
  return !wanted() || stop("event " + std::to_string(event) + ": " + texts_[event - 1] + remark);
}

bool DebuggedReplay::stop(const std::string& why) {
  std::fprintf(stderr, "replay: %s\n",
               base::printable_text(why, base::LineBreaks::kIndented).c_str());
  replay_control.request = ReplayControl::kRunOn;
  replay_control.on_strand = replay::Strand::current() != nullptr;
  if (debugger_attached()) trap();
  start_over_ = start_over_ || wanted_is_behind();
  return !start_over_;
}

bool DebuggedReplay::wanted() const {
  const auto& control = replay_control;
  return (control.request == ReplayControl::kToEvent && control.target == control.event) ||
         (control.request == ReplayControl::kToMoment && control.target == control.moment);
}

bool DebuggedReplay::wanted_is_behind() const {
  const auto& control = replay_control;
  if (control.request == ReplayControl::kToMoment) return control.target <= control.moment;
  return control.request == ReplayControl::kToEvent && control.target < passed_.size() &&
         passed_[control.target];
}

}  // namespace reprise::internal
