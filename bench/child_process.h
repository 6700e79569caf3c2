// This program once more, in a process of its own, with a pipe to its parent.
#pragma once
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace reprise::bench {

// The parent reads what a child writes to this path.
inline constexpr const char* kToParent = "/dev/fd/3";

// The child is killed when its parent dies. Make one only while the process has a single thread.
class ChildProcess {
 public:
  explicit ChildProcess(const std::vector<std::string>& arguments);
  ~ChildProcess();  // kills it
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // The child's next line without the line end; nullopt: there are no more.
  std::optional<std::string> read_line();
  void kill();         // with SIGKILL, and waits for the end
  std::string wait();  // until it ends; empty: it exited with 0; else what happened, for people

 private:
  pid_t pid_ = -1;  // -1: it has ended
  int pipe_ = -1;
  std::string buffer_;
};

}  // namespace reprise::bench
