// Answers on their way from the engine's threads to the thread of the control socket.
#pragma once
#include <cstdint>
#include <mutex>
#include <sys/eventfd.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "proto/control.pb.h"
#include "store/files.h"

namespace reprise::runtime {

// Thread-safe. Shared by the server and every outstanding reply, which may outlive the server.
class Answers {
 public:
  using Answer = std::pair<std::uint64_t, proto::ControlReply>;  // of that connection

  Answers() : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

  void add(std::uint64_t connection, proto::ControlReply reply) {
    {
      std::lock_guard lock(mutex_);
      answers_.emplace_back(connection, std::move(reply));
    }
    wake();
  }
  std::vector<Answer> take() {
    std::uint64_t count = 0;
    (void)!::read(event_.get(), &count, sizeof count);
    std::lock_guard lock(mutex_);
    return std::exchange(answers_, {});
  }

  // Readable once there are answers; negative: it could not be created.
  int event() const { return event_.get(); }
  void wake() const {
    const std::uint64_t one = 1;
    (void)!::write(event_.get(), &one, sizeof one);
  }

 private:
  store::File event_;
  std::mutex mutex_;
  std::vector<Answer> answers_;
};

}  // namespace reprise::runtime
