#include "tests/model/life.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace reprise::model {
namespace {

constexpr int kPatienceMs = 60'000;

}  // namespace

Life::Life(const ChildOptions& options) {
  int calls[2];
  int answers[2];
  if (::pipe(calls) != 0 || ::pipe(answers) != 0) std::abort();
  std::signal(SIGPIPE, SIG_IGN);  // a dead process does not read
  std::fflush(nullptr);
  process_ = ::fork();
  if (process_ < 0) std::abort();
  if (process_ == 0) {
    ::close(calls[1]);
    ::close(answers[0]);
    live(options, calls[0], answers[1]);
    std::_Exit(0);
  }
  ::close(calls[0]);
  ::close(answers[1]);
  calls_ = calls[1];
  answers_ = answers[0];
}

Life::~Life() {
  if (process_ >= 0) kill();
  forget();
}

void Life::forget() {
  if (process_ >= 0) ::waitpid(std::exchange(process_, -1), nullptr, 0);
  if (calls_ >= 0) ::close(std::exchange(calls_, -1));
  if (answers_ >= 0) ::close(std::exchange(answers_, -1));
}

void Life::tell(const Call& call) {
  const std::string frame = frame_of(call);
  for (std::size_t at = 0; at < frame.size();) {
    const ssize_t written = ::write(calls_, frame.data() + at, frame.size() - at);
    if (written <= 0) return;
    at += static_cast<std::size_t>(written);
  }
}

std::optional<Answer> Life::hear() {
  char buffer[65'536];
  while (true) {
    if (auto answer = frames_.next<Answer>()) return answer;
    pollfd ready{answers_, POLLIN, 0};
    if (::poll(&ready, 1, kPatienceMs) <= 0) return std::nullopt;
    const ssize_t got = ::read(answers_, buffer, sizeof buffer);
    if (got <= 0) return std::nullopt;
    frames_.add({buffer, static_cast<std::size_t>(got)});
  }
}

void Life::kill() {
  (void)::kill(process_, SIGKILL);
}

bool Life::ended_well() {
  int status = 0;
  ::waitpid(std::exchange(process_, -1), &status, 0);
  return status == 0;
}

}  // namespace reprise::model
