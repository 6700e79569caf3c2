#include "sdk/testing/test_machine.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/check.h"
#include "event/text.h"
#include "replay/mismatch.h"
#include "sdk/testing/shaker.h"

namespace reprise::internal {

using testing::Choice;

namespace {

// So that recovery reads the archive as well as the journal, and does not take longer and longer.
constexpr std::uint64_t kBootsPerArchive = 8;

std::string name_of(const runtime::AttemptTask& task) {
  const std::string run = task.activity ? " of " + task.activity->workflow_id : "";
  const std::string what = (task.activity ? "'" + task.activity->spec->name() + "'" : "step") +
                           " #" + std::to_string(task.key.operation);
  const std::string again =
      task.key.attempt == 1 ? "" : ", attempt " + std::to_string(task.key.attempt);
  return what + run + again;
}

std::string content_of(const JournalFollower& reader,
                       const std::vector<const store::RecordBatch*>& batches) {
  std::string text;
  const auto add = [&](const auto& events) {
    for (const proto::Event& event : events) {
      text += (text.empty() ? "" : ", ") + event::describe(event);
    }
  };
  for (const store::RecordBatch* batch : batches) {
    reader.read(batch->bytes, [&](const store::Record&, const proto::Turn& turn) {
      add(turn.inputs());
      add(turn.commands());
    });
  }
  constexpr std::size_t kMost = 120;
  return text.size() <= kMost ? text : text.substr(0, kMost) + "...";
}

}  // namespace

TestMachine::TestMachine(runtime::EngineOptions options,
                         Decisions& decisions,
                         Shaker* shaker,
                         std::function<void()> died)
    : options_(std::move(options)),
      decisions_(decisions),
      shaker_(shaker),
      died_(std::move(died)),
      run_ids_(options_.seed),
      requests_([this] { return run_ids_.next(options_.clock->now()); }),
      follower_(sealing::Sealing(options_.codecs)) {
  // A dead machine's engine cannot write, and must not end the test because of that.
  options_.on_fatal = [this](const base::Error& why) {
    REPRISE_CHECK(view_->dead(), why.text().c_str());
  };
  boot();
}

TestMachine::~TestMachine() {
  requests_.disconnect();
  engine_.reset();  // which tells waiting callers that it is closed
}

void TestMachine::boot() {
  runtime::EngineOptions options = options_;
  // Ids must not repeat.
  options.seed += boots_++ * 0x9e3779b97f4a7c15;
  if (options.seed == 0) options.seed = 1;
  auto view = store_.open([this](const auto& batches) { return about_to_commit(batches); });
  view_ = view.get();
  auto engine = runtime::EmbeddedEngine::over(std::move(view), std::move(options));
  REPRISE_CHECK(engine.has_value(), "a store in memory opens");
  engine_.reset(static_cast<runtime::EmbeddedEngine*>(engine->release()));
  requests_.connect(*engine_);
}

// Everything in memory is lost: resident runs, timers, attempts under way, undelivered answers.
void TestMachine::die() {
  requests_.disconnect();
  died_();
  waiting_.clear();
  results_.clear();
  engine_.reset();
  boot();
  if (boots_ % kBootsPerArchive == 0) (void)engine_->archive();
}

runtime::ClientService& TestMachine::service() {
  if (decisions_.any()) return requests_;
  return *engine_;
}

base::Result<std::unique_ptr<runtime::WorkerSession>> TestMachine::register_worker(
    runtime::WorkerCode code) {
  queues_.insert(code.task_queue);
  return engine_->register_worker(std::move(code));
}

void TestMachine::release_attempts() {
  while (!results_.empty()) deliver(0);
  for (Waiting& waiting : std::exchange(waiting_, {})) {
    std::vector<runtime::AttemptTask> tasks;
    tasks.push_back(std::move(waiting.task));
    engine_->put_back_attempts(waiting.queue, tasks);
  }
}

// ---- going on ---------------------------------------------------------------------------------

bool TestMachine::run_some() {
  ++depth_;
  const bool worked = decisions_.any() ? step() : engine_->run_some();
  --depth_;
  look_at_journal();
  if (view_->dead()) die();
  if (decisions_.any()) requests_.poll();
  return worked;
}

// The usual order is that of Engine::run_some(): the shards first, then one attempt, whose result
// comes first in the next round.
bool TestMachine::step() {
  gather();
  if (activities_first()) {
    execute();
    return true;
  }
  deliver();
  bool worked = round();
  if (view_->dead()) return true;
  gather();
  if (!waiting_.empty()) {
    execute();
    worked = true;
  }
  return worked || !results_.empty();
}

bool TestMachine::round() {
  const bool worked = engine_->run_shards();
  return engine_->commit() || worked;
}

void TestMachine::gather() {
  for (const std::string& queue : queues_) {
    while (auto task = engine_->take_attempt(queue)) {
      waiting_.push_back({queue, std::move(*task)});
    }
  }
}

bool TestMachine::activities_first() {
  if (waiting_.empty()) return false;
  // A process that dies at every commit would use up the attempts of activities that are executed
  // together. So each activity loses one attempt, and is then executed alone.
  const bool again = std::none_of(waiting_.begin(), waiting_.end(), [](const Waiting& waiting) {
    return waiting.task.key.attempt == 1;
  });
  if (again && decisions_.crashes_always()) return false;
  return decisions_.make(Choice::kActivitiesFirst, 2, [&](int) {
    return name_of(waiting_.front().task) +
           " does not wait for results that are there to be delivered";
  }) == 1;
}

void TestMachine::execute() {
  const auto ways = static_cast<int>(waiting_.size());
  const int pick = decisions_.make(Choice::kAttempt, ways, [&](int other) {
    return name_of(waiting_[static_cast<std::size_t>(other)].task) + " is executed before " +
           name_of(waiting_.front().task);
  });
  Waiting next = std::move(waiting_[static_cast<std::size_t>(pick)]);
  waiting_.erase(waiting_.begin() + pick);
  std::string name = name_of(next.task);
  ++depth_;  // code on the stack must not die
  auto result = engine_->execute_attempt(next.queue, next.task);
  --depth_;
  if (result) results_.push_back({std::move(name), std::move(*result)});
}

void TestMachine::deliver() {
  while (!results_.empty()) {
    const auto ways = static_cast<int>(results_.size());
    const int pick = decisions_.make(Choice::kResult, ways, [&](int other) {
      return "the result of " + results_[static_cast<std::size_t>(other)].name +
             " is delivered before that of " + results_.front().name;
    });
    deliver(static_cast<std::size_t>(pick));
    if (results_.empty()) return;
    const int more = decisions_.make(Choice::kSameTurn, 2, [&](int) {
      return "another result is delivered with it, in the same turn";
    });
    if (more == 0) return;
  }
}

void TestMachine::deliver(std::size_t index) {
  engine_->attempts().finished(std::move(results_[index].result));
  results_.erase(results_.begin() + static_cast<std::ptrdiff_t>(index));
}

// ---- the journal ------------------------------------------------------------------------------

// A process that dies again and again would use up the attempts of any activity: only first
// attempts are lost.
int TestMachine::ways_to_die() const {
  const bool after = std::any_of(results_.begin(), results_.end(), [](const Executed& executed) {
    return executed.result.key.attempt > 1;
  });
  if (after) return 1;
  return store_.repeats_an_attempt() ? 2 : 3;
}

Death TestMachine::about_to_commit(const std::vector<const store::RecordBatch*>& batches) {
  ++commits_;
  if (depth_ > 1) return Death::kNot;  // an activity that waits for an answer is on the stack
  const int pick = decisions_.make(Choice::kCrash, ways_to_die(), [&](int when) {
    return std::string("the process dies right ") + (when == 1 ? "after" : "before") + " commit " +
           std::to_string(commits_) + ": " + content_of(follower_, batches);
  });
  return pick == 0 ? Death::kNot : pick == 1 ? Death::kAfter : Death::kBefore;
}

void TestMachine::look_at_journal() {
  if (!decisions_.any() && shaker_ == nullptr) return;
  follower_.follow(store_.journal(), [&](const store::Record& record, const proto::Turn& turn) {
    if (decisions_.any()) requests_.note(record, turn);
    if (shaker_ != nullptr) shaker_->note(record, turn);
  });
  if (shaker_ != nullptr) shaker_->check();
}

}  // namespace reprise::internal
