#include "tests/identity/opened_store.h"

#include <cstdio>
#include <cstdlib>
#include <future>
#include <poll.h>
#include <unistd.h>
#include <utility>

#include "runtime/engine/engine.h"
#include "tests/support/piped_child.h"

namespace reprise::identity {
namespace {

constexpr unsigned kPatienceSeconds = 30;
constexpr int kRunsAfterTheEnd = 300;  // more than there are commits between two full looks

bool starts(runtime::Engine& engine, const std::string& id) {
  std::promise<bool> started;
  engine.ask(runtime::verb::Start{
      {.workflow = "waits", .workflow_id = id},
      nullptr,
      [&](const base::Result<runtime::StartedRun>& run) { started.set_value(run.has_value()); }});
  return started.get_future().get();
}

void live(const std::string& store, int told, int tell) {
  ::alarm(kPatienceSeconds);
  runtime::EngineOptions options;
  options.shards = 1;
  options.archive_slice = 16;
  auto engine = runtime::Engine::open(store, options);
  if (!engine) std::_Exit(1);
  int left = kRunsAfterTheEnd;
  pollfd ended{told, POLLIN, 0};
  for (int i = 0; left > 0; ++i) {
    if (::poll(&ended, 1, 0) != 0) --left;
    std::string line = "run-" + std::to_string(i);
    if (!starts(**engine, line)) std::_Exit(2);
    line += '\n';
    if (::write(tell, line.data(), line.size()) < 0) std::_Exit(3);
  }
  engine->reset();
}

}  // namespace

OpenedStore::OpenedStore(const std::string& store, const std::string& output) {
  const auto child = testing::fork_piped_child([&](int told, int tell) {
    if (std::freopen(output.c_str(), "w", stdout) == nullptr) std::abort();
    if (::dup2(::fileno(stdout), STDERR_FILENO) < 0) std::abort();
    live(store, told, tell);
  });
  process_ = child.process;
  from_ = child.from;
  to_ = child.to;
}

OpenedStore::~OpenedStore() {
  if (process_ > 0) (void)end();
}

bool OpenedStore::read_some() {
  char buffer[4096];
  const ssize_t got = ::read(from_, buffer, sizeof buffer);
  if (got <= 0) return false;
  rest_.append(buffer, static_cast<std::size_t>(got));
  for (auto end = rest_.find('\n'); end != std::string::npos; end = rest_.find('\n')) {
    lines_.push_back(rest_.substr(0, end));
    rest_.erase(0, end + 1);
  }
  return true;
}

bool OpenedStore::wait_for(std::size_t acknowledged) {
  while (lines_.size() < acknowledged) {
    if (!read_some()) return false;
  }
  return true;
}

int OpenedStore::end() {
  ::close(to_);
  while (read_some()) {
  }
  ::close(from_);
  return testing::await_exit(std::exchange(process_, -1));
}

std::size_t missing_runs(const std::string& store, const std::vector<std::string>& ids) {
  runtime::EngineOptions options;
  options.threaded = false;
  options.log = [](runtime::LogLevel, std::string_view) {};
  auto engine = runtime::Engine::open(store, options);
  if (!engine) return 1'000;
  std::size_t missing = 0;
  for (const std::string& id : ids) {
    (*engine)->ask(runtime::verb::Describe{
        {id, {}},
        [&](const base::Result<runtime::RunDescription>& run) { missing += run ? 0 : 1; }});
    while ((*engine)->run_some()) {
    }
  }
  return missing;
}

}  // namespace reprise::identity
