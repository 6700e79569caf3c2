// Limits the requests that the engine accepts and must remember until they are answered. Otherwise
// callers that are faster than the disk would fill the memory.
#pragma once
#include <atomic>
#include <optional>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "runtime/engine/engine.h"
#include "runtime/engine/gate.h"
#include "runtime/reply.h"

namespace reprise::runtime {

// Thread-safe; outlives every reply of answered().
class Admission {
 public:
  enum class Kind {
    kWrite,     // signal, update: answered when durable
    kStart,     // likewise, and it makes work: refused while too many attempts wait
    kEnd,       // cancel, terminate, retry: has extra room, because a full engine may need it
    kQuestion,  // answered from memory or the archive; not delayed by a slow disk
  };

  // `may_wait` false: a full engine refuses at once, because its caller drives it. On a thread with
  // NoWaiting it also refuses at once.
  Admission(const EngineLimits& limits, bool may_wait);

  // Waits for room; kOverloaded names the limit that was reached, kStoreClosed means that the
  // engine is closing. With success the request counts until the reply of answered() is called.
  base::Status enter(Kind kind, std::size_t bytes);

  template <class T>
  Reply<T> answered(Kind kind, std::size_t bytes, Reply<T> reply) {
    return std::move(reply).counted_by(kind == Kind::kQuestion ? questions_asked_ : writes_asked_,
                                       bytes);
  }
  void leave(Kind kind, std::size_t bytes);

  // Attempts that wait for a thread (or a worker), over all task queues.
  Gate& waiting_attempts() { return waiting_attempts_; }

  void close();

 private:
  // One caller's timeout, for all gates together: it starts at the first gate that is full.
  using Until = std::optional<Gate::Clock::time_point>;
  base::Status wait_for(Gate& gate, Until* until, std::string_view limit, std::string_view what);
  base::Status wait_to_write(Until* until);
  bool has_room_for_end() const;

  struct Asked final : ReplyCounter {
    Asked(Admission& in, Kind of) : admission(in), kind(of) {}
    void answered(std::size_t bytes) override { admission.leave(kind, bytes); }
    Admission& admission;
    const Kind kind;
  };

  const bool may_wait_;
  std::atomic<bool> closed_{false};
  const base::Duration longest_wait_;
  Gate requests_;
  Gate bytes_;
  Gate questions_;
  Gate waiting_attempts_;
  Asked writes_asked_{*this, Kind::kWrite};  // everything but questions
  Asked questions_asked_{*this, Kind::kQuestion};
};

}  // namespace reprise::runtime
