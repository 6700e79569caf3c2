// A reset whose answer was lost, or came too late, is asked again: the run is reset once. On an
// engine that works when somebody waits, and which requests reach late or never.
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "base/ids.h"
#include "reprise/reprise.h"
#include "runtime/engine/engine.h"
#include "sdk/src/batch/batch_activities.h"
#include "sdk/src/service/service.h"
#include "tests/support/temporary_directory.h"

namespace reprise::batch_again_test {
namespace {

namespace verb = runtime::verb;

constexpr base::Time kNow{std::chrono::seconds(1'767'225'600)};
constexpr std::size_t kRuns = 5;

class StillClock final : public base::Clock {
 public:
  base::Time now() const override { return kNow; }
};

// Resets reach the engine when it has nothing else to do; one of them is refused.
class Late final : public runtime::ClientService {
 public:
  void ask(runtime::ClientRequest request) override {
    auto* const reset = std::get_if<verb::Reset>(&request);
    if (reset == nullptr) return engine->ask(std::move(request));
    if (refused-- == 0) {
      return reset->reply(base::Error{base::ErrorCode::kOverloaded, "it has too much to do"});
    }
    late_.push_back(std::move(request));
  }
  base::Status read_tables(base::FunctionRef<void(runtime::TableReads&)> read) override {
    return engine->read_tables(read);
  }
  base::Result<bool> wait(base::FunctionRef<bool()> ready,
                          base::FunctionRef<bool(std::optional<base::Duration>)>,
                          std::optional<base::Duration>) override {
    while (!ready() && (engine->run_some() || release())) {
    }
    return ready();
  }

  runtime::Engine* engine = nullptr;
  std::size_t refused = kRuns;  // how many come before the one that is refused

 private:
  bool release() {
    auto requests = std::exchange(late_, {});
    for (runtime::ClientRequest& request : requests) engine->ask(std::move(request));
    return !requests.empty();
  }

  std::vector<runtime::ClientRequest> late_;
};

class AskedAgain : public ::testing::TestWithParam<std::size_t> {
 protected:
  void SetUp() override {
    runtime::EngineOptions options;
    options.threaded = false;
    options.shards = 1;
    options.clock = &clock_;
    options.log = [](runtime::LogLevel, std::string_view) {};
    auto opened = runtime::Engine::open(directory_ / "store", options);
    ASSERT_TRUE(opened) << opened.error().text();
    engine_ = std::move(*opened);
    late_.engine = engine_.get();
    for (std::size_t i = 0; i < kRuns; ++i) {
      runtime::StartRequest start;
      start.workflow = "w";
      start.workflow_id = "w" + std::to_string(i);
      start.task_queue = "default";
      const auto begun = internal::ask(late_, verb::Start{std::move(start)});
      ASSERT_TRUE(begun) << begun.error().text();
      work_.runs.push_back({begun->workflow_id, {std::string(begun->run_id.bytes())}, true});
    }
    work_.plan.verb = BatchVerb::kReset;
    work_.plan.event = 1;
    work_.at = kNow;
    work_.chain = {std::string(16, 'c')};
  }
  std::uint64_t runs_of(const std::string& filter) {
    const auto recent = internal::ask(late_, verb::RecentRuns{filter});
    return internal::ask(late_, verb::CountRuns{{filter, {}}, *recent})->total;
  }

  const StillClock clock_;
  testing::TemporaryDirectory directory_;
  Late late_;
  std::unique_ptr<runtime::Engine> engine_;
  internal::BatchWork work_;
};
INSTANTIATE_TEST_SUITE_P(All, AskedAgain, ::testing::Range<std::size_t>(0, kRuns));

TEST_P(AskedAgain, APartWhoseNthRequestIsRefused) {
  late_.refused = GetParam();
  EXPECT_THROW(internal::reach_batch_runs(late_, "reprise:batch:x", work_), ApplicationFailure);
  for (const auto& outcome : internal::reach_batch_runs(late_, "reprise:batch:x", work_)) {
    EXPECT_EQ(outcome.code, "");
  }
  EXPECT_EQ(runs_of("Status = 'Terminated'"), kRuns);
  EXPECT_EQ(runs_of("Status = 'Running'"), kRuns);
}

// All under way at once: the later ones find what the first one has made.
TEST_P(AskedAgain, TheSameIdIsOneReset) {
  const internal::BatchTarget& run = work_.runs[GetParam()];
  verb::Reset reset;
  reset.key = {run.workflow_id, base::RunId::from_bytes(run.run_id.bytes)};
  reset.key.of_chain = true;
  reset.event = 1;
  reset.new_run = base::RunId::make(kNow, 7, 9);
  using Answer = runtime::Promise<base::Result<runtime::StartedRun>>;
  std::vector<std::shared_ptr<Answer>> answers;
  for (int i = 0; i < 3; ++i) {
    reset.reply = internal::reply_to(answers.emplace_back(std::make_shared<Answer>()));
    late_.ask(reset);
  }
  for (const auto& answer : answers) {
    internal::wait_for_answer(late_, *answer);
    ASSERT_TRUE(answer->get()) << answer->get().error().text();
    EXPECT_EQ(answer->get()->run_id, reset.new_run);
  }
  EXPECT_EQ(runs_of("WorkflowId = '" + run.workflow_id + "'"), 2U);
}

}  // namespace
}  // namespace reprise::batch_again_test
