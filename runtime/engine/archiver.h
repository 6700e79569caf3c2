// Copies records from the journal to the archive, after the commits and in large transactions, and
// then lets the journal drop them. Also removes closed runs by the retention rules.
#pragma once
#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "runtime/engine/retention.h"
#include "runtime/engine/shared.h"
#include "runtime/fold/run_state.h"

namespace reprise::runtime {

class Archiver {
 public:
  // Calls `archived` on the archiver's thread with the number up to which records are archived.
  Archiver(Shared& shared, std::function<void(store::Seq through)> archived);
  ~Archiver();
  Archiver(const Archiver&) = delete;
  Archiver& operator=(const Archiver&) = delete;

  base::Status start();  // its thread; without it the owner calls archive_some()
  void stop();           // and waits for the thread; poke() does nothing after that
  // Records became durable. Any thread.
  void poke();

  // Does the journal have enough for a transaction? A full journal can be trimmed after it.
  bool full() const {
    if (lost_) return false;
    return backlog() >= shared_.options.archive_slice || (shared_.space.full() && backlog() > 0);
  }
  bool has_work() const { return backlog() > 0; }
  // Archives one slice of the journal. After an error the slice is still in the journal, for the
  // next call.
  base::Status archive_some();
  // Goes on with the index of fields, of a store that was without one. False: it is complete.
  bool build_some();
  // Removes some closed runs by the retention rules. False: there are none for now.
  bool remove_some();

 private:
  void work();
  base::Status archive_slice();
  void note_room(const base::Status& status);
  base::Status commit(const store::ArchiveBatch& batch);
  store::Seq backlog() const { return shared_.durable.load() - through_.load(); }

  Shared& shared_;
  std::function<void(store::Seq)> archived_;
  Names names_;
  Retention retention_;
  bool removing_ = true;  // until it failed
  bool building_ = true;  // until the index of fields is complete
  std::atomic<store::Seq> through_ = 0;
  bool full_ = false;               // the archive has no room
  std::atomic<bool> lost_ = false;  // it can no longer be written

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::jthread thread_;
};

}  // namespace reprise::runtime
