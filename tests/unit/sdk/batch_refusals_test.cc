// What batches refuse: filters, ids, rates, reasons, signals.
#include <limits>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reprise/reprise.h"
#include "reprise/testing/env.h"
#include "tests/unit/sdk/batches.h"

namespace reprise::batch_refusals_test {
namespace {

using namespace batches;
using operated::code_of;
using testing::Env;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class BatchRefusals : public ::testing::Test {
 protected:
  BatchRefusals() { start_waiters(env_, 2); }
  ~BatchRefusals() override { EXPECT_EQ(env_.client().count(kWaiters), 2U) << "nothing was done"; }

  std::string filter_refusal(const std::string& filter, const BatchOptions& options = {}) {
    try {
      (void)env_.client().terminate_all(filter, "", options);
      return "done";
    } catch (const FilterError& error) {
      return error.what();
    }
  }
  std::string code(const BatchOptions& options, std::string_view reason = {}) {
    return code_of([&] { (void)env_.client().pause_all("WorkflowId = 'none'", reason, options); });
  }

  Env env_;
};

TEST_F(BatchRefusals, AFilterMustSayWhichRuns) {
  for (const char* const empty : {"", " ", "\t\n", "ORDER BY StartTime"}) {
    EXPECT_THAT(filter_refusal(empty), HasSubstr("RP3015")) << empty;
  }
  EXPECT_THAT(filter_refusal(""), HasSubstr("it is empty, and a batch must say which runs"));
  const std::string ordered = filter_refusal("Status = 'Running' ORDER BY StartTime DESC");
  EXPECT_THAT(ordered, HasSubstr("leave ORDER BY out"));
  EXPECT_THAT(ordered, HasSubstr("at character 29"));
  EXPECT_THAT(env_.client().batches(), IsEmpty());
}

TEST_F(BatchRefusals, AFilterThatIsNone) {
  for (const std::string filter :
       {"x' OR 1=1) OR (WorkflowId != ''", "WorkflowId = 'x') OR (WorkflowId != ''", "1 = 1",
        "WorkflowId = 'x' -- all", "WorkflowId = 'x'; WorkflowId != ''", "Status = 'Runing'",
        "NoSuchField = 1", "Status", "WorkflowId = 'x' AND", "((("}) {
    EXPECT_THAT(filter_refusal(filter), HasSubstr("RP3015")) << filter;
  }
  EXPECT_THAT(filter_refusal("WorkflowId = '" + std::string(20'000, 'x') + "'"),
              HasSubstr("RP3015"));
  EXPECT_THAT(env_.client().batches(), IsEmpty());
}

// What looks like a way out of a text stays a text.
TEST_F(BatchRefusals, NoTextGetsOutOfItsQuotes) {
  const Batch batch = env_.client().terminate_all("WorkflowId = 'x'') OR (WorkflowId != '''", "");
  EXPECT_EQ(batch.wait(), (BatchProgress{.total = 0}));
}

TEST_F(BatchRefusals, EveryByteInAFilterAndAReason) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text(1, static_cast<char>(byte));
    const std::string refused = filter_refusal(text);
    EXPECT_THAT(refused, HasSubstr("RP3015")) << byte;
    const std::string quoted = filter_refusal("WorkflowId = '" + text + "'");
    if (quoted != "done") {
      EXPECT_THAT(quoted, HasSubstr("RP3015")) << byte;
    }
    EXPECT_EQ(code({}, "why" + text), "done") << byte;
  }
  for (const BatchDescription& batch : env_.client().batches()) {
    EXPECT_EQ(batch.status, RunStatus::kCompleted);
    EXPECT_EQ(batch.progress.done, 0U);
  }
}

TEST_F(BatchRefusals, Ids) {
  EXPECT_EQ(code({.id = std::string(kMaxBatchIdBytes, 'x')}), "done");
  EXPECT_EQ(code({.id = std::string(kMaxBatchIdBytes + 1, 'x')}), "RP3003");
  EXPECT_EQ(code({.id = "\xff"}), "RP3003");
  EXPECT_EQ(code({.id = std::string("a\0b", 3)}), "RP3003");
  EXPECT_EQ(code({.id = "a\nb"}), "RP3003");
  EXPECT_EQ(code({.id = "b\xc3\xa4"}), "done");
  EXPECT_EQ(code({.id = "reprise:batch:x"}), "done");
  const Client& client = env_.client();
  EXPECT_EQ(code_of([&] { (void)client.batch(""); }), "RP3003");
  const Batch none = client.batch("none");
  EXPECT_EQ(code_of([&] { (void)none.describe(); }), "RP3005");
  EXPECT_EQ(code_of([&] { (void)none.wait(); }), "RP3005");
  EXPECT_EQ(code_of([&] { none.stop(); }), "RP3005");
  EXPECT_EQ(code_of([&] { (void)none.wait_for(Duration(-1)); }), "RP3010");
}

TEST_F(BatchRefusals, Rates) {
  using Limits = std::numeric_limits<double>;
  for (const double rate : {-1.0, -0.0001, 0.0009, 1'000'001.0, Limits::infinity(),
                            -Limits::infinity(), Limits::quiet_NaN(), Limits::denorm_min()}) {
    EXPECT_EQ(code({.rate = rate}), "RP3010") << rate;
  }
  for (const double rate : {0.0, -0.0, 0.001, 1'000'000.0}) {
    EXPECT_EQ(code({.rate = rate}), "done") << rate;
  }
}

TEST_F(BatchRefusals, ReasonsAndSignals) {
  EXPECT_EQ(code({}, std::string(kMaxBatchReasonBytes, 'x')), "done");
  EXPECT_EQ(code({}, std::string(kMaxBatchReasonBytes + 1, 'x')), "RP3010");
  const Client& client = env_.client();
  const auto signal = [&](std::string_view name, std::size_t bytes) {
    const Signal<std::string> any(name);
    return code_of(
        [&] { client.signal_all("WorkflowId = 'none'", any(std::string(bytes, 'x'))).wait(); });
  };
  EXPECT_EQ(signal("", 1), "RP3003");
  EXPECT_EQ(signal(std::string(1'001, 'n'), 1), "RP3003");
  EXPECT_EQ(signal("n\xff", 1), "RP3003");
  EXPECT_EQ(signal("n", kMaxBatchPayloadBytes - 10), "done");
  EXPECT_EQ(signal("n", kMaxBatchPayloadBytes + 1), "RP3002");
  EXPECT_EQ(code_of([&] { (void)client.reset_all("WorkflowId = 'none'", {}); }), "RP3025");
}

// A large signal for many runs does not make a turn that is too large.
TEST(BatchLimits, LargeSignalsAreSentAFewAtATime) {
  Env env({.replay = testing::Replay::kOff});
  start_waiters(env, 80, 1);
  const std::string large(kMaxBatchPayloadBytes - 10, 'x');
  EXPECT_EQ(env.client().signal_all(kWaiters, note(large), {.rate = 0}).wait(),
            (BatchProgress{.total = 80, .done = 80}));
  EXPECT_EQ(env.client().attach(waiter, "w0").result().size(), large.size());
  // Nor a history that is too large: these have 80 MiB, and one history less than 32.
  const auto histories = env.client().list({.workflow = "reprise:batch", .limit = 0});
  EXPECT_GE(histories.size(), 3U);
}

TEST_F(BatchRefusals, ItsRunBelongsToTheLibrary) {
  const Client& client = env_.client();
  constexpr Workflow<void()> own{"reprise:batch"};
  EXPECT_EQ(code_of([&] { (void)client.start(own()); }), "RP3048");
  EXPECT_EQ(code_of([&] { (void)client.start(waiter(1), {.id = "reprise:batch:x"}); }), "RP3048");
  const Batch batch = client.pause_all("WorkflowId = 'none'", "", {.id = "x"});
  batch.wait();
  const RunHandle run = client.handle("reprise:batch:x");
  EXPECT_EQ(code_of([&] { run.pause("no"); }), "RP3048");
  EXPECT_EQ(code_of([&] { (void)run.reset({.event = 1}); }), "RP3048");
}

TEST_F(BatchRefusals, ABatchIsNotForWorkflowCode) {
  constexpr Workflow<void()> confused{"confused"};
  std::string code;
  env_.implement(confused, [&](Context&) {
    code = code_of([&] { (void)env_.client().terminate_all(kWaiters, ""); });
  });
  env_.start(confused()).result();
  EXPECT_EQ(code, "RP2004");
}

}  // namespace
}  // namespace reprise::batch_refusals_test
