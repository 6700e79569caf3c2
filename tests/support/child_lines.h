// Runs a function in a child process, which may die of it, and collects its lines.
#pragma once
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace reprise::testing {

struct ChildLines {
  std::vector<std::string> lines;
  int status = 0;  // of waitpid()
};

// `body` is called in the child with a function that takes one line. Only the caller's thread
// exists in the child. `quiet`: its stderr and stdout are dropped.
inline ChildLines lines_of_child(
    bool quiet, const std::function<void(const std::function<void(std::string)>&)>& body) {
  int ends[2];
  if (::pipe(ends) != 0) std::abort();
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child < 0) std::abort();
  if (child == 0) {
    ::close(ends[0]);
    if (quiet && (std::freopen("/dev/null", "w", stderr) == nullptr ||
                  std::freopen("/dev/null", "w", stdout) == nullptr)) {
      std::abort();
    }
    body([&](std::string line) {
      for (char& c : line) c = c == '\n' ? ' ' : c;
      line += '\n';
      if (::write(ends[1], line.data(), line.size()) < 0) std::_Exit(3);
    });
    std::fflush(nullptr);
    std::_Exit(0);
  }
  ::close(ends[1]);
  ChildLines result;
  std::string line;
  char buffer[4096];
  for (ssize_t got = 0; (got = ::read(ends[0], buffer, sizeof buffer)) > 0;) {
    for (ssize_t i = 0; i < got; ++i) {
      if (buffer[i] != '\n') {
        line += buffer[i];
        continue;
      }
      result.lines.push_back(std::move(line));
      line.clear();
    }
  }
  ::close(ends[0]);
  ::waitpid(child, &result.status, 0);
  return result;
}

}  // namespace reprise::testing
