// A child process with a pipe in each direction.
#pragma once
#include <cstdio>
#include <cstdlib>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

namespace reprise::testing {

struct PipedChild {
  pid_t process = -1;
  int to = -1;    // what the child is told
  int from = -1;  // what it tells
};

// Calls `live(told, tell)` in the child, which ends with exit code 0 after it. Call it before this
// process has threads.
template <class Live>
PipedChild fork_piped_child(const Live& live) {
  int told[2];
  int tells[2];
  if (::pipe(told) != 0 || ::pipe(tells) != 0) std::abort();
  std::fflush(nullptr);
  const pid_t process = ::fork();
  if (process < 0) std::abort();
  if (process == 0) {
    ::close(told[1]);
    ::close(tells[0]);
    live(told[0], tells[1]);
    std::fflush(nullptr);
    ::_exit(0);
  }
  ::close(told[0]);
  ::close(tells[1]);
  return {process, told[1], tells[0]};
}

// Its exit code, or 1000 and the signal that ended it.
inline int await_exit(pid_t process) {
  int status = 0;
  ::waitpid(process, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1'000 + WTERMSIG(status);
}

// Calls `body` in a child, which ends with what it returns; one that hangs is killed in a minute.
template <class Body>
int exit_of_child(const Body& body) {
  std::fflush(nullptr);
  const pid_t process = ::fork();
  if (process < 0) std::abort();
  if (process == 0) {
    ::alarm(60);
    ::_exit(body());
  }
  return await_exit(process);
}

}  // namespace reprise::testing
