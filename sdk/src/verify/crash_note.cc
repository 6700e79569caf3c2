#include "sdk/src/verify/crash_note.h"

#include <atomic>
#include <string>

#include "base/crash_signals.h"
#include "base/printable_text.h"
#include "base/shell_word.h"

namespace reprise::internal {
namespace {

// Read by the handler on the same thread.
thread_local const CrashNote* noted = nullptr;
std::atomic<const std::string*> replay_command = nullptr;

void tell_noted(const base::Crash& crash) {
  const std::string* const command = replay_command.load();
  if (noted == nullptr || command == nullptr) return;
  base::CrashText text;
  const auto add = [&text](const std::string& part) -> base::CrashText& {
    return text.text(part.data(), part.size());
  };
  text.text(crash.from_outside ? "\nanother process has ended this one (" : "\nthe code crashed (");
  text.text(base::signal_name(crash.signal)).text(") while it replayed run ");
  add(noted->workflow_id()).text(" of workflow '");
  add(noted->workflow()).text("'\n  look at it          ");
  add(*command).text(" --run ");
  add(noted->argument()).text("\n");
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
  base::tell_crashes(tell_noted);
}
CrashNotes::~CrashNotes() {
  replay_command = nullptr;
}

}  // namespace reprise::internal
