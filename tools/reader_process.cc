#include "tools/reader_process.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace reprise::tools {
namespace {

std::string read_all(int pipe) {
  std::string text;
  char buffer[4096];
  while (true) {
    const ssize_t got = ::read(pipe, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return text;
    text.append(buffer, static_cast<std::size_t>(got));
  }
}

std::string end_of(int status) {
  if (WIFSIGNALED(status)) return std::string("was killed by ") + ::strsignal(WTERMSIG(status));
  return "ended with code " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

void ReaderReport::write(const nlohmann::json& line) {
  using Handler = nlohmann::json::error_handler_t;
  const std::string text = line.dump(-1, ' ', false, Handler::replace) + "\n";
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t written = ::write(pipe_, text.data() + at, text.size() - at);
    if (written < 0 && errno != EINTR) ::_exit(3);  // the parent is gone
    if (written > 0) at += static_cast<std::size_t>(written);
  }
}

ReaderOutcome run_reader(const std::function<void(ReaderReport&)>& work) {
  int ends[2];
  if (::pipe(ends) != 0)
    return {nullptr, std::string("could not be started: ") + ::strerror(errno)};
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child < 0) return {nullptr, std::string("could not be started: ") + ::strerror(errno)};
  if (child == 0) {
    const rlimit no_core{0, 0};
    (void)::setrlimit(RLIMIT_CORE, &no_core);
    ::close(ends[0]);
    ReaderReport report(ends[1]);
    work(report);
    ::_exit(0);
  }
  ::close(ends[1]);
  const std::string text = read_all(ends[0]);
  ::close(ends[0]);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  std::string place = "nothing yet";
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const auto line = nlohmann::json::parse(text.substr(at, end - at), nullptr, false);
    if (line.is_object() && line.contains("result")) return {line["result"], {}};
    if (line.is_object() && line.contains("reading")) place = line["reading"];
    at = end + 1;
  }
  return {nullptr, "the process that read the store " + end_of(status) + " while reading " + place};
}

}  // namespace reprise::tools
