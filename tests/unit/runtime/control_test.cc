// The control socket: what goes over it, who may use it, and what hostile bytes do to it. On one
// thread, at a time that stands still.
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <gmock/gmock.h>

#include "runtime/control/frame.h"
#include "runtime/control/server.h"
#include "tests/support/engine_fixture.h"
#include "tests/unit/store/temporary_directory.h"

namespace reprise::testing::control_test {
namespace {

using base::ErrorCode;
using proto::ControlReply;
using proto::ControlRequest;
using runtime::ControlListener;
using runtime::ControlOptions;
using runtime::ControlServer;
using runtime::FrameReader;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr base::Duration kTransfer{5'000};

// ---- frames -----------------------------------------------------------------------------------

ControlRequest signal_to(const std::string& run, const std::string& input = "x") {
  ControlRequest request;
  request.set_version(runtime::kControlVersion);
  request.set_workflow_id(run);
  request.mutable_signal()->set_name("go");
  request.mutable_signal()->set_input(input);
  return request;
}

TEST(ControlFrame, ComesBackHoweverItIsCut) {
  const std::string frame = runtime::control_frame(signal_to("run-1"));
  for (std::size_t piece = 1; piece <= frame.size(); ++piece) {
    FrameReader reader(1'000);
    for (std::size_t at = 0; at < frame.size(); at += piece) {
      const bool last = at + piece >= frame.size();
      EXPECT_EQ(reader.add(std::string_view(frame).substr(at, piece)),
                last ? FrameReader::State::kWhole : FrameReader::State::kMore);
    }
    ControlRequest request;
    ASSERT_TRUE(request.ParseFromString(std::string(reader.content())));
    EXPECT_EQ(request.workflow_id(), "run-1");
  }
}

TEST(ControlFrame, PassesOverWhatFollowsAndStopsAtTheLimit) {
  using namespace std::string_literals;
  FrameReader reader(3);
  EXPECT_EQ(reader.add("\3\0\0\0abcdef"s), FrameReader::State::kWhole);
  EXPECT_EQ(reader.content(), "abc");
  EXPECT_EQ(FrameReader(3).add("\4\0\0\0abcd"s), FrameReader::State::kTooLong);
  EXPECT_EQ(FrameReader(3).add("\377\377\377\377"s), FrameReader::State::kTooLong);
  EXPECT_EQ(FrameReader(3).add("\0\0\0\0"s), FrameReader::State::kWhole);
  EXPECT_EQ(FrameReader(3).add(""), FrameReader::State::kMore);
}

// ---- the socket in its directory --------------------------------------------------------------

class ControlSocketTest : public ::testing::Test {
 protected:
  static runtime::SteadyTime soon() {
    return std::chrono::steady_clock::now() + std::chrono::seconds(30);
  }
  bool answers(const std::string& directory) {
    const auto connected = runtime::connect_control(directory, soon());
    EXPECT_TRUE(connected);
    return connected && connected->has_value();
  }
  std::string socket_in(const std::string& directory) { return directory + "/control"; }

  store::TemporaryDirectory directory_;
};

TEST_F(ControlSocketTest, IsForThisUserAndIsRemovedInTheEnd) {
  EXPECT_FALSE(answers(directory_.path()));
  {
    const mode_t before = ::umask(0);
    const auto listener = ControlListener::open(directory_.path());
    ::umask(before);
    ASSERT_TRUE(listener);
    struct stat info {};
    ASSERT_EQ(::lstat(socket_in(directory_.path()).c_str(), &info), 0);
    EXPECT_TRUE(S_ISSOCK(info.st_mode));
    EXPECT_EQ(info.st_mode & 0777, 0600u);
    EXPECT_TRUE(answers(directory_.path()));
  }
  EXPECT_FALSE(std::filesystem::exists(socket_in(directory_.path())));
  EXPECT_FALSE(answers(directory_.path()));
}

TEST_F(ControlSocketTest, ThatOfADeadEngineIsReplaced) {
  const pid_t other = ::fork();
  if (other == 0) {
    auto listener = ControlListener::open(directory_.path());
    ::_exit(listener && listener->release() != nullptr ? 0 : 1);  // dies without removing it
  }
  int status = -1;
  ASSERT_EQ(::waitpid(other, &status, 0), other);
  ASSERT_EQ(status, 0);
  ASSERT_TRUE(std::filesystem::exists(socket_in(directory_.path())));
  EXPECT_FALSE(answers(directory_.path()));
  const auto listener = ControlListener::open(directory_.path());
  ASSERT_TRUE(listener) << listener.error().text();
  EXPECT_TRUE(answers(directory_.path()));
}

TEST_F(ControlSocketTest, OfAForkLeavesTheParentsAlone) {
  const auto listener = ControlListener::open(directory_.path());
  ASSERT_TRUE(listener);
  const pid_t fork = ::fork();
  if (fork == 0) {
    const_cast<std::unique_ptr<ControlListener>&>(*listener).reset();
    ::_exit(0);
  }
  ::waitpid(fork, nullptr, 0);
  EXPECT_TRUE(answers(directory_.path()));
}

TEST_F(ControlSocketTest, DoesNotFollowLinksNorReplaceWhatIsNoSocket) {
  const std::string target = directory_ / "target";
  std::ofstream(target) << "precious";
  std::filesystem::create_symlink(target, socket_in(directory_.path()));
  const auto refused = ControlListener::open(directory_.path());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kControl);
  EXPECT_TRUE(std::filesystem::is_symlink(socket_in(directory_.path())));
  EXPECT_EQ(std::filesystem::file_size(target), 8u);
  EXPECT_FALSE(runtime::connect_control(directory_.path(), soon()));

  std::filesystem::rename(target, socket_in(directory_.path()));
  EXPECT_FALSE(ControlListener::open(directory_.path()));
  EXPECT_EQ(std::filesystem::file_size(socket_in(directory_.path())), 8u);
}

TEST_F(ControlSocketTest, OnlyRemovesItsOwn) {
  auto first = ControlListener::open(directory_.path());
  ASSERT_TRUE(first);
  auto second = ControlListener::open(directory_.path());
  ASSERT_TRUE(second);
  first->reset();
  EXPECT_TRUE(answers(directory_.path()));
}

TEST_F(ControlSocketTest, LiesInADirectoryWithAnyPath) {
  std::string deep = directory_.path();
  for (int i = 0; i < 5; ++i) deep += "/" + std::string(100, static_cast<char>('a' + i));
  std::filesystem::create_directories(deep);
  const auto listener = ControlListener::open(deep);
  ASSERT_TRUE(listener) << listener.error().text();
  EXPECT_TRUE(answers(deep));
  EXPECT_EQ(runtime::connect_control(deep + "/nowhere", soon()).error().code,
            ErrorCode::kStoreMissing);
}

// ---- the server -------------------------------------------------------------------------------

class ControlTest : public EngineFixture {
 protected:
  void SetUp() override {
    workflow("w", wait_for_signal);
    start_worker();
    open_server({});
  }
  void open_server(ControlOptions options) {
    options.now = [this] { return now_; };
    server_.reset();
    auto server = ControlServer::open(directory_.path(), *engine_, options);
    ASSERT_TRUE(server) << server.error().text();
    server_ = std::move(*server);
  }
  // Everything that can happen without time passing.
  void serve() {
    for (int round = 0; round < 4; ++round) {
      server_->serve_some(base::Duration(0));
      settle();
    }
  }
  void pass(base::Duration time) {
    now_ += time;
    serve();
  }

  // Somebody at the other end.
  struct Caller {
    store::File socket;
    FrameReader reader{runtime::kMaxControlReply};
    bool ended = false;
  };
  Caller connect() {
    auto connected = runtime::connect_control(
        directory_.path(), std::chrono::steady_clock::now() + std::chrono::seconds(30));
    EXPECT_TRUE(connected && connected->has_value());
    return Caller{std::move(**connected)};
  }
  // False: the server does not listen any more.
  bool send(Caller& caller, std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent =
          ::send(caller.socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent < 0 && errno != EAGAIN) return false;
      if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
      serve();
    }
    serve();
    return true;
  }
  std::optional<ControlReply> receive(Caller& caller) {
    char buffer[65'536];
    while (true) {
      const ssize_t got = ::recv(caller.socket.get(), buffer, sizeof buffer, MSG_DONTWAIT);
      if (got < 0 && errno == EAGAIN) return std::nullopt;
      caller.ended = got <= 0;
      if (caller.ended) return std::nullopt;
      if (caller.reader.add({buffer, static_cast<std::size_t>(got)}) == FrameReader::State::kWhole)
        break;
      serve();
    }
    ControlReply reply;
    EXPECT_TRUE(reply.ParseFromString(std::string(caller.reader.content())));
    EXPECT_EQ(reply.version(), runtime::kControlVersion);
    return reply;
  }
  ControlReply ask(const ControlRequest& request) {
    Caller caller = connect();
    EXPECT_TRUE(send(caller, runtime::control_frame(request)));
    const auto reply = receive(caller);
    EXPECT_TRUE(reply);
    return reply.value_or(ControlReply());
  }
  static ErrorCode code_of(const ControlReply& reply) {
    return static_cast<ErrorCode>(reply.error().code());
  }
  void expect_it_still_serves() {
    EXPECT_EQ(code_of(ask(signal_to("nobody"))), ErrorCode::kNotFound);
  }

  store::TemporaryDirectory directory_;
  runtime::SteadyTime now_{};
  std::unique_ptr<ControlServer> server_;
};

TEST_F(ControlTest, SignalsReachTheirRuns) {
  const Watch watch = start("w", "run-1");
  EXPECT_TRUE(ask(signal_to("run-1", "hello")).has_done());
  EXPECT_EQ(result(watch), "hello");
  EXPECT_EQ(code_of(ask(signal_to("run-1"))), ErrorCode::kRunClosed);
  EXPECT_EQ(server_->connections(), 0u);
}

TEST_F(ControlTest, CarriesPayloadsOfTheLargestSize) {
  const Watch watch = start("w", "run-1");
  const std::string large(std::size_t{2} << 20, 'x');
  EXPECT_TRUE(ask(signal_to("run-1", large)).has_done());
  EXPECT_EQ(result(watch), large);
  start("w", "run-2");
  EXPECT_EQ(code_of(ask(signal_to("run-2", large + "x"))), ErrorCode::kPayloadTooLarge);
}

TEST_F(ControlTest, CancelsAndTerminates) {
  ControlRequest request = signal_to("run-1");
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
  worker_.reset();
  start_worker();
  const Watch run = start("broken", "run-1");
  EXPECT_TRUE(describe("run-1")->parked);
  broken = false;
  ControlRequest request = signal_to("run-1");
  request.mutable_retry();
  EXPECT_TRUE(ask(request).has_done());
  EXPECT_EQ(result(run), "mended");
  EXPECT_EQ(code_of(ask(request)), ErrorCode::kRunClosed);
}

TEST_F(ControlTest, ErrorsAreTheEnginesOwn) {
  start("w", "run-1");
  ControlRequest request = signal_to("run-1");
  request.mutable_query()->set_name("colour");
  EXPECT_EQ(code_of(ask(request)), ErrorCode::kUnknownQuery);
  request.set_run_id("three");
  EXPECT_EQ(code_of(ask(request)), ErrorCode::kInvalidId);
  request.set_run_id(std::string(16, 'x'));
  EXPECT_EQ(code_of(ask(request)), ErrorCode::kNotFound);
  EXPECT_EQ(code_of(ask(signal_to(std::string(1'001, 'x')))), ErrorCode::kInvalidId);
  EXPECT_EQ(code_of(ask(signal_to(""))), ErrorCode::kInvalidId);
}

TEST_F(ControlTest, UpdatesComeBackWithWhatTheirHandlerSays) {
  workflow("updated", [](Execution& e) {
    (void)e.accept("double", [](std::string_view input) {
      if (input.empty()) return application_failure("Empty", "nothing to double");
      return Outcome::success(std::string(input) + std::string(input));
    });
    return wait_for_signal(e);
  });
  worker_.reset();
  start_worker();
  start("updated", "run-1");
  ControlRequest request = signal_to("run-1");
  request.mutable_update()->set_name("double");
  request.mutable_update()->set_input("ab");
  EXPECT_EQ(ask(request).payload(), "abab");
  request.mutable_update()->set_input("");
  proto::Failure failure;
  ASSERT_TRUE(failure.ParseFromString(ask(request).failure()));
  EXPECT_EQ(failure.message(), "nothing to double");
}

// ---- what does not belong there ---------------------------------------------------------------

TEST_F(ControlTest, OtherVersionsAreTold) {
  start("w", "run-1");
  ControlRequest request = signal_to("run-1");
  request.set_version(7);
  const ControlReply reply = ask(request);
  EXPECT_EQ(code_of(reply), ErrorCode::kControl);
  EXPECT_THAT(reply.error().message(), HasSubstr("version 7"));
  request = signal_to("run-1");
  request.clear_verb();
  EXPECT_EQ(code_of(ask(request)), ErrorCode::kControl);
}

TEST_F(ControlTest, WhatIsTooLongIsRefusedAtItsLength) {
  Caller caller = connect();
  EXPECT_TRUE(send(caller, std::string_view("GET / HTTP/1.1\r\n\r\n")));
  const auto reply = receive(caller);
  ASSERT_TRUE(reply);
  EXPECT_EQ(code_of(*reply), ErrorCode::kControl);
  EXPECT_EQ(server_->connections(), 0u);
  expect_it_still_serves();
}

TEST_F(ControlTest, GarbageIsRefused) {
  using namespace std::string_literals;
  for (const std::string& garbage :
       {"\0\0\0\0"s, "\1\0\0\0\377"s, "\5\0\0\0\12\377\377\377\377"s}) {
    Caller caller = connect();
    EXPECT_TRUE(send(caller, garbage));
    const auto reply = receive(caller);
    ASSERT_TRUE(reply);
    EXPECT_EQ(code_of(*reply), ErrorCode::kControl);
  }
  expect_it_still_serves();
}

TEST_F(ControlTest, BytesByChanceDoNoHarm) {
  const Watch watch = start("w", "run-1");
  std::mt19937 random(17);
  const std::string sound = runtime::control_frame(signal_to("run-2"));
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

TEST_F(ControlTest, WhoSendsHalfARequestIsLeftOut) {
  const std::string frame = runtime::control_frame(signal_to("run-1"));
  Caller silent = connect();
  Caller half = connect();
  EXPECT_TRUE(send(half, std::string_view(frame).substr(0, 9)));
  EXPECT_EQ(server_->connections(), 2u);
  pass(kTransfer - base::Duration(1));
  expect_it_still_serves();
  EXPECT_EQ(server_->connections(), 2u);
  pass(base::Duration(1));
  EXPECT_EQ(server_->connections(), 0u);
  EXPECT_FALSE(receive(half));
  EXPECT_TRUE(half.ended);
}

TEST_F(ControlTest, WhoHangsUpHalfwayIsForgotten) {
  const std::string frame = runtime::control_frame(signal_to("run-1"));
  {
    Caller half = connect();
    EXPECT_TRUE(send(half, std::string_view(frame).substr(0, 9)));
  }
  serve();
  EXPECT_EQ(server_->connections(), 0u);
}

TEST_F(ControlTest, AHundredCallersAreAllAnswered) {
  std::vector<Caller> callers;
  for (int i = 0; i < 100; ++i) {
    callers.push_back(connect());
    const std::string frame = runtime::control_frame(signal_to("nobody"));
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

// A hundred that say nothing keep others out for as long as one request may take to arrive.
TEST_F(ControlTest, AHundredWhoSayNothingAreGotOver) {
  std::vector<Caller> silent;
  for (int i = 0; i < 100; ++i) silent.push_back(connect());
  serve();
  EXPECT_EQ(server_->connections(), ControlOptions().connections);
  Caller caller = connect();
  EXPECT_TRUE(send(caller, runtime::control_frame(signal_to("nobody"))));
  EXPECT_FALSE(receive(caller));
  for (int i = 0; i < 4; ++i) pass(kTransfer);
  EXPECT_TRUE(receive(caller));
}

// Their code may take days; whoever wants to end a run must not wait for it.
TEST_F(ControlTest, UpdatesThatWaitLeaveRoomForOthers) {
  worker_.reset();  // nobody handles updates
  open_server({.connections = 2, .waiting_for_code = 1});
  start("w", "run-1");
  ControlRequest update = signal_to("run-1");
  update.mutable_update()->set_name("u");
  update.set_wait_ms(60'000);
  Caller waiting = connect();
  EXPECT_TRUE(send(waiting, runtime::control_frame(update)));
  EXPECT_FALSE(receive(waiting));
  EXPECT_EQ(code_of(ask(update)), ErrorCode::kOverloaded);
  EXPECT_TRUE(ask(signal_to("run-1")).has_done());

  pass(base::Duration(60'000));
  const auto late = receive(waiting);
  ASSERT_TRUE(late);
  EXPECT_EQ(code_of(*late), ErrorCode::kControl);
  EXPECT_THAT(late->error().message(), HasSubstr("60000 ms"));
  EXPECT_EQ(server_->connections(), 0u);
}

TEST_F(ControlTest, WhoGoesWhileItsAnswerIsMadeIsForgotten) {
  worker_.reset();
  start("w", "run-1");
  ControlRequest update = signal_to("run-1");
  update.mutable_update()->set_name("u");
  {
    Caller waiting = connect();
    EXPECT_TRUE(send(waiting, runtime::control_frame(update)));
    EXPECT_EQ(server_->connections(), 1u);
  }
  serve();
  EXPECT_EQ(server_->connections(), 0u);
  server_.reset();
  EXPECT_TRUE(terminate("run-1")) << "its answer has nowhere to go";
}

TEST_F(ControlTest, WhoDoesNotTakeItsAnswerIsLeftOut) {
  const std::string large(std::size_t{2} << 20, 'x');
  workflow("large", [&](Execution& e) {
    (void)e.accept("u", [&](std::string_view) { return Outcome::success(large); });
    return wait_for_signal(e);
  });
  worker_.reset();
  start_worker();
  start("large", "run-1");
  ControlRequest update = signal_to("run-1");
  update.mutable_update()->set_name("u");
  Caller caller = connect();
  EXPECT_TRUE(send(caller, runtime::control_frame(update)));
  EXPECT_EQ(server_->connections(), 1u);
  pass(kTransfer);
  EXPECT_EQ(server_->connections(), 0u);
  expect_it_still_serves();
}

TEST_F(ControlTest, WhoWaitsWhenTheEngineClosesIsTold) {
  worker_.reset();
  start("w", "run-1");
  ControlRequest update = signal_to("run-1");
  update.mutable_update()->set_name("u");
  Caller waiting = connect();
  EXPECT_TRUE(send(waiting, runtime::control_frame(update)));
  server_.reset();
  char buffer[1'000];
  const ssize_t got = ::recv(waiting.socket.get(), buffer, sizeof buffer, MSG_DONTWAIT);
  ASSERT_GT(got, 4);
  ControlReply reply;
  ASSERT_TRUE(reply.ParseFromArray(buffer + 4, static_cast<int>(got) - 4));
  EXPECT_EQ(code_of(reply), ErrorCode::kStoreClosed);
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
    char buffer[1'000];
    const ssize_t got = ::recv((*connected)->get(), buffer, sizeof buffer, 0);
    ControlReply reply;
    const bool read = got > 4 && reply.ParseFromArray(buffer + 4, static_cast<int>(got) - 4);
    ::_exit(read && code_of(reply) == ErrorCode::kControl ? 0 : 4);
  }
  int status = 0;
  while (::waitpid(other, &status, WNOHANG) == 0) server_->serve_some(base::Duration(10));
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace reprise::testing::control_test
