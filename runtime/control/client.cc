#include "runtime/control/client.h"

#include <algorithm>
#include <cerrno>
#include <limits>
#include <poll.h>
#include <sys/socket.h>
#include <utility>

#include "runtime/control/frame.h"
#include "runtime/control/socket.h"

namespace reprise::runtime {
namespace {

// The engine's message about a run that does not answer says more than ours about an engine.
constexpr base::Duration kLongerThanTheEngine{1'000};

class Exchange {
 public:
  Exchange(store::File socket, std::string directory, base::Duration timeout, SteadyTime until)
      : socket_(std::move(socket)),
        directory_(std::move(directory)),
        timeout_(timeout),
        until_(until) {}

  base::Result<proto::ControlReply> run(const proto::ControlRequest& request) {
    if (const auto sent = send(control_frame(request)); !sent) return sent.error();
    return receive();
  }

 private:
  std::string engine() const {
    const auto peer = peer_of(socket_.get());
    const std::string who =
        peer && peer->process > 0 ? "process " + std::to_string(peer->process) : "the engine";
    return who + ", which has the store " + directory_ + " open,";
  }
  base::Error no_answer() const {
    return {base::ErrorCode::kControl,
            engine() + " has not answered within " + std::to_string(timeout_.count()) +
                " ms: it is stopped, or hangs. What was asked may still be done. Without that "
                "process, signal, cancel, terminate and retry work on the store itself"};
  }
  base::Error broken() const {
    return {base::ErrorCode::kControl,
            engine() +
                " has closed the connection without an answer: it is ending, or of another "
                "version. What was asked may have been done"};
  }

  base::Status send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return no_answer();
      if (sent < 0) return {};  // it was refused before it was complete: the answer says why
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return {};
  }

  base::Result<proto::ControlReply> receive() {
    FrameReader reader(kMaxControlReply);
    char buffer[65'536];
    while (wait_for_bytes()) {
      const ssize_t got = ::recv(socket_.get(), buffer, sizeof buffer, MSG_DONTWAIT);
      if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
      if (got <= 0) return broken();
      const auto state = reader.add({buffer, static_cast<std::size_t>(got)});
      if (state == FrameReader::State::kTooLong) return broken();
      if (state == FrameReader::State::kWhole) return decode(reader.content());
    }
    return no_answer();
  }

  // False: the time is up.
  bool wait_for_bytes() const {
    while (true) {
      const auto left =
          std::chrono::ceil<base::Duration>(until_ - std::chrono::steady_clock::now());
      if (left.count() <= 0) return false;
      pollfd readable{socket_.get(), POLLIN, 0};
      const auto most = std::min<std::int64_t>(left.count(), std::numeric_limits<int>::max());
      if (::poll(&readable, 1, static_cast<int>(most)) > 0) return true;
    }
  }

  base::Result<proto::ControlReply> decode(std::string_view bytes) const {
    proto::ControlReply reply;
    const bool whole = reply.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
    if (whole && reply.version() == kControlVersion && reply.result_case() != 0) return reply;
    if (whole && reply.has_error()) return reply;  // of another version, and says so
    return base::Error{base::ErrorCode::kControl,
                       engine() +
                           " answers in another version of the control protocol; use the "
                           "reprise command of its release"};
  }

  const store::File socket_;
  const std::string directory_;
  const base::Duration timeout_;
  const SteadyTime until_;
};

}  // namespace

base::Result<std::optional<proto::ControlReply>> ask_engine(const std::string& directory,
                                                            proto::ControlRequest request,
                                                            base::Duration timeout) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();
  timeout = base::Duration(std::clamp<std::int64_t>(timeout.count(), 1, kMost));
  request.set_version(kControlVersion);
  request.set_wait_ms(static_cast<std::uint32_t>(timeout.count()));
  const SteadyTime until = std::chrono::steady_clock::now() + timeout + kLongerThanTheEngine;
  auto socket = connect_control(directory, until);
  if (!socket) return socket.error();
  if (!*socket) return std::optional<proto::ControlReply>();
  auto reply = Exchange(std::move(**socket), directory, timeout, until).run(request);
  if (!reply) return reply.error();
  return std::optional(std::move(*reply));
}

}  // namespace reprise::runtime
