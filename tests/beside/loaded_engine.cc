#include "tests/beside/loaded_engine.h"

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <poll.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "runtime/engine/engine.h"
#include "tests/support/piped_child.h"
#include "tests/support/scripted_run.h"

namespace reprise::beside {
namespace {

using replay::Execution;
using replay::Outcome;
using runtime::RunWatch;

constexpr int kQuickAtOnce = 16;
constexpr int kPauseMs = 4;
constexpr std::size_t kMostRuns = 300;  // then it waits for removals, to keep the store small
// Then it waits for the next reader. While one holds its snapshot LMDB uses no page again, so each
// round makes the store larger, which makes reading it longer: on a busy machine, without end.
constexpr int kRoundsForReader = 250;

Outcome quick(Execution& run) {
  return Outcome::success(testing::call(run, "echo"));
}

Outcome keep(Execution& run) {
  while (true) {
    const auto signal = run.next_signal("go");
    run.wait(*signal);
    (void)testing::call(run, "echo");
  }
}

runtime::WorkerCode code() {
  runtime::WorkerCode code;
  code.workflows["quick"] = testing::code_of(quick);
  code.workflows["keep"] = testing::code_of(keep);
  code.activities["echo"] = [](runtime::ActivityAttempt&, std::string_view) {
    return Outcome::success(std::string(300, 'e'));
  };
  return code;
}

runtime::EngineOptions options() {
  runtime::EngineOptions options;
  options.shards = 1;
  options.archive_slice = 32;
  options.retention.max_age = base::Duration(20);
  options.log = [](runtime::LogLevel level, std::string_view line) {
    if (level == runtime::LogLevel::kError) {
      std::fprintf(stderr, "beside: the engine says: %s\n", std::string(line).c_str());
    }
  };
  return options;
}

// What the readers' process says: a byte for each reader, and the end of the pipe for the end.
class Readers {
 public:
  explicit Readers(int pipe) : pipe_(pipe) {}

  // Pauses for a moment. False: the engine is to end.
  bool there() {
    pollfd said{pipe_, POLLIN, 0};
    if (::poll(&said, 1, kPauseMs) <= 0) return true;
    std::array<char, 64> bytes{};
    rounds_ = kRoundsForReader;
    return ::read(pipe_, bytes.data(), bytes.size()) > 0;
  }
  bool take_round() { return rounds_ > 0 && rounds_-- > 0; }

 private:
  const int pipe_;
  int rounds_ = kRoundsForReader;
};

class Load {
 public:
  explicit Load(runtime::Engine& engine) : engine_(engine) {}

  void start_keepers() {
    for (int i = 0; i < kKeepers; ++i) (void)start("keep", keeper(i));
    signal_keepers();
  }

  bool has_many_runs() {
    std::promise<bool> many;
    engine_.ask(
        runtime::verb::List{{.limit = kMostRuns + 1},
                            [&](const base::Result<std::vector<runtime::RunDescription>>& runs) {
                              many.set_value(!runs || runs->size() > kMostRuns);
                            }});
    return many.get_future().get();
  }

  void round() {
    std::vector<std::shared_ptr<RunWatch>> runs;
    for (int i = 0; i < kQuickAtOnce; ++i) {
      runs.push_back(start("quick", "quick-" + std::to_string(next_++)));
    }
    signal_keepers();
    for (const auto& run : runs) run->wait(std::nullopt);
  }

 private:
  std::shared_ptr<RunWatch> start(const std::string& workflow, const std::string& id) {
    auto watch = std::make_shared<RunWatch>();
    engine_.ask(runtime::verb::Start{{.workflow = workflow, .workflow_id = id},
                                     watch,
                                     [](const base::Result<runtime::StartedRun>& run) {
                                       if (!run) std::abort();
                                     }});
    return watch;
  }
  // Alternating, so that some are quiet in the archive.
  void signal_keepers() {
    const std::string id = keeper(static_cast<int>(next_ / kQuickAtOnce) % kKeepers);
    engine_.ask(runtime::verb::Signal{{id, {}}, "go", "on", [](const base::Status&) {}});
  }

  runtime::Engine& engine_;
  std::uint64_t next_ = 0;
};

void live(const std::string& directory, int told, int tell) {
  auto engine = runtime::Engine::open(directory, options());
  if (!engine) std::abort();
  {
    auto worker = (*engine)->register_worker(code());
    if (!worker) std::abort();
    Load load(**engine);
    load.start_keepers();
    Readers readers(told);
    for (int i = 0; i < 10 && readers.there(); ++i) load.round();
    if (::write(tell, "y", 1) != 1) std::abort();
    while (readers.there()) {
      if (!load.has_many_runs() && readers.take_round()) load.round();
    }
  }
  engine->reset();
}

}  // namespace

std::string keeper(int i) {
  return "keeper-" + std::to_string(i);
}

LoadedEngine::LoadedEngine(const std::string& directory) {
  std::signal(SIGPIPE, SIG_IGN);  // reader_comes() says so instead
  const auto child =
      testing::fork_piped_child([&](int told, int tell) { live(directory, told, tell); });
  process_ = child.process;
  keep_going_ = child.to;
  char answer = 'n';
  started_ = ::read(child.from, &answer, 1) == 1 && answer == 'y';
  ::close(child.from);
}

bool LoadedEngine::reader_comes() const {
  return ::write(keep_going_, "r", 1) == 1;
}

LoadedEngine::~LoadedEngine() {
  (void)stop();
}

bool LoadedEngine::stop() {
  if (process_ < 0) return started_;
  ::close(keep_going_);
  started_ = testing::await_exit(std::exchange(process_, -1)) == 0 && started_;
  return started_;
}

}  // namespace reprise::beside
