// Where a debugger begins: every host and every replay of this process.
//
// A debugger needs a global name to start from, so this is the project's exception to its rule
// against globals. Only a debugger reads it, in a stopped process or in a core file
// (tools/gdb/reprise-gdb.py, which is part of this file's object code: docs/adr/0025). From here it
// follows members of our classes by their names in the debug information; renaming one breaks a
// test in tests/gdb.
#pragma once

namespace reprise::runtime {

class Host;
class HistoryReplay;

// A base of the objects in the list. Construction and destruction are thread-safe.
class DebugRoot {
 public:
  explicit DebugRoot(const Host& host) : host_(&host) { link(); }
  explicit DebugRoot(const HistoryReplay& replay) : replay_(&replay) { link(); }
  ~DebugRoot();
  DebugRoot(const DebugRoot&) = delete;
  DebugRoot& operator=(const DebugRoot&) = delete;

 private:
  void link();

  const Host* host_ = nullptr;  // one of the two is set
  const HistoryReplay* replay_ = nullptr;
  DebugRoot* next_ = nullptr;
  DebugRoot* previous_ = nullptr;
};

extern DebugRoot* debug_roots;  // the newest; nullptr: none

}  // namespace reprise::runtime
