#include "runtime/control/socket.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace reprise::runtime {
namespace {

constexpr int kWaitingToBeAccepted = 128;

base::Error control_error(const std::string& doing, const std::string& directory, int number) {
  return {base::ErrorCode::kControl, "cannot " + doing + " " + directory + "/" + kControlName +
                                         ": " + std::generic_category().message(number)};
}

base::Error is_no_socket(const std::string& directory) {
  return {base::ErrorCode::kControl,
          directory + "/" + kControlName + " is no socket and no work of Reprise's; move it away"};
}

base::Result<store::File> open_control_directory(const std::string& directory) {
  return store::open_file(directory, O_PATH | O_DIRECTORY);
}

base::Error no_control_socket(const std::string& directory, int number) {
  return control_error("make a socket for", directory, number);
}

// An address has room for 107 characters. Through the directory's descriptor that is enough for any
// path, and it is always the directory that was opened, even if its name has changed.
base::Result<sockaddr_un> control_address(const store::File& opened, const std::string& directory) {
  const std::string through = "/proc/self/fd/" + std::to_string(opened.get());
  const bool has_proc = ::access(through.c_str(), F_OK) == 0;
  const std::string path = (has_proc ? through : directory) + "/" + kControlName;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return control_error("reach", directory, ENAMETOOLONG);
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

// What has the socket's name; nullopt: nothing.
base::Result<std::optional<struct stat>> look_at_name(const store::File& opened,
                                                      const std::string& directory) {
  struct stat info {};
  if (::fstatat(opened.get(), kControlName, &info, AT_SYMLINK_NOFOLLOW) == 0) {
    return std::optional(info);
  }
  if (errno == ENOENT) return std::optional<struct stat>();
  return control_error("look at", directory, errno);
}

template <class Address>
const sockaddr* as_sockaddr(const Address& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

}  // namespace

base::Result<std::unique_ptr<ControlListener>> ControlListener::open(const std::string& directory) {
  auto opened = open_control_directory(directory);
  if (!opened) return opened.error();
  std::unique_ptr<ControlListener> listener(new ControlListener);
  listener->directory_ = std::move(*opened);
  const int error = listener->socket_.make(
      [] { return ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0); });
  if (listener->socket_.get() < 0) return no_control_socket(directory, error);
  if (const auto listens = listener->listen(directory); !listens) return listens.error();
  return listener;
}

base::Status ControlListener::listen(const std::string& directory) {
  const auto there = look_at_name(directory_, directory);
  if (!there) return there.error();
  if (*there && !S_ISSOCK((*there)->st_mode)) return is_no_socket(directory);
  if (*there && ::unlinkat(directory_.get(), kControlName, 0) != 0) {
    return control_error("replace", directory, errno);
  }
  const auto address = control_address(directory_, directory);
  if (!address) return address.error();
  // The name gets the socket's mode when it is bound: there is no moment at which others have
  // access.
  if (::fchmod(socket_.get(), 0600) != 0 ||
      ::bind(socket_.get(), as_sockaddr(*address), sizeof *address) != 0) {
    return control_error("make", directory, errno);
  }
  const auto made = look_at_name(directory_, directory);
  if (!made) return made.error();
  if (!*made) return control_error("find", directory, ENOENT);
  device_ = (*made)->st_dev;
  inode_ = (*made)->st_ino;
  if (::listen(socket_.get(), kWaitingToBeAccepted) != 0) {
    return control_error("listen at", directory, errno);
  }
  return {};
}

ControlListener::~ControlListener() {
  if (inode_ == 0 || ::getpid() != process_) return;
  struct stat info {};
  const bool ours = ::fstatat(directory_.get(), kControlName, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
                    info.st_dev == device_ && info.st_ino == inode_;
  if (ours) (void)::unlinkat(directory_.get(), kControlName, 0);
}

base::Result<std::optional<store::File>> connect_control(const std::string& directory,
                                                         SteadyTime until) {
  const auto opened = open_control_directory(directory);
  if (!opened) return opened.error();
  const auto there = look_at_name(*opened, directory);
  if (!there) return there.error();
  if (!*there) return std::optional<store::File>();
  if (!S_ISSOCK((*there)->st_mode)) return is_no_socket(directory);
  const auto address = control_address(*opened, directory);
  if (!address) return address.error();
  store::File socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (socket.get() < 0) return no_control_socket(directory, errno);
  // The timeout for connecting and sending; zero would mean for ever.
  const auto left = std::chrono::duration_cast<std::chrono::microseconds>(
      until - std::chrono::steady_clock::now());
  const auto micros = std::max<std::int64_t>(left.count(), 1'000);
  const timeval longest{micros / 1'000'000, micros % 1'000'000};
  (void)::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &longest, sizeof longest);
  if (::connect(socket.get(), as_sockaddr(*address), sizeof *address) == 0) {
    return std::optional<store::File>(std::move(socket));
  }
  if (errno == ENOENT || errno == ECONNREFUSED) return std::optional<store::File>();
  return control_error("connect to", directory, errno == EAGAIN ? ETIMEDOUT : errno);
}

std::optional<ControlPeer> peer_of(int socket) {
  ucred who{};
  socklen_t size = sizeof who;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) return std::nullopt;
  return ControlPeer{who.pid, who.uid};
}

}  // namespace reprise::runtime
