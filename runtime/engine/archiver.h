// Moves records from the journal to the archive, behind the commits and in large transactions, and
// then lets the journal forget them.
#pragma once
#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "runtime/engine/run_state.h"
#include "runtime/engine/shared.h"

namespace reprise::runtime {

class Archiver {
 public:
  // `archived` is told, on the archiver's thread, how far the archive has come.
  Archiver(Shared& shared, std::function<void(store::Seq through)> archived);
  ~Archiver();
  Archiver(const Archiver&) = delete;
  Archiver& operator=(const Archiver&) = delete;

  void start();  // its thread; without it the owner calls archive_some()
  void stop();   // and waits for the thread; poke() stays harmless
  // Records became durable. Any thread.
  void poke();

  // Is there enough in the journal to be worth a transaction?
  bool full() const { return backlog() >= shared_.options.archive_slice; }
  bool has_work() const { return backlog() > 0; }
  // Archives one slice of the journal.
  base::Status archive_some();

 private:
  void work();
  store::Seq backlog() const { return shared_.durable.load() - through_.load(); }

  Shared& shared_;
  std::function<void(store::Seq)> archived_;
  Names names_;
  std::atomic<store::Seq> through_ = 0;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::jthread thread_;
};

}  // namespace reprise::runtime
