// Serves the control socket of an engine: requests of `reprise signal`, `cancel`, `terminate`,
// `retry`, `query` and `update` in other processes (docs/control.md). One request per connection,
// all of them on one thread, which never waits for any of them: what a full engine has no room for
// is refused at once.
#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <poll.h>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "runtime/client_service.h"
#include "runtime/control/answers.h"
#include "runtime/control/frame.h"
#include "runtime/control/socket.h"

namespace reprise::runtime {

struct ControlOptions {
  std::size_t connections = 32;          // more wait to be accepted
  std::size_t waiting_for_code = 24;     // of these: queries and updates; others have room
  base::Duration transfer{5'000};        // for a request to arrive, and an answer to be taken
  base::Duration usual_wait{10'000};     // for an answer, where the request does not say
  base::Duration longest_wait{600'000};  // whatever the request says
  std::function<SteadyTime()> now = std::chrono::steady_clock::now;
};

class ControlServer {
 public:
  // In a directory whose store this process has locked. The service must outlive the server.
  // kControl.
  static base::Result<std::unique_ptr<ControlServer>> open(const std::string& directory,
                                                           ClientService& service,
                                                           ControlOptions options = {});
  // Stops its thread, closes the connections and removes the socket.
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

  // Serves on a thread of its own from now on. kControl: there is none.
  base::Status start();
  // Without a thread: waits for something to do, at most this long, and does it.
  void serve_some(base::Duration at_most);

  std::size_t connections() const { return connections_.size(); }

 private:
  enum class Stage { kReading, kWaiting, kWriting, kDone };
  struct Connection {
    Connection(std::uint64_t its_id, SteadyTime until) : id(its_id), deadline(until) {}

    const std::uint64_t id;
    base::PrivateDescriptor socket;
    SteadyTime deadline;  // of the stage
    Stage stage = Stage::kReading;
    bool waits_for_code = false;
    base::Duration wait{0};  // for the engine's answer
    FrameReader request{kMaxControlRequest};
    std::string answer{};
    std::size_t written = 0;
  };

  ControlServer(ClientService& service, ControlOptions options)
      : service_(service), options_(std::move(options)) {}
  void serve();
  std::vector<pollfd> polled() const;
  int longest_sleep(base::Duration at_most) const;
  void accept_some();
  void look_after(Connection& connection, short events);
  void read(Connection& connection);
  void write(Connection& connection);
  void ask(Connection& connection);
  void answer(Connection& connection, const proto::ControlReply& reply);
  void pass_on_answers();
  void give_up_late_ones();
  bool has_room_for_code() const;

  ClientService& service_;
  const ControlOptions options_;
  const pid_t process_ = ::getpid();
  const std::shared_ptr<Answers> answers_ = std::make_shared<Answers>();
  std::unique_ptr<ControlListener> listener_;
  std::list<Connection> connections_;
  std::uint64_t next_id_ = 1;
  SteadyTime accept_after_{};  // there were no descriptors
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace reprise::runtime
