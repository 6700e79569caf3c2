// Which requests the engine takes on: as many as it can remember until they are answered. Without
// it callers that are faster than the disk would fill the memory.
#pragma once
#include <atomic>
#include <optional>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "runtime/engine/engine.h"
#include "runtime/engine/gate.h"

namespace reprise::runtime {

// Thread-safe; outlives every reply that it has wrapped.
class Admission {
 public:
  enum class Kind {
    kWrite,     // signal, update: answered when durable
    kStart,     // likewise, and it makes work: not while attempts have piled up
    kEnd,       // cancel, terminate, retry: may be what a full engine needs, and finds some room
    kQuestion,  // answered from memory or the archive; not held up by a slow disk
  };

  // `may_wait` false: a full engine refuses at once, because its caller is who drives it. So it
  // does on a thread with NoWaiting.
  Admission(const EngineLimits& limits, bool may_wait);

  // Until there is room; kOverloaded names the limit that was reached, kStoreClosed says that the
  // engine is closing. With success the request
  // counts until the reply of answered() is called.
  base::Status enter(Kind kind, std::size_t bytes);

  template <class Reply>
  Reply answered(Kind kind, std::size_t bytes, Reply reply) {
    return [this, kind, bytes, reply = std::move(reply)](auto result) {
      leave(kind, bytes);
      reply(std::move(result));
    };
  }
  void leave(Kind kind, std::size_t bytes);

  // Attempts that wait for a thread (or a worker), over all task queues.
  Gate& waiting_attempts() { return waiting_attempts_; }

  void close();

 private:
  // One caller's patience, for all gates together: it begins to wait at the first that is full.
  using Until = std::optional<Gate::Clock::time_point>;
  base::Status wait_for(Gate& gate, Until* until, std::string_view limit, std::string_view what);
  base::Status wait_to_write(Until* until);
  bool has_room_for_end() const;

  const bool may_wait_;
  std::atomic<bool> closed_{false};
  const base::Duration longest_wait_;
  Gate requests_;
  Gate bytes_;
  Gate questions_;
  Gate waiting_attempts_;
};

}  // namespace reprise::runtime
