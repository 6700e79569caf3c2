// A shard's mail, and the part of it that waits while the log has no room: a round takes the mail
// that was held first, and then the new mail.
#pragma once
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "runtime/engine/mailbox.h"
#include "runtime/engine/space.h"

namespace reprise::runtime {

// post() and poke() from any thread; everything else belongs to the shard's.
class Intake {
 public:
  explicit Intake(const Space& space) : space_(space) {}

  void post(Mail&& mail) { mailbox_.post(std::move(mail)); }
  void poke() { mailbox_.poke(); }

  // Begins a round: `mail` becomes the round's work.
  void take(std::vector<Mail>* mail) {
    full_ = space_.full();
    mailbox_.take(mail);
    if (full_ || held_.empty()) return;
    std::vector<Mail> held = std::exchange(held_, {});
    std::move(mail->begin(), mail->end(), std::back_inserter(held));
    *mail = std::move(held);
  }

  // The log had no room when the round began. Then mail that would only lengthen its queue waits:
  // results, timers, overrun limits, workers that begin. Requests are refused, questions answered.
  // Results of steps are taken: they are few, and keep their runs in memory.
  bool full() const { return full_; }
  base::Error refusal() const { return space_.refusal(); }
  // Until there is room.
  void hold(Mail mail) { held_.push_back(std::move(mail)); }

  // Until there is mail, a poke, or `limit` has passed, which is false.
  bool wait(std::optional<base::Duration> limit) { return mailbox_.wait(limit); }

 private:
  const Space& space_;
  Mailbox mailbox_;
  bool full_ = false;
  std::vector<Mail> held_;
};

}  // namespace reprise::runtime
