#include "group_commit.h"

#include <exception>
#include <utility>

namespace order_saga {

GroupCommit::GroupCommit(Database& database) : database_(database), thread_([this] { serve(); }) {}

GroupCommit::~GroupCommit() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void GroupCommit::write(std::function<void()> work) {
  std::future<void> committed;
  {
    const std::lock_guard lock(mutex_);
    committed = queue_.emplace_back(Entry{std::move(work), {}, nullptr}).committed.get_future();
  }
  changed_.notify_one();
  committed.get();
}

void GroupCommit::serve() {
  for (auto group = next_group(); !group.empty(); group = next_group()) {
    try {
      commit(group);
    } catch (...) {
      for (Entry& entry : group) entry.failure = std::current_exception();
    }
    for (Entry& entry : group)
      entry.failure ? entry.committed.set_exception(entry.failure) : entry.committed.set_value();
  }
}

// Empty: the program stops and everything is written.
std::vector<GroupCommit::Entry> GroupCommit::next_group() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
  return std::exchange(queue_, {});
}

void GroupCommit::commit(std::vector<Entry>& group) {
  database_.run("BEGIN IMMEDIATE");
  try {
    for (Entry& entry : group) run(entry);
    database_.run("COMMIT");
  } catch (...) {
    database_.run("ROLLBACK");
    throw;
  }
}

void GroupCommit::run(Entry& entry) {
  database_.run("SAVEPOINT entry");
  try {
    entry.work();
  } catch (...) {
    entry.failure = std::current_exception();
    database_.run("ROLLBACK TO entry");
  }
  database_.run("RELEASE entry");
}

}  // namespace order_saga
