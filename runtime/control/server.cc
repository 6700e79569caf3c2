#include "runtime/control/server.h"

#include <algorithm>
#include <cerrno>
#include <limits>
#include <sys/socket.h>
#include <system_error>
#include <utility>

#include "base/out_of_memory.h"
#include "base/thread_name.h"
#include "runtime/control/perform.h"
#include "runtime/no_waiting.h"

namespace reprise::runtime {
namespace {

constexpr std::size_t kReadAtOnce = 65'536;
constexpr base::Duration kPauseWithoutDescriptors{100};

base::Error no_control_request() {
  return {base::ErrorCode::kControl, "this is no request, or one of more than " +
                                         std::to_string(kMaxControlRequest) + " bytes"};
}

base::Error late_answer(base::Duration waited) {
  return {base::ErrorCode::kControl,
          "the engine has not answered within " + std::to_string(waited.count()) +
              " ms: the run's thread is busy, or the run's code waits. What was asked may still be "
              "done: look before asking again"};
}

base::Error asked_by_stranger(uid_t user) {
  return {base::ErrorCode::kControl,
          "the engine takes requests of its own user and of root, not of "
          "user " +
              std::to_string(user)};
}

bool may_ask(const std::optional<ControlPeer>& peer) {
  return peer && (peer->user == ::geteuid() || peer->user == 0);
}

}  // namespace

// ---- opening and closing ----------------------------------------------------------------------

base::Result<std::unique_ptr<ControlServer>> ControlServer::open(const std::string& directory,
                                                                 ClientService& service,
                                                                 ControlOptions options) {
  std::unique_ptr<ControlServer> server(new ControlServer(service, std::move(options)));
  if (server->answers_->event() < 0) {
    return base::Error{base::ErrorCode::kControl, "cannot serve " + directory + "/" + kControlName +
                                                      ": no file descriptor for it"};
  }
  auto listener = ControlListener::open(directory);
  if (!listener) return listener.error();
  server->listener_ = std::move(*listener);
  return server;
}

ControlServer::~ControlServer() {
  if (::getpid() != process_) {  // a fork has no such thread
    if (thread_.joinable()) thread_.detach();
    return;
  }
  stopping_ = true;
  answers_->wake();
  if (thread_.joinable()) thread_.join();
  pass_on_answers();
  for (Connection& connection : connections_) {
    if (connection.stage != Stage::kWaiting) continue;
    answer(connection,
           control_error_reply({base::ErrorCode::kStoreClosed,
                                "the engine is closing; what was asked may still be done: look "
                                "before asking again"}));
  }
}

base::Status ControlServer::start() {
  try {
    thread_ = std::thread([this] { base::needs_memory("serving requests", [this] { serve(); }); });
  } catch (const std::system_error& error) {
    return base::Error{
        base::ErrorCode::kControl,
        std::string("cannot start the thread of the control socket: ") + error.what()};
  }
  return {};
}

void ControlServer::serve() {
  base::name_this_thread("reprise-control");
  while (!stopping_) serve_some(base::Duration::max());
}

// ---- one round --------------------------------------------------------------------------------

void ControlServer::serve_some(base::Duration at_most) {
  std::vector<pollfd> descriptors = polled();
  const int ready = ::poll(descriptors.data(), descriptors.size(), longest_sleep(at_most));
  std::size_t at = 2;
  for (Connection& connection : connections_) {
    if (ready > 0) look_after(connection, descriptors[at].revents);
    ++at;
  }
  pass_on_answers();
  give_up_late_ones();
  connections_.remove_if([](const Connection& one) { return one.stage == Stage::kDone; });
  if (ready > 0 && descriptors[1].revents != 0) accept_some();
}

// The event of the answers, the listener, and the connections in their order.
std::vector<pollfd> ControlServer::polled() const {
  const bool accepts =
      connections_.size() < options_.connections && options_.now() >= accept_after_;
  std::vector<pollfd> descriptors;
  descriptors.reserve(2 + connections_.size());
  descriptors.push_back({answers_->event(), POLLIN, 0});
  descriptors.push_back({accepts ? listener_->get() : -1, POLLIN, 0});
  for (const Connection& connection : connections_) {
    const bool reads = connection.stage == Stage::kReading;
    const bool writes = connection.stage == Stage::kWriting;
    // A waiting connection is polled for nothing, but poll() still reports that its other end has
    // gone.
    const short events = reads ? POLLIN : writes ? POLLOUT : 0;
    descriptors.push_back({connection.socket.get(), events, 0});
  }
  return descriptors;
}

int ControlServer::longest_sleep(base::Duration at_most) const {
  const SteadyTime now = options_.now();
  base::Duration longest = at_most;
  const auto until = [&](SteadyTime time) {
    const auto left = std::chrono::ceil<base::Duration>(time - now);
    longest = std::clamp(left, base::Duration(0), longest);
  };
  for (const Connection& connection : connections_) until(connection.deadline);
  if (accept_after_ > now) until(accept_after_);
  if (longest == base::Duration::max()) return -1;
  constexpr std::int64_t kMost = std::numeric_limits<int>::max();
  return static_cast<int>(std::min<std::int64_t>(longest.count(), kMost));
}

void ControlServer::accept_some() {
  while (connections_.size() < options_.connections) {
    Connection& connection =
        connections_.emplace_back(next_id_++, options_.now() + options_.transfer);
    const int error = connection.socket.make([this] {
      return ::accept4(listener_->get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    });
    if (connection.socket.get() < 0) {
      connections_.pop_back();
      // Waiting connections stay ready to be accepted: do not spin until there are descriptors
      // again.
      if (error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS) {
        accept_after_ = options_.now() + kPauseWithoutDescriptors;
      }
      return;
    }
    const auto peer = peer_of(connection.socket.get());
    if (!may_ask(peer))
      answer(connection, control_error_reply(asked_by_stranger(peer ? peer->user : -1U)));
  }
}

// ---- one connection ---------------------------------------------------------------------------

void ControlServer::look_after(Connection& connection, short events) {
  if (events == 0) return;
  switch (connection.stage) {
    case Stage::kReading:
      return read(connection);
    case Stage::kWaiting:
      connection.stage =
          Stage::kDone;  // the sender has gone; its request is carried out nevertheless
      return;
    case Stage::kWriting:
      return write(connection);
    case Stage::kDone:
      return;
  }
}

void ControlServer::read(Connection& connection) {
  char buffer[kReadAtOnce];
  const ssize_t got = ::recv(connection.socket.get(), buffer, sizeof buffer, 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) {
    connection.stage = Stage::kDone;
    return;
  }
  switch (connection.request.add({buffer, static_cast<std::size_t>(got)})) {
    case FrameReader::State::kMore:
      return;
    case FrameReader::State::kTooLong:
      return answer(connection, control_error_reply(no_control_request()));
    case FrameReader::State::kWhole:
      return ask(connection);
  }
}

bool ControlServer::has_room_for_code() const {
  const auto waiting = std::count_if(connections_.begin(), connections_.end(),
                                     [](const Connection& one) { return one.waits_for_code; });
  return static_cast<std::size_t>(waiting) < options_.waiting_for_code;
}

void ControlServer::ask(Connection& connection) {
  proto::ControlRequest request;
  const std::string_view bytes = connection.request.content();
  if (!request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return answer(connection, control_error_reply(no_control_request()));
  }
  connection.request = FrameReader(0);
  if (asks_code(request) && !has_room_for_code()) {
    return answer(connection,
                  control_error_reply({base::ErrorCode::kOverloaded,
                                       std::to_string(options_.waiting_for_code) +
                                           " queries and updates wait at the control socket "
                                           "already; try again later"}));
  }
  const base::Duration asked{request.wait_ms()};
  connection.stage = Stage::kWaiting;
  connection.waits_for_code = asks_code(request);
  connection.wait =
      std::min(asked.count() == 0 ? options_.usual_wait : asked, options_.longest_wait);
  connection.deadline = options_.now() + connection.wait;
  const NoWaiting::Scope at_once;
  perform(service_, request, [answers = answers_, id = connection.id](proto::ControlReply reply) {
    answers->add(id, std::move(reply));
  });
}

void ControlServer::answer(Connection& connection, const proto::ControlReply& reply) {
  if (reply.ByteSizeLong() > kMaxControlReply) {
    return answer(connection,
                  control_error_reply({base::ErrorCode::kPayloadTooLarge,
                                       "the answer has more bytes than the control socket takes: " +
                                           std::to_string(kMaxControlReply)}));
  }
  connection.answer = control_frame(reply);
  connection.stage = Stage::kWriting;
  connection.waits_for_code = false;
  connection.deadline = options_.now() + options_.transfer;
  write(connection);
}

void ControlServer::write(Connection& connection) {
  const std::string_view rest = std::string_view(connection.answer).substr(connection.written);
  const ssize_t sent =
      ::send(connection.socket.get(), rest.data(), rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (sent > 0) connection.written += static_cast<std::size_t>(sent);
  if (sent <= 0 || connection.written == connection.answer.size()) connection.stage = Stage::kDone;
}

// ---- answers, and those that do not come ------------------------------------------------------

void ControlServer::pass_on_answers() {
  for (auto& [id, reply] : answers_->take()) {
    const auto asker = std::find_if(connections_.begin(), connections_.end(),
                                    [id = id](const Connection& one) { return one.id == id; });
    if (asker != connections_.end() && asker->stage == Stage::kWaiting) answer(*asker, reply);
  }
}

void ControlServer::give_up_late_ones() {
  const SteadyTime now = options_.now();
  for (Connection& connection : connections_) {
    if (connection.deadline > now) continue;
    if (connection.stage == Stage::kWaiting) {
      answer(connection, control_error_reply(late_answer(connection.wait)));
    } else {
      connection.stage = Stage::kDone;
    }
  }
}

}  // namespace reprise::runtime
