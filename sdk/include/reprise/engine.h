// The embedded engine: one process, one directory, no server.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <reprise/options.h>
#include <reprise/table.h>
#include <string>
#include <type_traits>

namespace reprise {

namespace internal {
struct ServiceState;
struct ServiceAccess;
}  // namespace internal

// What a Worker and a Client talk to: it keeps the runs. Either an Engine or a test's environment.
// Thread-safe; must outlive the workers, clients and handles made from it.
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

namespace internal {

void read_tables(const Service& service, const std::function<void(const TableReader&)>& read);

template <class Fn>
auto read_tables(const Service& service, Fn& fn) -> std::invoke_result_t<Fn&, const TableReader&> {
  using R = std::invoke_result_t<Fn&, const TableReader&>;
  if constexpr (std::is_void_v<R>) {
    read_tables(service, std::function<void(const TableReader&)>(std::ref(fn)));
  } else {
    static_assert(!std::is_reference_v<R>, "return a value: rows are gone afterwards");
    std::optional<R> result;
    read_tables(service, std::function<void(const TableReader&)>(
                             [&](const TableReader& rows) { result.emplace(fn(rows)); }));
    return std::move(*result);
  }
}

}  // namespace internal

// The embedded engine over the store in one directory, which it locks: one engine per directory, in
// one process. Opening recovers what was under way; runs go on once a worker serves their task
// queue. Thread-safe. Destroying it stops its threads; runs go on with the next open(). While the
// store has no room, requests throw StoreFull. If a write or a sync fails for another reason, the
// engine logs the error and ends the process with exit code 70, because it can promise nothing
// more; likewise when the store's directory is renamed, removed or replaced while it is open
// (RP1009). An engine that is destroyed before one of its workers, as by exit() in an activity,
// stays until the process ends. After fork() it belongs to the parent: in the child all calls throw
// StoreError (RP1010) and destructors do nothing. Not for workflow code.
class Engine : public Service {
 public:
  // Creates the directory if it does not exist. Throws StoreError (RP1001 to RP1007, RP1009) if the
  // store cannot be opened, or RP1011 if the system gives too few files, threads or too little
  // memory; InvalidOption for an option out of range.
  static std::unique_ptr<Engine> open(const std::string& directory,
                                      const EngineOptions& options = {});

  // Copies the store, as it is now, into `directory`, which must be empty or not exist, and whose
  // parent must exist; runs go on meanwhile. Blocks until the copy is complete and on the disk. To
  // restore it, open it: it has everything that was acknowledged before the call, under a uuid of
  // its own, and repeats what was under way then with the same idempotency keys. Until it is
  // complete it is named `directory`.unfinished; the next backup replaces what a crash left there.
  // Throws StoreError: RP1002 the directory is not empty or lies in the store itself, RP1003
  // another backup is writing it, RP1007 too little room, RP1001, RP1005, RP1006. An error does not
  // affect the engine.
  void backup(const std::string& directory);

  // Calls `fn(const TableReader&)` with the rows of all tables as of the last durable record, on
  // this thread, and returns what it returns. Transactions go on meanwhile; `fn` does not see them.
  // Throws StoreError; what `fn` throws passes through. Not for workflow code (UsageError RP2004).
  template <class Fn>
  auto read(Fn fn) const -> std::invoke_result_t<Fn&, const TableReader&> {
    return internal::read_tables(*this, fn);
  }

 private:
  using Service::Service;
};

}  // namespace reprise
