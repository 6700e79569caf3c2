// Several processes that open the same store at the same time.
#pragma once
#include <cstdlib>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "store/store.h"

namespace reprise::testing {

// What each of them met, in the order of their answers: 0, it has the store; the error's code; or
// -1, it has not answered.
inline std::vector<int> race_to_open(const std::string& path, int openers) {
  int start[2];
  int results[2];
  if (::pipe(start) != 0 || ::pipe(results) != 0) std::abort();
  std::vector<pid_t> children;
  for (int i = 0; i < openers; ++i) {
    children.push_back(::fork());
    if (children.back() != 0) continue;
    ::close(start[1]);
    char none = 0;
    (void)!::read(start[0], &none, 1);
    const auto store = store::open_store(path);
    const int code = store ? 0 : static_cast<int>(store.error().code);
    (void)!::write(results[1], &code, sizeof code);
    ::_exit(0);
  }
  ::close(start[0]);
  ::close(start[1]);
  std::vector<int> codes;
  for (const pid_t child : children) {
    int code = -1;
    const bool answered = ::read(results[0], &code, sizeof code) == sizeof code;
    codes.push_back(answered ? code : -1);
    ::waitpid(child, nullptr, 0);
  }
  ::close(results[0]);
  ::close(results[1]);
  return codes;
}

}  // namespace reprise::testing
