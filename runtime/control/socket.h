// Both ends of the socket `control` in a store's directory.
#pragma once
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <sys/types.h>
#include <unistd.h>

#include "base/private_descriptor.h"
#include "base/result.h"
#include "store/files.h"

namespace reprise::runtime {

inline constexpr const char* kControlName = "control";

using SteadyTime = std::chrono::steady_clock::time_point;

// The engine's end. Destroying it removes the socket from the directory, if it is still this one.
// Children of the process do not inherit it: they would look like an engine that hangs.
class ControlListener {
 public:
  // For the process that holds the store's lock: replaces a socket that a dead engine left. Links
  // are not followed, and a file that is not a socket is left. Only this user and root may connect
  // (mode 0600). The path may be of any length. kControl.
  static base::Result<std::unique_ptr<ControlListener>> open(const std::string& directory);
  ~ControlListener();
  ControlListener(const ControlListener&) = delete;
  ControlListener& operator=(const ControlListener&) = delete;

  int get() const { return socket_.get(); }

 private:
  ControlListener() = default;
  base::Status listen(const std::string& directory);

  const pid_t process_ = ::getpid();  // a fork also has the object, and must not remove the socket
  store::File directory_;
  base::PrivateDescriptor socket_;
  dev_t device_ = 0;  // of the name that was made
  ino_t inode_ = 0;   // 0: none was
};

// A command's end: waits for room in the queue of connections. nullopt: nobody listens, because
// there is no engine or it died. kControl, kStoreMissing, kStoreUnwritable.
base::Result<std::optional<store::File>> connect_control(const std::string& directory,
                                                         SteadyTime until);

// The process at the other end.
struct ControlPeer {
  pid_t process = 0;  // 0: not known
  uid_t user = 0;
};
std::optional<ControlPeer> peer_of(int socket);

}  // namespace reprise::runtime
