// A control server over an engine, on one thread and with a clock that stands still, and its
// callers.
#pragma once
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <utility>

#include "runtime/control/frame.h"
#include "runtime/control/server.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/temporary_directory.h"

namespace reprise::testing {

inline proto::ControlRequest control_request(const std::string& run) {
  proto::ControlRequest request;
  request.set_version(runtime::kControlVersion);
  request.set_workflow_id(run);
  return request;
}
inline proto::ControlRequest control_signal(const std::string& run,
                                            const std::string& input = "x") {
  proto::ControlRequest request = control_request(run);
  request.mutable_signal()->set_name("go");
  request.mutable_signal()->set_input(input);
  return request;
}
inline proto::ControlRequest control_update(const std::string& run) {
  proto::ControlRequest request = control_request(run);
  request.mutable_update()->set_name("u");
  return request;
}

class ControlFixture : public EngineFixture {
 protected:
  void SetUp() override {
    workflow("w", wait_for_signal);
    start_worker();
    open_server({});
  }
  void open_server(runtime::ControlOptions options) {
    options.now = [this] { return now_; };
    server_.reset();
    auto server = runtime::ControlServer::open(directory_.path(), *engine_, options);
    ASSERT_TRUE(server) << server.error().text();
    server_ = std::move(*server);
  }
  // For the code registered so far.
  void restart_worker() {
    worker_.reset();
    start_worker();
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

  // A caller at the other end.
  struct Caller {
    store::File socket;
    runtime::FrameReader reader{runtime::kMaxControlReply};
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
  std::optional<proto::ControlReply> receive(Caller& caller) {
    char buffer[65'536];
    while (true) {
      const ssize_t got = ::recv(caller.socket.get(), buffer, sizeof buffer, MSG_DONTWAIT);
      if (got < 0 && errno == EAGAIN) return std::nullopt;
      caller.ended = got <= 0;
      if (caller.ended) return std::nullopt;
      if (caller.reader.add({buffer, static_cast<std::size_t>(got)}) ==
          runtime::FrameReader::State::kWhole)
        break;
      serve();
    }
    proto::ControlReply reply;
    EXPECT_TRUE(reply.ParseFromString(std::string(caller.reader.content())));
    EXPECT_EQ(reply.version(), runtime::kControlVersion);
    return reply;
  }
  proto::ControlReply ask(const proto::ControlRequest& request) {
    Caller caller = connect();
    EXPECT_TRUE(send(caller, runtime::control_frame(request)));
    const auto reply = receive(caller);
    EXPECT_TRUE(reply);
    return reply.value_or(proto::ControlReply());
  }
  // A complete answer that is already there, if any: for a server that is not driven here.
  static std::optional<proto::ControlReply> short_reply(int socket, int flags) {
    char buffer[1'000];
    const ssize_t got = ::recv(socket, buffer, sizeof buffer, flags);
    proto::ControlReply reply;
    if (got <= 4 || !reply.ParseFromArray(buffer + 4, static_cast<int>(got) - 4)) return {};
    return reply;
  }
  static base::ErrorCode code_of(const proto::ControlReply& reply) {
    return static_cast<base::ErrorCode>(reply.error().code());
  }
  void expect_it_still_serves() {
    EXPECT_EQ(code_of(ask(control_signal("nobody"))), base::ErrorCode::kNotFound);
  }

  testing::TemporaryDirectory directory_;
  runtime::SteadyTime now_{};
  std::unique_ptr<runtime::ControlServer> server_;
};

}  // namespace reprise::testing
