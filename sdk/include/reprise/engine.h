// The engine inside: one process, one directory, no server.
#pragma once
#include <memory>
#include <reprise/options.h>
#include <string>

namespace reprise {

namespace internal {
struct ServiceState;
struct ServiceAccess;
}  // namespace internal

// What a Worker and a Client talk to: something that keeps runs. Today an Engine, or a test's
// environment. Thread-safe; must outlive the workers, clients and handles made from it.
class Service {
 public:
  virtual ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

 protected:
  explicit Service(std::unique_ptr<internal::ServiceState> state);

 private:
  friend struct internal::ServiceAccess;
  std::unique_ptr<internal::ServiceState> state_;
};

// The embedded engine over the store in one directory, which it locks: one engine per directory and
// at most one process. Opening recovers what was under way; runs go on once a worker serves their
// task queue. Thread-safe. Destroying it stops its threads; runs go on with the next open().
// Without room for the store, requests throw StoreFull until there is. If a write or a sync fails
// for another reason, the engine logs the error and ends the process with exit code 70, because
// nothing more can be promised; likewise when the store's directory is renamed, removed or replaced
// while it is open (RP1009). Destroyed before a worker of its, as by exit() in an activity, it is
// left running until the process ends. After fork() the engine is the parent's: in the child all
// calls throw StoreError (RP1010) and destructors do nothing. Not for workflow code.
class Engine : public Service {
 public:
  // Makes the directory if it is not there. Throws StoreError (RP1001 to RP1007, RP1009) when the
  // store cannot be had, or RP1011 when the system gives too few files, threads or too little
  // memory, InvalidOption for an option out of range.
  static std::unique_ptr<Engine> open(const std::string& directory,
                                      const EngineOptions& options = {});

  // Copies the store, as it is now, into `directory`, which must not exist or be empty and whose
  // parent must exist; runs go on meanwhile. Blocks until the copy is whole and on the disk.
  // Opening the copy is restoring it: it has everything that was acknowledged before the call,
  // under a uuid of its own. What was under way then is done again, under the same idempotency
  // keys. While it is made it is called `directory`.unfinished; what a crash leaves there the next
  // backup replaces. Throws StoreError: RP1002 something is in the directory, or it lies in the
  // store itself, RP1003 it is being made already, RP1007 too little room, RP1001, RP1005, RP1006.
  // The engine is none the worse for it.
  void backup(const std::string& directory);

 private:
  using Service::Service;
};

}  // namespace reprise
