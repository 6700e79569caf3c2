// Messages of other threads to a shard, in order.
#pragma once
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <variant>
#include <vector>

#include "base/time.h"
#include "runtime/host/attempt.h"

namespace reprise::runtime {

// Results of attempts are by far the most frequent; everything else is a closure.
using Mail = std::variant<AttemptResult, std::function<void()>>;

// Thread-safe; one thread takes.
class Mailbox {
 public:
  void post(Mail&& mail) {
    bool wake = false;
    {
      std::lock_guard lock(mutex_);
      mail_.push_back(std::move(mail));
      wake = waiting_;
    }
    if (wake) changed_.notify_one();
  }

  // Makes wait() return: something that is not mail has changed.
  void poke() {
    bool wake = false;
    {
      std::lock_guard lock(mutex_);
      poked_ = true;
      wake = waiting_;
    }
    if (wake) changed_.notify_one();
  }

  // Replaces `out` with the mail that has come, without waiting.
  void take(std::vector<Mail>* out) {
    out->clear();
    std::lock_guard lock(mutex_);
    poked_ = false;
    std::swap(mail_, *out);
  }

  // Until there is mail, a poke, or `limit` has passed, which is false.
  bool wait(std::optional<base::Duration> limit) {
    std::unique_lock lock(mutex_);
    waiting_ = true;
    const auto something = [this] { return poked_ || !mail_.empty(); };
    bool came = true;
    if (limit) {
      came = changed_.wait_for(lock, *limit, something);
    } else {
      changed_.wait(lock, something);
    }
    waiting_ = false;
    return came;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Mail> mail_;
  bool waiting_ = false;
  bool poked_ = false;
};

}  // namespace reprise::runtime
