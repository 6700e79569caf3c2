#include "runtime/engine/crash_reports.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <optional>
#include <pthread.h>
#include <unistd.h>

#include "base/crash_signals.h"
#include "base/out_of_memory.h"
#include "base/stack_frames.h"
#include "runtime/guard/thread_watch.h"
#include "runtime/host/strand_here.h"

namespace reprise::runtime {
namespace {

using base::CrashText;

constexpr std::size_t kMostFramesTold = 12;

// For this thread; nullptr: not a shard's.
constinit thread_local CodeMark* shard_here = nullptr;
constinit thread_local pid_t shard_process = 0;

// A store's marks, and the process that has opened it: a child has them mapped too, and the child's
// end must not count.
struct OpenStore {
  std::atomic<store::TurnMarks*> marks;
  std::atomic<pid_t> process;
};

// Of fixed size, because a signal handler reads it; further stores are not told.
std::array<OpenStore, 16> stores{};

// Is this thread now that of a child, forked in the code of a run?
bool in_child() {
  return shard_here != nullptr && shard_process != ::getpid();
}

bool in_code_of_run() {
  return shard_here != nullptr && shard_here->entries() % 2 != 0;
}

void ends_for_another_reason() {
  const pid_t here = ::getpid();
  for (const OpenStore& open : stores) {
    if (open.process != here) continue;
    if (store::TurnMarks* marks = open.marks; marks != nullptr) marks->ends_for_another_reason();
  }
}

// Called where there is no memory left.
void when_out_of_memory() {
  if (!in_code_of_run() || in_child()) return ends_for_another_reason();
  (void)shard_here->ends_process(base::kCauseOutOfMemory);
}

bool is_overflow(const base::Crash& crash, const StrandHere& strand) {
  return strand.in_guard(crash.address) || strand.in_guard(crash.stack_pointer);
}

void tell_run(CrashText& text, const RunLabel* run, const std::optional<StrandHere>& strand) {
  text.text(" the code of ");
  if (run == nullptr) {
    text.text("a closed run");
  } else {
    text.text("run '").name(run->workflow_id.data(), run->workflow_id.size());
    text.text("', workflow '").name(run->workflow.data(), run->workflow.size());
    text.text("', event ").number(run->events);
  }
  if (strand) text.text(", strand ").number(strand->number);
  text.text("\n");
}

void tell_stack(CrashText& text,
                const base::Crash& crash,
                const StrandHere& strand,
                bool overflow) {
  text.text("  stack       ");
  const bool inside = crash.stack_pointer >= strand.bottom && crash.stack_pointer <= strand.top();
  if (overflow) {
    text.text("all ");
  } else if (inside) {
    text.number(static_cast<std::size_t>(strand.top() - crash.stack_pointer)).text(" ");
  }
  if (overflow || inside) text.text("of ");
  text.number(strand.stack_bytes).text(" bytes (EngineOptions::stack_bytes)");
  if (overflow) {
    text.text(": raise it, or move deep recursion and large arrays into an activity");
  }
  text.text("\n");
}

void tell_last_call(CrashText& text, const StrandHere& strand) {
  const std::string_view file = strand.last_call.short_file();
  if (file.empty()) return;
  text.text("  last call   ").name(file.data(), file.size()).text(":");
  text.number(strand.last_call.line).text("\n");
}

// The stack walk may fail if the stack is broken: so it comes last, after everything else is
// written.
void tell_frames(CrashText& text) {
  text.flush();
  std::array<void*, base::kMostFrames> frames;
  const std::size_t count = base::stack_frames(frames);
  for (std::size_t i = 0; i < std::min(count, kMostFramesTold + 4); ++i) {
    text.text("  #").number(i).text(" ").place(frames[i]).text("\n");
  }
}

void tell(const base::Crash& crash) {
  (void)guard::watch_this_thread(false);  // calls from here on do not belong to the code
  if (in_child()) return;
  if (crash.from_outside || !in_code_of_run()) return ends_for_another_reason();
  const std::optional<StrandHere> strand = strand_here();
  const bool overflow = strand && is_overflow(crash, *strand);
  // The process may be ending already: abort() after pthread_exit(), a destructor after exit().
  if (!shard_here->ends_process(static_cast<std::uint32_t>(crash.signal) |
                                (overflow ? base::kCauseStackOverflow : 0))) {
    return;
  }
  CrashText text;
  text.text("\nreprise: ").text(base::signal_name(crash.signal));
  text.text(overflow ? ", stack overflow of" : " in");
  tell_run(text, shard_here->run(), strand);
  if (strand) {
    tell_stack(text, crash, *strand, overflow);
    tell_last_call(text, *strand);
  }
  tell_frames(text);
}

void tell_end(const char* call, std::uint32_t cause) {
  if (!shard_here->ends_process(cause)) return;
  const std::optional<StrandHere> strand = strand_here();
  CrashText text;
  text.text("\nreprise: ").text(call).text(" in");
  tell_run(text, shard_here->run(), strand);
  if (strand) tell_last_call(text, *strand);
  tell_frames(text);
}

void when_exiting() {
  (void)guard::watch_this_thread(false);
  if (in_child()) return;
  if (!in_code_of_run()) return ends_for_another_reason();
  tell_end("exit()", base::kCauseExit);
}

// The thread has ended inside the code: all other runs of the shard would wait for ever, unnoticed.
void on_thread_end(void*) {
  if (!in_code_of_run() || in_child()) return;
  (void)guard::watch_this_thread(false);
  tell_end("pthread_exit()", base::kCauseThreadExit);
  std::abort();
}

pthread_key_t thread_key() {
  static const pthread_key_t key = [] {
    pthread_key_t made{};
    (void)::pthread_key_create(&made, on_thread_end);
    return made;
  }();
  return key;
}

std::string cause_text(std::uint32_t cause) {
  if (cause == base::kCauseExit) return "it called exit()";
  if (cause == base::kCauseThreadExit) return "it called pthread_exit()";
  if (cause == base::kCauseUnseen) {
    return "nobody saw how: the process was killed from outside, or the code called _exit()";
  }
  if (cause == base::kCauseOutOfMemory) return "the engine had no memory left for it";
  const std::string name = base::signal_name(static_cast<int>(cause & 0xffff));
  return (cause & base::kCauseStackOverflow) != 0 ? name + ", a stack overflow" : name;
}

}  // namespace

void CrashReports::install() {
  static const bool once = [] {
    base::tell_crashes(tell);
    (void)std::atexit(when_exiting);
    return true;
  }();
  (void)once;
}

CrashReports::CrashReports(CodeMark& mark) : before_(shard_here) {
  shard_here = &mark;
  shard_process = ::getpid();
  (void)::pthread_setspecific(thread_key(), &mark);
}

CrashReports::~CrashReports() {
  (void)::pthread_setspecific(thread_key(), before_);
  shard_here = before_;
}

OtherEnds::OtherEnds(store::TurnMarks* marks) : marks_(marks) {
  if (marks == nullptr) return;
  base::tell_out_of_memory(when_out_of_memory);
  for (OpenStore& place : stores) {
    store::TurnMarks* nothing = nullptr;
    if (!place.marks.compare_exchange_strong(nothing, marks)) continue;
    place.process = ::getpid();
    return;
  }
}

OtherEnds::~OtherEnds() {
  for (OpenStore& place : stores) {
    store::TurnMarks* ours = marks_;
    if (ours != nullptr && place.marks.compare_exchange_strong(ours, nullptr)) return;
  }
}

std::string poison_text(const store::Deaths& deaths) {
  const std::uint32_t times =
      deaths.seen >= store::TurnMarks::kMostSeen ? deaths.seen : deaths.unseen;
  return "the code of this run has ended the process " + std::to_string(times) +
         " times, the last time at event " + std::to_string(deaths.place) + " (" +
         cause_text(deaths.cause) +
         "), so it is not run any more, and the other runs go on. Mend the code: another build of "
         "the program tries the run again; or retry it (reprise retry, RunHandle::retry()), or "
         "terminate it";
}

}  // namespace reprise::runtime
