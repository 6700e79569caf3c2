// One thread that writes for all the others.
#pragma once
#include <condition_variable>
#include <exception>
#include <functional>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

#include "sqlite.h"

namespace order_saga {

// A commit that waits for the disk costs about a millisecond, whether it holds one effect or fifty.
// So everything submitted while one commit is being flushed goes into the next one together: the
// busier the program, the larger the groups, and no timer is involved.
//
// Thread-safe. The database must outlive it, and belongs to its thread until then.
class GroupCommit {
 public:
  explicit GroupCommit(Database& database);
  ~GroupCommit();

  // Runs `work` on the writer's thread inside a transaction, and returns once that is on disk. If
  // it throws, what it did is undone, and the caller gets the exception; others in the group do
  // not. If the commit fails, everyone in the group gets that exception.
  void write(std::function<void()> work);

 private:
  struct Entry {
    std::function<void()> work;
    std::promise<void> committed;
    std::exception_ptr failure = nullptr;  // what work threw
  };

  void serve();
  std::vector<Entry> next_group();
  void commit(std::vector<Entry>& group);
  void run(Entry& entry);

  Database& database_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Entry> queue_;  // guarded by mutex_
  bool stopping_ = false;     // guarded by mutex_
  std::thread thread_;        // last: it uses all of the above
};

}  // namespace order_saga
