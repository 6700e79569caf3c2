// A child process that talks to us in lines and is killed, by us or by itself.
#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace reprise::testing {

struct ChildEnd {
  bool killed = false;             // by SIGKILL
  bool by_us = false;              // and by ours
  bool hung = false;               // it did not end, and was not meant to be killed
  int status = 0;                  // as of waitpid(2)
  std::vector<std::string> lines;  // of its standard output, whole ones
};

// Runs `command` with `input` on its standard input until it ends, or for `kill_after`.
ChildEnd run_child(std::vector<std::string> command,
                   const std::string& input,
                   std::optional<std::chrono::milliseconds> kill_after = {});

}  // namespace reprise::testing
