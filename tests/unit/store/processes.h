// Helpers for tests of other users and other processes.
#pragma once
#include <csignal>
#include <functional>
#include <sys/fsuid.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace reprise::store {

// Takes away root's rights to all files while it lives: tests may well run as root.
class AsOrdinaryUser {
 public:
  static constexpr uid_t kNobody = 65534;
  AsOrdinaryUser() {
    if (::geteuid() != 0) return;
    ::setfsgid(kNobody);
    ::setfsuid(kNobody);
  }
  ~AsOrdinaryUser() {
    if (::geteuid() != 0) return;
    ::setfsuid(0);
    ::setfsgid(0);
  }
  AsOrdinaryUser(const AsOrdinaryUser&) = delete;
  AsOrdinaryUser& operator=(const AsOrdinaryUser&) = delete;
};

// A process that does `work`, says so, and then stays until it is told to end.
class OtherProcess {
 public:
  explicit OtherProcess(const std::function<bool()>& work) {
    EXPECT_EQ(::pipe(ready_), 0);
    EXPECT_EQ(::pipe(end_), 0);
    id_ = ::fork();
    if (id_ == 0) live(work);
    ::close(ready_[1]);
    ::close(end_[0]);
    char well = 0;
    EXPECT_EQ(::read(ready_[0], &well, 1), 1);
    EXPECT_EQ(well, 'y');
  }
  ~OtherProcess() {
    ::close(end_[1]);
    ::close(ready_[0]);
    int status = 0;
    ::waitpid(id_, &status, 0);
  }
  void kill() const { ::kill(id_, SIGKILL); }
  OtherProcess(const OtherProcess&) = delete;
  OtherProcess& operator=(const OtherProcess&) = delete;

  pid_t id() const { return id_; }

 private:
  [[noreturn]] void live(const std::function<bool()>& work) {
    ::close(end_[1]);
    // Whatever `work` opens stays open: the objects are in its closure.
    const char well = work() ? 'y' : 'n';
    char none = 0;
    const bool told = ::write(ready_[1], &well, 1) == 1 && ::read(end_[0], &none, 1) == 0;
    ::_exit(told ? 0 : 1);
  }

  int ready_[2]{};
  int end_[2]{};
  pid_t id_ = 0;
};

}  // namespace reprise::store
