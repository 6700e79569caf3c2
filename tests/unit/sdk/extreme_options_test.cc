// Extreme values of numeric options: refused with the option, its value and the allowed range, or
// the engine works with them.
#include <cstdint>
#include <functional>
#include <limits>
#include <reprise/engine.h>
#include <reprise/reprise.h>
#include <string>
#include <sys/resource.h>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/sanitizers.h"
#include "tests/support/temporary_directory.h"

namespace reprise {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr Workflow<int(int)> small_workflow{"small"};
constexpr Activity<int(int)> small_activity{"small"};
constexpr auto kLargest = std::numeric_limits<std::size_t>::max();

class ExtremeOptions : public ::testing::Test {
 protected:
  static EngineOptions quiet(EngineOptions options = {}) {
    if (!options.logger) options.logger = [](LogLevel, std::string_view) {};
    return options;
  }
  // One run with an activity on a new store.
  int work(const EngineOptions& options, const WorkerOptions& worker_options = {}) {
    const auto engine = Engine::open(directory_ / std::to_string(++stores_), quiet(options));
    Worker worker(*engine, worker_options);
    worker.implement(small_workflow, [](Context& ctx, int value) {
      ctx.sleep(1ms);
      return ctx.call(small_activity(value));
    });
    worker.implement(small_activity, [](ActivityContext&, int value) { return value + 1; });
    worker.start();
    return Client(*engine).start(small_workflow(6)).result();
  }
  std::string refusal(const EngineOptions& options, const WorkerOptions& worker_options = {}) {
    try {
      work(options, worker_options);
      return "(works)";
    } catch (const InvalidOption& error) {
      return error.what();
    }
  }

  testing::TemporaryDirectory directory_;
  int stores_ = 0;
};

TEST_F(ExtremeOptions, AreRefusedByName) {
  const auto says = [](const std::string& name, const std::string& value) {
    return AllOf(StartsWith("RP3010 EngineOptions::" + name + " is " + value),
                 HasSubstr("; it must be "));
  };
  const auto worker_says = [](const std::string& value) {
    return "RP3010 WorkerOptions::activity_threads of task queue 'default' is " + value +
           "; it must be 1 to 65536, or 0: the engine's choice";
  };
  const std::string largest = std::to_string(kLargest);
  EXPECT_THAT(refusal({.shards = -1}), says("shards", "-1"));
  EXPECT_THAT(refusal({.shards = 1'025}), says("shards", "1025"));
  EXPECT_THAT(refusal({.shards = std::numeric_limits<int>::max()}), says("shards", "2147483647"));
  EXPECT_THAT(refusal({.cached_runs = 0}), says("cached_runs", "0"));
  EXPECT_THAT(refusal({.cached_bytes = 0}), says("cached_bytes", "0"));
  for (const std::size_t bytes : {std::size_t{0}, std::size_t{1}, std::size_t{32'767}}) {
    EXPECT_THAT(refusal({.stack_bytes = bytes}), says("stack_bytes", std::to_string(bytes)));
  }
  EXPECT_THAT(refusal({.stack_bytes = (std::size_t{1} << 30) + 1}), says("stack_bytes", "10737"));
  EXPECT_THAT(refusal({.stack_bytes = std::size_t{1} << 60}), says("stack_bytes", "115"));
  EXPECT_THAT(refusal({.stack_bytes = kLargest}), says("stack_bytes", largest));
  EXPECT_THAT(refusal({.journal_map_bytes = 1}), says("journal_map_bytes", "1"));
  EXPECT_THAT(refusal({.journal_map_bytes = kLargest}), says("journal_map_bytes", largest));
  EXPECT_THAT(refusal({.archive_map_bytes = 1}), says("archive_map_bytes", "1"));
  EXPECT_THAT(refusal({.archive_map_bytes = kLargest}), says("archive_map_bytes", largest));
  EXPECT_THAT(refusal({.limits = {.pending_requests = 0}}), says("limits.pending_requests", "0"));
  EXPECT_THAT(refusal({.limits = {.pending_bytes = 0}}), says("limits.pending_bytes", "0"));
  EXPECT_THAT(refusal({.limits = {.waiting_attempts = 0}}), says("limits.waiting_attempts", "0"));
  EXPECT_THAT(refusal({.limits = {.pending_operations = 0}}),
              says("limits.pending_operations", "0"));
  EXPECT_THAT(refusal({.limits = {.turn_bytes = 0}}), says("limits.turn_bytes", "0"));
  EXPECT_THAT(refusal({.limits = {.settings = 0}}), says("limits.settings", "0"));
  EXPECT_THAT(refusal({.limits = {.settings_bytes = 0}}), says("limits.settings_bytes", "0"));
  EXPECT_THAT(refusal({.limits = {.pending_updates = 0}}), says("limits.pending_updates", "0"));
  EXPECT_THAT(refusal({.limits = {.pending_updates = 100'001}}),
              says("limits.pending_updates", "100001"));
  EXPECT_THAT(refusal({.limits = {.transaction_rows = 0}}), says("limits.transaction_rows", "0"));
  EXPECT_THAT(refusal({.limits = {.transaction_rows = 100'001}}),
              says("limits.transaction_rows", "100001"));
  EXPECT_THAT(refusal({.limits = {.transaction_bytes = 0}}), says("limits.transaction_bytes", "0"));
  EXPECT_THAT(refusal({.limits = {.transaction_bytes = (std::size_t{32} << 20) + 1}}),
              says("limits.transaction_bytes", "33554433"));
  EXPECT_THAT(refusal({.limits = {.turn_bytes = kLargest}}), says("limits.turn_bytes", largest));
  EXPECT_THAT(refusal({.limits = {.history_events = 0}}), says("limits.history_events", "0"));
  EXPECT_EQ(refusal({}, {.activity_threads = 1'000'000'000}), worker_says("1000000000"));
  EXPECT_EQ(refusal({}, {.activity_threads = kLargest}), worker_says(largest));
  EXPECT_THAT(refusal({}, {.task_queue = ""}),
              StartsWith("RP3003 WorkerOptions::task_queue is empty"));
}

TEST_F(ExtremeOptions, ThatAreDurationsAreNotNegative) {
  for (const Duration value : {Duration::min(), Duration(-1)}) {
    const auto says = [&](const std::string& name) {
      return StartsWith("RP3010 EngineOptions::" + name + " is " + std::to_string(value.count()) +
                        " ms; it must be positive, or 0: ");
    };
    EXPECT_THAT(refusal({.limits = {.overload_wait = value}}), says("limits.overload_wait"));
    EXPECT_THAT(refusal({.limits = {.slow_turn = value}}), says("limits.slow_turn"));
    EXPECT_THAT(refusal({.retention = {.max_age = value}}), says("retention.max_age"));
  }
}

TEST_F(ExtremeOptions, WorkAtTheirEnds) {
  EXPECT_EQ(work({.shards = 1}, {.activity_threads = 1}), 7);
  EXPECT_EQ(work({.cached_runs = 1, .cached_bytes = 1}), 7);
  EXPECT_EQ(work({.cached_runs = kLargest, .cached_bytes = kLargest}), 7);
  if (!base::kSanitized) {
    EXPECT_EQ(work({.shards = 1, .stack_bytes = std::size_t{1} << 30}), 7);
  }
  const std::uint64_t smallest = std::uint64_t{16} << 20;
  EXPECT_EQ(work({.journal_map_bytes = smallest, .archive_map_bytes = smallest}), 7);
  const EngineLimits largest{.pending_requests = kLargest,
                             .pending_bytes = kLargest,
                             .waiting_attempts = kLargest,
                             .overload_wait = Duration::max(),
                             .pending_operations = kLargest,
                             .turn_bytes = std::size_t{512} << 20,
                             .history_events = std::numeric_limits<std::uint64_t>::max(),
                             .slow_turn = Duration::max()};
  EXPECT_EQ(work({.limits = largest}), 7);
  for (const Duration value : {0ms, 1ms}) {
    EXPECT_EQ(work({.limits = {.overload_wait = value, .slow_turn = value}}), 7);
  }
  EXPECT_EQ(work({.retention = {.max_age = Duration::max(),
                                .max_bytes = std::numeric_limits<std::uint64_t>::max()}}),
            7);
}

// ---- threads that the system does not give ----------------------------------------------------

// Address space for a few more threads, not for many. In a child: it counts for the whole process.
void leave_little_address_space() {
  long pages = 0;
  if (FILE* const statm = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(statm, "%ld", &pages) != 1) pages = 0;
    std::fclose(statm);
  }
  const rlim_t used = static_cast<rlim_t>(pages) * static_cast<rlim_t>(::sysconf(_SC_PAGESIZE));
  const rlimit limit{used + (rlim_t{256} << 20), RLIM_INFINITY};
  if (::setrlimit(RLIMIT_AS, &limit) != 0) std::_Exit(9);
}

template <class Act>
std::string store_error(const Act& act) {
  try {
    act();
    return "(done)";
  } catch (const StoreError& error) {
    return std::string(error.code());
  } catch (const std::exception& error) {
    return error.what();
  }
}

TEST_F(ExtremeOptions, AWorkerWithoutItsThreadsIsNoWorker) {
  if (base::kSanitized) GTEST_SKIP() << "sanitizers take all of the address space";
  EXPECT_EXIT(
      {
        const auto engine = Engine::open(directory_ / "store", quiet({.shards = 1}));
        leave_little_address_space();
        const std::string told = store_error([&] {
          Worker many(*engine, {.activity_threads = 5'000});
          many.start();
        });
        Worker worker(*engine, {.activity_threads = 1});
        worker.implement(small_workflow, [](Context&, int value) { return value; });
        worker.start();
        const int result = Client(*engine).start(small_workflow(1)).result();
        std::fprintf(stderr, "%s %d", told.c_str(), result);
        std::_Exit(0);
      },
      ::testing::ExitedWithCode(0), "RP1011 1");
}

TEST_F(ExtremeOptions, AnEngineWithoutItsThreadsIsClosedAgain) {
  if (base::kSanitized) GTEST_SKIP() << "sanitizers take all of the address space";
  EXPECT_EXIT(
      {
        const std::uint64_t map = std::uint64_t{16} << 20;
        EngineOptions options = quiet({.journal_map_bytes = map, .archive_map_bytes = map});
        leave_little_address_space();
        options.shards = 500;
        const auto open = [&] { (void)Engine::open(directory_ / "store", options); };
        const std::string many = store_error(open);
        options.shards = 1;
        std::fprintf(stderr, "%s %s", many.c_str(), store_error(open).c_str());
        std::_Exit(0);
      },
      ::testing::ExitedWithCode(0), "RP1011 .done.");
}

}  // namespace
}  // namespace reprise
