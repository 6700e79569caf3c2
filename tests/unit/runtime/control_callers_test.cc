// Hostile bytes for the control server, and callers that stop in the middle.
#include <random>
#include <sys/socket.h>

#include <gmock/gmock.h>

#include "tests/unit/runtime/control_fixture.h"

namespace reprise::testing::control_callers_test {
namespace {

using base::ErrorCode;
using proto::ControlReply;
using proto::ControlRequest;
using runtime::ControlOptions;
using ::testing::HasSubstr;

constexpr base::Duration kTransfer{5'000};

class ControlCallers : public ControlFixture {
 protected:
  Caller caller_of(std::string_view bytes) {
    Caller caller = connect();
    EXPECT_TRUE(send(caller, bytes));
    return caller;
  }
  Caller caller_of(const ControlRequest& request) {
    return caller_of(std::string_view(runtime::control_frame(request)));
  }
  Caller half_a_caller() {
    const std::string frame = runtime::control_frame(control_signal("run-1"));
    return caller_of(std::string_view(frame).substr(0, 9));
  }
};

// ---- what does not belong there ---------------------------------------------------------------

TEST_F(ControlCallers, OtherVersionsAreTold) {
  start("w", "run-1");
  ControlRequest request = control_signal("run-1");
  request.set_version(7);
  const ControlReply reply = ask(request);
  EXPECT_EQ(code_of(reply), ErrorCode::kControl);
  EXPECT_THAT(reply.error().message(), HasSubstr("version 7"));
  request = control_signal("run-1");
  request.clear_verb();
  EXPECT_EQ(code_of(ask(request)), ErrorCode::kControl);
}

TEST_F(ControlCallers, WhatIsTooLongIsRefusedAtItsLength) {
  Caller caller = caller_of("GET / HTTP/1.1\r\n\r\n");
  const auto reply = receive(caller);
  ASSERT_TRUE(reply);
  EXPECT_EQ(code_of(*reply), ErrorCode::kControl);
  EXPECT_EQ(server_->connections(), 0u);
  expect_it_still_serves();
}

TEST_F(ControlCallers, GarbageIsRefused) {
  using namespace std::string_literals;
  for (const std::string& garbage :
       {"\0\0\0\0"s, "\1\0\0\0\377"s, "\5\0\0\0\12\377\377\377\377"s}) {
    Caller caller = caller_of(garbage);
    const auto reply = receive(caller);
    ASSERT_TRUE(reply);
    EXPECT_EQ(code_of(*reply), ErrorCode::kControl);
  }
  expect_it_still_serves();
}

TEST_F(ControlCallers, BytesByChanceDoNoHarm) {
  const Watch watch = start("w", "run-1");
  std::mt19937 random(17);
  const std::string sound = runtime::control_frame(control_signal("run-2"));
  for (int i = 0; i < 500; ++i) {
    std::string bytes = sound;
    for (int changes = 0; changes < 3; ++changes) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    bytes.resize(random() % (bytes.size() + 1));
    Caller caller = connect();
    (void)send(caller, bytes);
    (void)receive(caller);
  }
  serve();
  EXPECT_EQ(server_->connections(), 0u);
  EXPECT_EQ(result(watch), "(running)");
  expect_it_still_serves();
}

// ---- those who do not go on -------------------------------------------------------------------

TEST_F(ControlCallers, WhoSendsHalfARequestIsLeftOut) {
  Caller silent = connect();
  Caller half = half_a_caller();
  EXPECT_EQ(server_->connections(), 2u);
  pass(kTransfer - base::Duration(1));
  expect_it_still_serves();
  EXPECT_EQ(server_->connections(), 2u);
  pass(base::Duration(1));
  EXPECT_EQ(server_->connections(), 0u);
  EXPECT_FALSE(receive(half));
  EXPECT_TRUE(half.ended);
}

TEST_F(ControlCallers, WhoHangsUpHalfwayIsForgotten) {
  { const Caller half = half_a_caller(); }
  serve();
  EXPECT_EQ(server_->connections(), 0u);
}

TEST_F(ControlCallers, AHundredCallersAreAllAnswered) {
  std::vector<Caller> callers;
  for (int i = 0; i < 100; ++i) {
    callers.push_back(connect());
    const std::string frame = runtime::control_frame(control_signal("nobody"));
    ASSERT_EQ(::send(callers.back().socket.get(), frame.data(), frame.size(), MSG_DONTWAIT),
              static_cast<ssize_t>(frame.size()));
  }
  for (int i = 0; i < 10; ++i) serve();
  for (Caller& caller : callers) {
    const auto reply = receive(caller);
    ASSERT_TRUE(reply);
    EXPECT_EQ(code_of(*reply), ErrorCode::kNotFound);
  }
}

// A hundred silent connections keep others out only as long as a request may take to arrive.
TEST_F(ControlCallers, AHundredWhoSayNothingAreGotOver) {
  std::vector<Caller> silent;
  for (int i = 0; i < 100; ++i) silent.push_back(connect());
  serve();
  EXPECT_EQ(server_->connections(), ControlOptions().connections);
  Caller caller = caller_of(control_signal("nobody"));
  EXPECT_FALSE(receive(caller));
  for (int i = 0; i < 4; ++i) pass(kTransfer);
  EXPECT_TRUE(receive(caller));
}

// Their code may take days; a request to end a run must not wait for it.
TEST_F(ControlCallers, UpdatesThatWaitLeaveRoomForOthers) {
  worker_.reset();  // nobody handles updates
  open_server({.connections = 2, .waiting_for_code = 1});
  start("w", "run-1");
  ControlRequest update = control_update("run-1");
  update.set_wait_ms(60'000);
  Caller waiting = caller_of(update);
  EXPECT_FALSE(receive(waiting));
  EXPECT_EQ(code_of(ask(update)), ErrorCode::kOverloaded);
  EXPECT_TRUE(ask(control_signal("run-1")).has_done());

  pass(base::Duration(60'000));
  const auto late = receive(waiting);
  ASSERT_TRUE(late);
  EXPECT_EQ(code_of(*late), ErrorCode::kControl);
  EXPECT_THAT(late->error().message(), HasSubstr("60000 ms"));
  EXPECT_EQ(server_->connections(), 0u);
}

TEST_F(ControlCallers, WhoGoesWhileItsAnswerIsMadeIsForgotten) {
  worker_.reset();
  start("w", "run-1");
  {
    Caller waiting = caller_of(control_update("run-1"));
    EXPECT_EQ(server_->connections(), 1u);
  }
  serve();
  EXPECT_EQ(server_->connections(), 0u);
  server_.reset();
  EXPECT_TRUE(terminate("run-1")) << "its answer has nowhere to go";
}

TEST_F(ControlCallers, WhoDoesNotTakeItsAnswerIsLeftOut) {
  const std::string large(std::size_t{2} << 20, 'x');
  workflow("large", [&](Execution& e) {
    (void)e.accept("u", [&](std::string_view) { return Outcome::success(large); });
    return wait_for_signal(e);
  });
  restart_worker();
  start("large", "run-1");
  Caller caller = caller_of(control_update("run-1"));
  EXPECT_EQ(server_->connections(), 1u);
  pass(kTransfer);
  EXPECT_EQ(server_->connections(), 0u);
  expect_it_still_serves();
}

TEST_F(ControlCallers, WhoWaitsWhenTheEngineClosesIsTold) {
  worker_.reset();
  start("w", "run-1");
  Caller waiting = caller_of(control_update("run-1"));
  server_.reset();
  const auto reply = short_reply(waiting.socket.get(), MSG_DONTWAIT);
  ASSERT_TRUE(reply);
  EXPECT_EQ(code_of(*reply), ErrorCode::kStoreClosed);
}

}  // namespace
}  // namespace reprise::testing::control_callers_test
