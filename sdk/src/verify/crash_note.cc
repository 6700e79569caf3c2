#include "sdk/src/verify/crash_note.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string>
#include <unistd.h>

#include "base/printable_text.h"
#include "base/shell_word.h"

namespace reprise::internal {
namespace {

constexpr std::array kSignals = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

// Read by the handler on the same thread.
thread_local const CrashNote* noted = nullptr;
std::atomic<const std::string*> replay_command = nullptr;
std::array<struct sigaction, kSignals.size()> before;

void write_text(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

// What a signal handler may do, and no more. When it returns, the signal comes again, for whoever
// handled it before.
void tell(int signal) {
  const int error = errno;
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    (void)::sigaction(kSignals[i], &before[i], nullptr);
  }
  if (noted != nullptr) {
    write_text("\nthe code crashed (");
    write_text(::sigabbrev_np(signal) == nullptr ? "a signal" : ::sigabbrev_np(signal));
    write_text(") while it replayed run ");
    write_text(noted->workflow_id());
    write_text(" of workflow '");
    write_text(noted->workflow());
    write_text("'\n  look at it          ");
    write_text(*replay_command.load());
    write_text(" --run ");
    write_text(noted->argument());
    write_text("\n");
  }
  errno = error;
  (void)::raise(signal);
}

}  // namespace

CrashNote::CrashNote(std::string_view workflow, const std::string& workflow_id)
    : workflow_(base::printable_text(workflow)),
      workflow_id_(base::printable_text(workflow_id)),
      argument_(base::shell_word(workflow_id)) {
  noted = this;
}
CrashNote::~CrashNote() {
  noted = nullptr;
}

CrashNotes::CrashNotes(const std::string& command) {
  replay_command = &command;
  struct sigaction action {};
  action.sa_handler = tell;
  action.sa_flags = SA_ONSTACK;
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    (void)::sigaction(kSignals[i], &action, &before[i]);
  }
}
CrashNotes::~CrashNotes() {
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    (void)::sigaction(kSignals[i], &before[i], nullptr);
  }
  replay_command = nullptr;
}

}  // namespace reprise::internal
