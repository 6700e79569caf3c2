// Memory runs out: the n-th allocation fails for n = 1, 2, 3... to the end, once and from then on,
// in the store, in executions, in recovery and in an engine with threads. Each trial is a child
// process. Allowed: it goes on, it fails cleanly, or it ends with the product's exit code and a
// message. Not allowed: another death, a hang, or the loss of something acknowledged.
//
//   memory_torture --part store --failing 17       one trial, for a debugger
#include <csignal>
#include <cstdarg>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <poll.h>
#include <sstream>
#include <sys/wait.h>
#include <unistd.h>

#include "base/out_of_memory.h"
#include "tests/memory/parts.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/torture.h"

namespace reprise::testing {

void Acknowledged::say(const char* format, ...) const {
  char line[128];
  va_list arguments;
  va_start(arguments, format);
  const int length = std::vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  if (::write(pipe_, line, static_cast<std::size_t>(length)) != length) ::_exit(kChildFoundDefect);
}

void found_defect(const std::string& why) {
  const std::string line = why + "\n";
  if (::write(STDERR_FILENO, line.data(), line.size()) < 0) ::_exit(kChildFoundDefect);
  ::_exit(kChildFoundDefect);
}

namespace {

namespace fs = std::filesystem;

constexpr int kExitFatal = 70;  // a commit that failed, runtime/engine/embedded_engine.cc
constexpr int kLongestMs = 20'000;

// ---- one child --------------------------------------------------------------------------------

struct Outcome {
  std::vector<std::string> acknowledged;
  std::uint64_t allocations = 0;
  int status = 0;  // as of waitpid()
  bool hangs = false;
  std::string said;  // on standard error
};

[[noreturn]] void run_child(const Part& part,
                            const Trial& trial,
                            int pipe,
                            const std::string& log) {
  const int file = ::open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  // What the engine logs goes to standard output.
  if (file < 0 || ::dup2(file, STDERR_FILENO) < 0 || ::dup2(file, STDOUT_FILENO) < 0) {
    ::_exit(kChildFoundDefect);
  }
  const Acknowledged acknowledged(pipe);
  const std::uint64_t allocations = part.work(trial, acknowledged);
  acknowledged.say("allocations %llu\n", static_cast<unsigned long long>(allocations));
  ::_exit(kChildDone);
}

// The child's output until it closes the pipe; false: it did not close it in time.
bool read_all(int pipe, std::string* text) {
  char buffer[4096];
  while (true) {
    pollfd ready{pipe, POLLIN, 0};
    if (::poll(&ready, 1, kLongestMs) == 0) return false;
    const ssize_t got = ::read(pipe, buffer, sizeof buffer);
    if (got <= 0) return true;
    text->append(buffer, static_cast<std::size_t>(got));
  }
}

std::string content_of(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

Outcome run(const Part& part, const Trial& trial) {
  const std::string log = trial.directory + "/stderr";
  int pipe[2];
  if (::pipe(pipe) != 0) std::abort();
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(pipe[0]);
    run_child(part, trial, pipe[1], log);
  }
  ::close(pipe[1]);
  Outcome outcome;
  std::string text;
  outcome.hangs = !read_all(pipe[0], &text);
  ::close(pipe[0]);
  if (outcome.hangs) ::kill(child, SIGKILL);
  ::waitpid(child, &outcome.status, 0);
  outcome.said = content_of(log);
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("allocations ")) {
      outcome.allocations = std::stoull(line.substr(12));
    } else {
      outcome.acknowledged.push_back(line);
    }
  }
  return outcome;
}

// ---- trials -----------------------------------------------------------------------------------

class Trials {
 public:
  Trials(const Part& part, std::string directory) : part_(part), base_(std::move(directory)) {
    fs::create_directories(base_ + "/template");
    if (part_.prepare != nullptr) part_.prepare(base_ + "/template");
  }
  ~Trials() { fs::remove_all(base_); }
  Trials(const Trials&) = delete;
  Trials& operator=(const Trials&) = delete;

  // How many allocations a trial makes when none fails.
  std::uint64_t allocations() {
    if (const auto wrong = failing(0, false)) {
      std::fprintf(stderr, "memory: %s, without a failure: %s\n", part_.name, wrong->c_str());
      return 0;
    }
    return last_.allocations;
  }

  // What is wrong after that allocation has failed.
  std::optional<std::string> failing(std::uint64_t nth, bool from_then_on) {
    const std::string directory = base_ + "/trial";
    fs::remove_all(directory);
    fs::copy(base_ + "/template", directory, fs::copy_options::recursive);
    last_ = run(part_, {directory, nth, from_then_on});
    if (last_.hangs) return "it hangs";
    if (WIFSIGNALED(last_.status)) {
      return std::string("it dies of ") + strsignal(WTERMSIG(last_.status)) + ": " + last_.said;
    }
    const int code = WEXITSTATUS(last_.status);
    const bool ends_itself = code == kExitFatal || code == base::kExitOutOfMemory;
    if (code != kChildDone && !ends_itself) return last_.said;
    if (ends_itself && last_.said.empty()) return "it ends silently";
    ended_ += ends_itself ? 1 : 0;
    return part_.check(directory, last_.acknowledged);
  }

  std::uint64_t ended() const { return ended_; }  // by the product's own exit

 private:
  const Part& part_;
  const std::string base_;
  Outcome last_;
  std::uint64_t ended_ = 0;
};

struct Counts {
  std::uint64_t trials = 0;
  std::uint64_t ended = 0;
  std::uint64_t bad = 0;
};

// At most `limit` allocations, spread evenly, each once and from then on.
Counts torture(const Part& part,
               const std::string& directory,
               std::uint64_t limit,
               std::uint64_t seed,
               TortureReport* report) {
  Trials trials(part, directory + "/" + part.name);
  const std::uint64_t all = trials.allocations();
  const std::uint64_t stride = std::max<std::uint64_t>(1, (all + limit - 1) / limit);
  Counts counts;
  for (std::uint64_t nth = 1 + seed % stride; nth <= all; nth += stride) {
    for (const bool from_then_on : {false, true}) {
      ++counts.trials;
      const auto wrong = trials.failing(nth, from_then_on);
      if (!wrong) continue;
      ++counts.bad;
      report->fail(std::string(part.name) + ", allocation " + std::to_string(nth) + " of " +
                   std::to_string(all) + (from_then_on ? " and all later ones: " : ": ") + *wrong);
    }
  }
  if (counts.trials == 0) report->fail(std::string(part.name) + " allocates nothing");
  counts.ended = trials.ended();
  report->add(part.name, std::to_string(counts.trials) + "/" + std::to_string(2 * all));
  return counts;
}

// A journal that loses a commit for lack of memory must be noticed.
bool control_is_caught(const std::string& directory) {
  Trials trials(kStoreControl, directory + "/control");
  const std::uint64_t all = trials.allocations();
  for (std::uint64_t nth = 1; nth <= all; ++nth) {
    if (trials.failing(nth, false)) return true;
  }
  return false;
}

}  // namespace
}  // namespace reprise::testing

int main(int argc, char** argv) {
  using namespace reprise::testing;
  TortureOptions options("memory", "Makes the n-th allocation fail, for n = 1, 2, 3...",
                         {.quick = 200, .full = 1'000'000});
  std::string only;
  std::uint64_t failing = 0;
  bool from_then_on = false;
  options.add_option("--part", only, "this one alone: store, replay, recovery or engine");
  options.add_option("--failing", failing, "this allocation alone", "--part");
  options.add_flag("--from-then-on", from_then_on, "with --failing: and every later one");
  options.parse(argc, argv);

  const TemporaryDirectory scratch;
  const std::string& directory = scratch.path();
  TortureReport report(options);
  Counts total;
  for (const Part* part : {&kStorePart, &kReplayPart, &kRecoveryPart, &kEnginePart}) {
    if (!only.empty() && only != part->name) continue;
    if (failing != 0) {
      const auto wrong = Trials(*part, directory + "/one").failing(failing, from_then_on);
      if (wrong) report.fail(*wrong);
      continue;
    }
    const Counts counts = torture(*part, directory, options.count(), options.seed, &report);
    total.trials += counts.trials;
    total.ended += counts.ended;
    total.bad += counts.bad;
  }
  if (failing == 0) {
    report.add("trials", total.trials);
    report.add("ended_by_policy", total.ended);
    report.add("bad", total.bad);
    const bool caught = control_is_caught(directory);
    if (!caught) report.fail("a journal that loses records was not noticed");
    report.add("controls", caught ? "1/1" : "0/1");
  }
  return report.finish();
}
