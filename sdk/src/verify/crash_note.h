// Which run a thread replays, so that a crash in its code can be reported.
#pragma once
#include <string>
#include <string_view>

namespace reprise::internal {

// While it lives, a crash of this thread is reported as one of this run.
class CrashNote {
 public:
  CrashNote(std::string_view workflow, const std::string& workflow_id);
  ~CrashNote();
  CrashNote(const CrashNote&) = delete;
  CrashNote& operator=(const CrashNote&) = delete;

  // In a form that a signal handler can print.
  const std::string& workflow() const { return workflow_; }
  const std::string& workflow_id() const { return workflow_id_; }
  const std::string& argument() const { return argument_; }  // the id, for a shell

 private:
  const std::string workflow_;
  const std::string workflow_id_;
  const std::string argument_;
};

// While it lives, a signal that ends the process (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT) first
// prints the run that its thread replays to stderr. One at a time; for programs, not for libraries.
class CrashNotes {
 public:
  // `command`: what replays one run, "shop replay --store shop.db"; must outlive it.
  explicit CrashNotes(const std::string& command);
  ~CrashNotes();
  CrashNotes(const CrashNotes&) = delete;
  CrashNotes& operator=(const CrashNotes&) = delete;
};

}  // namespace reprise::internal
