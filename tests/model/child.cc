#include "tests/model/child.h"

#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <unistd.h>
#include <vector>

#include "tests/model/perform.h"
#include "tests/support/service_over.h"

namespace reprise::model {
namespace {

constexpr unsigned kHungSeconds = 120;
constexpr std::size_t kArchiveSlice = 12;  // so that both the journal and the archive have some
constexpr std::size_t kCachedRuns = 6;     // so that many turns begin with a replay

// Answers of several threads, each as a whole.
class Answers {
 public:
  explicit Answers(int descriptor) : descriptor_(descriptor) {}
  void say(Answer answer) {
    const std::string frame = frame_of(std::move(answer));
    const std::lock_guard lock(mutex_);
    for (std::size_t at = 0; at < frame.size();) {
      const ssize_t written = ::write(descriptor_, frame.data() + at, frame.size() - at);
      if (written <= 0) std::_Exit(4);
      at += static_cast<std::size_t>(written);
    }
  }

 private:
  const int descriptor_;
  std::mutex mutex_;
};

void print_error(runtime::LogLevel level, std::string_view line) {
  if (level != runtime::LogLevel::kError) return;
  if (line.find("RP2002") != line.npos) return;  // one is to be parked
  std::fprintf(stderr, "model: the engine says: %.*s\n", static_cast<int>(line.size()),
               line.data());
}

// The engine, from its opening to its end.
class Program {
 public:
  Program(const ChildOptions& options, const Names& names, const Performer::Say& say) {
    runtime::EngineOptions engine_options;
    engine_options.shards = 2;
    engine_options.archive_slice = kArchiveSlice;
    engine_options.cached_runs = kCachedRuns;
    engine_options.strict = true;
    engine_options.log = print_error;
    auto engine = internal::value_or_throw(runtime::Engine::open(options.store, engine_options));
    runtime::Engine& opened = *engine;
    service_ = std::make_unique<testing::ServiceOver>(std::move(engine));
    for (const std::string& queue : names.queues) {
      if (!options.executes) break;
      workers_.push_back(std::make_unique<Worker>(
          *service_, WorkerOptions{.task_queue = queue, .activity_threads = 1}));
      implement(*workers_.back(), names, options.mended);
      workers_.back()->start();
    }
    performer_ = std::make_unique<Performer>(*service_, opened, names, options.lie, say);
  }

  void perform(const Call& call) const { performer_->perform(call); }

 private:
  std::unique_ptr<testing::ServiceOver> service_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::unique_ptr<const Performer> performer_;
};

// A thread that makes calls one after the other.
class Lane {
 public:
  explicit Lane(const std::unique_ptr<Program>& program)
      : program_(program), thread_([this](const std::stop_token& stop) { work(stop); }) {}

  void add(Call call) {
    {
      const std::lock_guard lock(mutex_);
      calls_.push_back(std::move(call));
    }
    changed_.notify_one();
  }

 private:
  void work(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (changed_.wait(lock, stop, [this] { return !calls_.empty(); })) {
      const Call call = std::move(calls_.front());
      calls_.pop_front();
      lock.unlock();
      program_->perform(call);
      lock.lock();
    }
  }

  const std::unique_ptr<Program>& program_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Call> calls_;
  std::jthread thread_;  // the last: it uses the others
};

class Child {
 public:
  Child(const ChildOptions& options, int answers)
      : options_(options), names_(names_of(options.seed)), answers_(answers) {
    open(0);
    for (std::uint32_t i = 0; i < options.lanes; ++i) {
      lanes_.push_back(std::make_unique<Lane>(program_));
    }
  }
  ~Child() { lanes_.clear(); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // False: it was the last.
  bool take(Call call) {
    if (call.verb == Verb::kReopen) {
      program_.reset();
      open(call.number);
      return true;
    }
    if (call.verb != Verb::kClose) {
      lanes_[call.lane]->add(std::move(call));
      return true;
    }
    program_.reset();
    say(call.number);
    return false;
  }

 private:
  void open(std::uint64_t number) {
    program_ = std::make_unique<Program>(options_, names_, say_);
    say(number);
  }
  void say(std::uint64_t number) {
    Answer answer;
    answer.number = number;
    answers_.say(std::move(answer));
  }

  const ChildOptions options_;
  const Names names_;
  Answers answers_;
  const Performer::Say say_ = [this](Answer answer) { answers_.say(std::move(answer)); };
  std::unique_ptr<Program> program_;
  std::vector<std::unique_ptr<Lane>> lanes_;
};

}  // namespace

void live(const ChildOptions& options, int calls, int answers) {
  ::alarm(kHungSeconds);
  Child child(options, answers);
  Frames frames;
  char buffer[65'536];
  for (ssize_t got = 0; (got = ::read(calls, buffer, sizeof buffer)) > 0;) {
    frames.add({buffer, static_cast<std::size_t>(got)});
    while (auto call = frames.next<Call>()) {
      if (!child.take(std::move(*call))) return;
    }
  }
}

}  // namespace reprise::model
