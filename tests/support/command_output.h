// Runs a program and collects its output.
#pragma once
#include <cstdio>
#include <cstdlib>
#include <string>
#include <sys/wait.h>
#include <vector>

namespace reprise::testing {

struct CommandOutput {
  int code = -1;     // of its exit; 128 and the signal that killed it
  std::string said;  // stdout and stderr
};

// A line for the shell.
inline CommandOutput output_of(const std::string& line) {
  std::fflush(nullptr);
  std::FILE* const pipe = ::popen((line + " 2>&1").c_str(), "r");
  if (pipe == nullptr) std::abort();
  CommandOutput output;
  char buffer[4096];
  for (std::size_t got = 0; (got = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) {
    output.said.append(buffer, got);
  }
  const int status = ::pclose(pipe);
  output.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return output;
}

// Words must not contain quotes.
inline CommandOutput output_of(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) line += " '" + word + "'";
  return output_of(line);
}

}  // namespace reprise::testing
