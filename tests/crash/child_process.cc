#include "tests/crash/child_process.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace reprise::testing {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kHung{60};

struct Pipe {
  Pipe() {
    if (::pipe2(ends, O_CLOEXEC) != 0) std::abort();
  }
  ~Pipe() {
    for (int& end : ends) close(end);
  }
  static void close(int& end) {
    if (end >= 0) ::close(end);
    end = -1;
  }
  int ends[2];
};

pid_t spawn(std::vector<std::string>& command, const Pipe& in, const Pipe& out) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in.ends[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out.ends[1], STDOUT_FILENO);
  std::vector<char*> arguments;
  for (std::string& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t child = 0;
  const int code =
      ::posix_spawn(&child, command[0].c_str(), &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (code != 0) {
    std::fprintf(stderr, "cannot start %s\n", command[0].c_str());
    std::abort();
  }
  return child;
}

std::vector<std::string> whole_lines(const std::string& output) {
  std::vector<std::string> lines;
  std::size_t begin = 0;
  for (auto end = output.find('\n'); end != std::string::npos; end = output.find('\n', begin)) {
    lines.push_back(output.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

// Until all writers have closed it, or time is up.
bool read_until(Clock::time_point limit, int file, std::string* output) {
  while (true) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(limit - Clock::now()).count();
    pollfd ready{.fd = file, .events = POLLIN, .revents = 0};
    if (left <= 0 || ::poll(&ready, 1, static_cast<int>(left)) == 0) return false;
    char buffer[4096];
    const ssize_t got = ::read(file, buffer, sizeof buffer);
    if (got <= 0) return true;
    output->append(buffer, static_cast<std::size_t>(got));
  }
}

}  // namespace

ChildEnd run_child(std::vector<std::string> command,
                   const std::string& input,
                   std::optional<std::chrono::milliseconds> kill_after) {
  std::signal(SIGPIPE, SIG_IGN);  // a dead child does not read
  Pipe in;
  Pipe out;
  const pid_t child = spawn(command, in, out);
  Pipe::close(in.ends[0]);
  Pipe::close(out.ends[1]);
  // Small enough for the pipe to hold.
  if (::write(in.ends[1], input.data(), input.size()) < 0 && errno != EPIPE) std::abort();
  Pipe::close(in.ends[1]);

  ChildEnd end;
  std::string output;
  const auto limit = Clock::now() + (kill_after ? *kill_after : kHung);
  if (!read_until(limit, out.ends[0], &output)) {
    ::kill(child, SIGKILL);
    end.by_us = kill_after.has_value();
    end.hung = !end.by_us;
    read_until(Clock::now() + kHung, out.ends[0], &output);
  }
  ::waitpid(child, &end.status, 0);
  end.killed = WIFSIGNALED(end.status) && WTERMSIG(end.status) == SIGKILL;
  end.lines = whole_lines(output);
  return end;
}

}  // namespace reprise::testing
