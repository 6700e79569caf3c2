#include "sdk/src/verify/crash_note.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string>
#include <unistd.h>

namespace reprise::internal {
namespace {

constexpr std::array kSignals = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

struct Noted {
  std::string_view workflow{};
  std::string_view workflow_id{};
};

// Read by the handler on the same thread.
thread_local Noted noted;
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
  if (!noted.workflow_id.empty()) {
    write_text("\nthe code crashed (");
    write_text(::sigabbrev_np(signal) == nullptr ? "a signal" : ::sigabbrev_np(signal));
    write_text(") while it replayed run ");
    write_text(noted.workflow_id);
    write_text(" of workflow '");
    write_text(noted.workflow);
    write_text("'\n  look at it          ");
    write_text(*replay_command.load());
    write_text(" --run ");
    write_text(noted.workflow_id);
    write_text("\n");
  }
  errno = error;
  (void)::raise(signal);
}

}  // namespace

CrashNote::CrashNote(std::string_view workflow, std::string_view workflow_id) {
  noted = {workflow, workflow_id};
}
CrashNote::~CrashNote() {
  noted = {};
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
