// Group commit. Everything queued when the writer becomes free is committed in one transaction and
// acknowledged together: batches grow with the duration of a flush, and no timer is involved. While
// the journal has no room the queue is kept, in order, and tried again from time to time.
#pragma once
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "base/result.h"
#include "store/completion.h"
#include "store/journal.h"

namespace reprise::store {

// A record as the engine hands it over; the writer assigns its sequence number.
struct Draft {
  RunNumber run = 0;
  Seq* previous = nullptr;         // in: the run's last sequence number; out: this record's
  std::uint64_t* chain = nullptr;  // in: the run's chain value; out: this record's
  std::uint8_t flags = 0;
  std::string_view body{};
  // Makes the body instead when the record is written. Until that is durable nothing else of the
  // run may be appended: `chain` stays as it is, and Completion::sealed() has the record's.
  std::shared_ptr<Completion> completion{};
  // Committed in one transaction with the draft after it, which there is. What is committed
  // together has less than 4 GiB.
  bool with_next = false;
  ChainEnd* before = nullptr;  // out, if not null: where the run's records ended before this one
};

// Thread-safe. `Writer` owns one thread. With `threaded` false it has none: commit_pending() does
// the work on the caller's thread, as tests and simulations need it.
class Writer {
 public:
  // Called after a commit, on the writer's thread, with the last durable sequence number; or once
  // with an error, after which nothing is ever acknowledged again.
  using Acknowledge = std::function<void(const base::Result<Seq>&)>;

  struct Commit {
    std::size_t records = 0;
    std::size_t bytes = 0;
    std::chrono::steady_clock::time_point began{};
  };
  // Called after each commit of records, on the writer's thread, before they are acknowledged.
  using Committed = std::function<void(const Commit&)>;

  // Called on the writer's thread with kStoreFull when the journal has no room, and without an
  // error when everything that was queued in between is committed.
  using RoomChanged = std::function<void(const base::Status&)>;

  // Check started() before using a threaded one.
  Writer(Journal& journal, Seq last, bool threaded);
  ~Writer();  // commits what is queued, if there is room
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // The error, if its thread could not be started.
  const base::Status& started() const;

  // Set before the first append.
  void on_durable(Acknowledge acknowledge);
  void on_room(RoomChanged changed);
  // Without it nothing is measured.
  void on_commit(Committed committed);

  // Numbers, chains and queues the drafts, in order. Returns the sequence number of the last.
  Seq append(std::span<Draft> drafts);

  // Records up to `through` are in the archive: they may leave the journal. They are removed a few
  // with each commit, so that no commit becomes long.
  void trim(Seq through);

  // As after a commit that has failed with this error: nothing more is written. For content that
  // cannot be made; any thread.
  void stop(const base::Error& why);

  // Commits what is queued on this thread; false when there was nothing, or no room. Unthreaded
  // writers only.
  bool commit_pending();

  Seq durable() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace reprise::store
