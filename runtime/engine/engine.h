// The embedded engine: clients and workers over one store in this process.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "runtime/client_service.h"
#include "runtime/guard/guard_mode.h"
#include "runtime/log.h"
#include "runtime/sealing/codec.h"
#include "runtime/worker_gateway.h"

namespace reprise::runtime {

class EngineMetrics;

// The engine's limits; docs/limits.md says what happens at each.
struct EngineLimits {
  std::size_t pending_requests = 65'536;               // and as many questions
  std::size_t pending_bytes = std::size_t{256} << 20;  // of requests that are not durable
  std::size_t waiting_attempts = 250'000;              // then no run is started
  base::Duration overload_wait{10'000};                // of a caller, until there is room
  std::size_t pending_operations = 200'000;  // of one run: activities, timers, children...
  std::uint32_t child_depth = 32;            // how many runs may be above one
  std::size_t turn_bytes = std::size_t{64} << 20;  // of the commands of one turn
  std::uint64_t history_events = 10'000'000;       // of one run
  std::size_t pending_updates = 1'000;             // that a run has not answered
  std::size_t settings = 100;                      // that a run publishes at a time
  std::size_t settings_bytes = 65'536;             // of those, names included
  std::size_t transaction_rows = 10'000;           // that one transaction changes
  std::size_t transaction_bytes = std::size_t{16} << 20;  // of those, keys included
  base::Duration slow_turn{2'000};                 // longer is reported; 0: never
};

// Which closed runs are kept; 0: all of them.
struct RetentionOptions {
  base::Duration max_age{0};    // since their end
  std::uint64_t max_bytes = 0;  // of the archive's content, open runs included
};

struct EngineOptions {
  int shards = 0;                    // threads that run workflow code; 0: one per core
  std::size_t cached_runs = 50'000;  // resident runs at most, over all shards
  std::size_t cached_bytes = std::size_t{1} << 30;  // stack memory of resident runs at most
  std::size_t stack_bytes = 64 * 1024;              // address space of a strand's stack
  bool strict = false;                              // replay compares recorded inputs too
  bool record_stacks = false;      // commands record the stack of the code that makes them
  bool replay_every_turn = false;  // evict and replay each run after each turn (tests)
  // Records that the journal gathers before they are moved to the archive in one transaction.
  std::size_t archive_slice = 65'536;
  // The largest size of each part of the store (address space); 0: the store's default.
  std::uint64_t journal_map_bytes = 0;
  std::uint64_t archive_map_bytes = 0;
  EngineLimits limits{};
  RetentionOptions retention{};
  // Of what users put into files (runtime/sealing/sealing.h); empty: nothing is encoded.
  sealing::Codecs codecs{};
  // Serves the socket `control` in the store's directory (runtime/control/server.h). Takes a
  // thread.
  bool control_socket = false;
  // Why a client may not start this run; empty: it may. Any thread. Empty: it always may.
  std::function<std::string(const StartRequest&)> refuse_start{};
  // False: no worker will come. The store's notes for the next program with code stay as they are,
  // except for runs that are retried.
  bool executes_code = true;
  // False: no thread is started; the owner calls run_some(), and activities run inside it.
  bool threaded = true;
  const base::Clock* clock = nullptr;  // nullptr: the wall clock; must outlive the engine
  std::uint64_t seed = 0;              // of run ids; 0: from the system
  // A signal, exit() or pthread_exit() that ends the process in workflow code is first reported on
  // stderr and noted for the next process. Without threads only if the owner asks for it: its
  // thread also gets an alternate stack for the life of the thread.
  std::optional<bool> crash_reports{};
  GuardMode guard = GuardMode::kOff;
  std::shared_ptr<EngineMetrics> metrics{};  // nullptr: nothing is measured
  LogSink guard_log{};  // of the guard; empty: `log`
  LogSink log{};        // empty: spdlog's default logger
  // Called when a commit has failed and nothing more can be acknowledged. Empty: log it and end the
  // process with exit code 70 (EX_SOFTWARE), so that no caller mistakes silence for success.
  std::function<void(const base::Error&)> on_fatal{};
};

class Engine : public ClientService, public WorkerGateway {
 public:
  static base::Result<std::unique_ptr<Engine>> open(const std::string& directory,
                                                    EngineOptions options);
  static std::unique_ptr<Engine> in_memory(EngineOptions options);

  // Copies the store as it is now to a new directory; any thread, while runs go on. Returns the
  // bytes of the copy. Errors: store::Store::copy_to().
  virtual base::Result<std::uint64_t> backup(const std::string& directory) const = 0;

  // Does a worker of it still exist?
  virtual bool has_workers() const = 0;

  // For an engine without threads: does what can be done now. False: there was nothing.
  virtual bool run_some() = 0;
  // When the earliest timer, retry or timeout is due; nullopt: none is set.
  virtual std::optional<base::Time> next_due() const = 0;
};

}  // namespace reprise::runtime
