// What the control server does for each request.
#include <chrono>
#include <sys/stat.h>
#include <sys/wait.h>

#include <gmock/gmock.h>

#include "tests/unit/runtime/control_fixture.h"

namespace reprise::testing::control_test {
namespace {

using base::ErrorCode;
using proto::ControlRequest;
using ::testing::AllOf;
using ::testing::HasSubstr;

class ControlTest : public ControlFixture {};

TEST_F(ControlTest, SignalsReachTheirRuns) {
  const Watch watch = start("w", "run-1");
  EXPECT_TRUE(ask(control_signal("run-1", "hello")).has_done());
  EXPECT_EQ(result(watch), "hello");
  EXPECT_EQ(code_of(ask(control_signal("run-1"))), ErrorCode::kRunClosed);
  EXPECT_EQ(server_->connections(), 0u);
}

TEST_F(ControlTest, CarriesPayloadsOfTheLargestSize) {
  const Watch watch = start("w", "run-1");
  const std::string large(std::size_t{2} << 20, 'x');
  EXPECT_TRUE(ask(control_signal("run-1", large)).has_done());
  EXPECT_EQ(result(watch), large);
  start("w", "run-2");
  EXPECT_EQ(code_of(ask(control_signal("run-2", large + "x"))), ErrorCode::kPayloadTooLarge);
}

TEST_F(ControlTest, CancelsAndTerminates) {
  ControlRequest request = control_signal("run-1");
  const Watch cancelled = start("w", "run-1");
  request.mutable_cancel()->set_reason("enough");
  EXPECT_TRUE(ask(request).has_done());
  EXPECT_THAT(result(cancelled), HasSubstr("Cancelled"));

  const Watch terminated = start("w", "run-2");
  request.set_workflow_id("run-2");
  request.set_run_id(std::string(started_->value().run_id.bytes()));
  request.mutable_terminate()->set_reason("fire");
  EXPECT_TRUE(ask(request).has_done());
  EXPECT_THAT(result(terminated), AllOf(HasSubstr("Terminated: "), HasSubstr("fire")));
}

TEST_F(ControlTest, RetriesParkedRuns) {
  bool broken = true;
  workflow("broken", [&broken](Execution&) -> Outcome {
    if (broken) throw std::runtime_error("broken");
    return Outcome::success("mended");
  });
  restart_worker();
  const Watch run = start("broken", "run-1");
  EXPECT_TRUE(describe("run-1")->parked);
  broken = false;
  ControlRequest request = control_signal("run-1");
  request.mutable_retry();
  EXPECT_TRUE(ask(request).has_done());
  EXPECT_EQ(result(run), "mended");
  EXPECT_EQ(code_of(ask(request)), ErrorCode::kRunClosed);
}

TEST_F(ControlTest, ErrorsAreTheEnginesOwn) {
  start("w", "run-1");
  ControlRequest request = control_signal("run-1");
  request.mutable_query()->set_name("colour");
  EXPECT_EQ(code_of(ask(request)), ErrorCode::kUnknownQuery);
  request.set_run_id("three");
  EXPECT_EQ(code_of(ask(request)), ErrorCode::kInvalidId);
  request.set_run_id(std::string(16, 'x'));
  EXPECT_EQ(code_of(ask(request)), ErrorCode::kNotFound);
  EXPECT_EQ(code_of(ask(control_signal(std::string(1'001, 'x')))), ErrorCode::kInvalidId);
  EXPECT_EQ(code_of(ask(control_signal(""))), ErrorCode::kInvalidId);
}

TEST_F(ControlTest, UpdatesComeBackWithWhatTheirHandlerSays) {
  workflow("updated", [](Execution& e) {
    (void)e.accept("double", [](std::string_view input) {
      if (input.empty()) return application_failure("Empty", "nothing to double");
      return Outcome::success(std::string(input) + std::string(input));
    });
    return wait_for_signal(e);
  });
  restart_worker();
  start("updated", "run-1");
  ControlRequest request = control_signal("run-1");
  request.mutable_update()->set_name("double");
  request.mutable_update()->set_input("ab");
  EXPECT_EQ(ask(request).payload(), "abab");
  request.mutable_update()->set_input("");
  proto::Failure failure;
  ASSERT_TRUE(failure.ParseFromString(ask(request).failure()));
  EXPECT_EQ(failure.message(), "nothing to double");
}

TEST_F(ControlTest, OtherUsersAreRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "takes root, to be somebody else";
  ASSERT_EQ(::chmod(directory_.path().c_str(), 0755), 0);
  ASSERT_EQ(::chmod((directory_ / "control").c_str(), 0666), 0);
  const pid_t other = ::fork();
  if (other == 0) {
    if (::setuid(65534) != 0) ::_exit(2);
    auto connected = runtime::connect_control(
        directory_.path(), std::chrono::steady_clock::now() + std::chrono::seconds(30));
    if (!connected || !*connected) ::_exit(3);
    const auto reply = short_reply((*connected)->get(), 0);
    ::_exit(reply && code_of(*reply) == ErrorCode::kControl ? 0 : 4);
  }
  int status = 0;
  while (::waitpid(other, &status, WNOHANG) == 0) server_->serve_some(base::Duration(10));
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace reprise::testing::control_test
