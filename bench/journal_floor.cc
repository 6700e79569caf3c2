// The floor: what LMDB alone can do for the write pattern of workflows with N steps, with no engine
// on top. An engine's throughput is quoted as a fraction of this figure, measured right before or
// after it on the same machine.
//
// One thread, default (fully synced) commits. Every commit advances `in_flight` runs by one step:
// one journal record of two events each, appended under an increasing sequence number. A run that
// closes writes its history once, appended under an increasing run number, and the journal is
// trimmed behind it.
//
//   journal_floor [--json] DIRECTORY IN_FLIGHT STEPS EVENT_BYTES SECONDS
//
// DIRECTORY is created for the measurement and removed after it; it must not exist.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <lmdb.h>

namespace {

constexpr unsigned kTableFlags = MDB_CREATE | MDB_INTEGERKEY;

struct Setting {
  bool json = false;
  std::string directory;
  std::uint64_t in_flight = 0;
  std::uint64_t steps = 0;
  std::size_t event_bytes = 0;
  double seconds = 0;
};

struct Outcome {
  std::uint64_t commits = 0;
  std::uint64_t workflows = 0;
  std::uint64_t events = 0;
  double seconds = 0;
};

void check(int code, const char* what) {
  if (code != 0) throw std::runtime_error(std::string(what) + ": " + mdb_strerror(code));
}

// The environment with both tables, and the directory it lies in.
class Floor {
 public:
  explicit Floor(const Setting& setting);
  ~Floor();
  Floor(const Floor&) = delete;
  Floor& operator=(const Floor&) = delete;

  Outcome run();

 private:
  void open_tables();
  void advance_all_by_one_step(MDB_txn* txn);
  void trim(MDB_txn* txn, std::uint64_t records);
  void commit();

  const Setting& setting_;
  const std::string record_;
  const std::string history_;
  std::vector<std::uint64_t> positions_;  // of each run: how many steps it has done
  MDB_env* env_ = nullptr;
  MDB_dbi journal_ = 0;
  MDB_dbi histories_ = 0;
  std::uint64_t sequence_ = 0;
  std::uint64_t trimmed_ = 0;
  std::uint64_t closed_ = 0;
};

Floor::Floor(const Setting& setting)
    : setting_(setting),
      record_(2 * setting.event_bytes, 'e'),
      history_((2 + 2 * setting.steps) * setting.event_bytes, 'h'),
      positions_(setting.in_flight) {
  // Runs end at different times, as they do under load.
  for (std::uint64_t i = 0; i < setting.in_flight; ++i) positions_[i] = i % (setting.steps + 1);
  if (!std::filesystem::create_directories(setting.directory)) {
    throw std::runtime_error(setting.directory + " exists; name a directory that does not");
  }
  check(mdb_env_create(&env_), "mdb_env_create");
  check(mdb_env_set_mapsize(env_, std::size_t{32} << 30), "mdb_env_set_mapsize");
  check(mdb_env_set_maxdbs(env_, 2), "mdb_env_set_maxdbs");
  check(mdb_env_open(env_, setting.directory.c_str(), MDB_NOTLS, 0600), "mdb_env_open");
  open_tables();
}

Floor::~Floor() {
  mdb_env_close(env_);
  std::filesystem::remove_all(setting_.directory);
}

void Floor::open_tables() {
  MDB_txn* txn = nullptr;
  check(mdb_txn_begin(env_, nullptr, 0, &txn), "mdb_txn_begin");
  check(mdb_dbi_open(txn, "journal", kTableFlags, &journal_), "mdb_dbi_open");
  check(mdb_dbi_open(txn, "histories", kTableFlags, &histories_), "mdb_dbi_open");
  check(mdb_txn_commit(txn), "mdb_txn_commit");
}

void append(MDB_txn* txn, MDB_dbi table, std::uint64_t key, const std::string& value) {
  MDB_val k{sizeof key, &key};
  MDB_val v{value.size(), const_cast<char*>(value.data())};
  check(mdb_put(txn, table, &k, &v, MDB_APPEND), "mdb_put");
}

void Floor::advance_all_by_one_step(MDB_txn* txn) {
  for (std::uint64_t& position : positions_) {
    append(txn, journal_, ++sequence_, record_);
    if (++position <= setting_.steps) continue;
    position = 0;
    append(txn, histories_, ++closed_, history_);
  }
}

void Floor::trim(MDB_txn* txn, std::uint64_t records) {
  MDB_cursor* cursor = nullptr;
  check(mdb_cursor_open(txn, journal_, &cursor), "mdb_cursor_open");
  for (std::uint64_t i = 0; i < records; ++i) {
    MDB_val key{};
    MDB_val value{};
    check(mdb_cursor_get(cursor, &key, &value, MDB_FIRST), "mdb_cursor_get");
    check(mdb_cursor_del(cursor, 0), "mdb_cursor_del");
  }
  mdb_cursor_close(cursor);
}

void Floor::commit() {
  MDB_txn* txn = nullptr;
  check(mdb_txn_begin(env_, nullptr, 0, &txn), "mdb_txn_begin");
  advance_all_by_one_step(txn);
  if (sequence_ - trimmed_ > 20 * setting_.in_flight) {
    trim(txn, 2 * setting_.in_flight);
    trimmed_ += 2 * setting_.in_flight;
  }
  check(mdb_txn_commit(txn), "mdb_txn_commit");
}

Outcome Floor::run() {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  Outcome outcome;
  while (outcome.seconds < setting_.seconds) {
    commit();
    ++outcome.commits;
    outcome.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  }
  outcome.workflows = closed_;
  outcome.events = 2 * sequence_;
  return outcome;
}

void print(const Setting& setting, const Outcome& outcome) {
  const double commits = static_cast<double>(outcome.commits) / outcome.seconds;
  const double workflows = static_cast<double>(outcome.workflows) / outcome.seconds;
  const double events = static_cast<double>(outcome.events) / outcome.seconds;
  const char* const format =
      setting.json
          ? "{\"in_flight\": %llu, \"steps\": %llu, \"event_bytes\": %zu, \"seconds\": %.3f, "
            "\"commits_per_second\": %.1f, \"workflows_per_second\": %.1f, "
            "\"events_per_second\": %.1f}\n"
          : "in_flight=%llu steps=%llu event_bytes=%zu, %.1f s: %.0f commits/s, "
            "%.0f workflows/s, %.0f events/s\n";
  std::printf(format, static_cast<unsigned long long>(setting.in_flight),
              static_cast<unsigned long long>(setting.steps), setting.event_bytes, outcome.seconds,
              commits, workflows, events);
}

bool parse(int argc, char** argv, Setting* setting) {
  int next = 1;
  if (argc > 1 && std::string_view(argv[1]) == "--json") {
    setting->json = true;
    ++next;
  }
  if (argc - next != 5) return false;
  setting->directory = argv[next];
  setting->in_flight = std::strtoull(argv[next + 1], nullptr, 10);
  setting->steps = std::strtoull(argv[next + 2], nullptr, 10);
  setting->event_bytes = std::strtoull(argv[next + 3], nullptr, 10);
  setting->seconds = std::strtod(argv[next + 4], nullptr);
  return setting->in_flight > 0 && setting->event_bytes > 0 && setting->seconds > 0;
}

}  // namespace

int main(int argc, char** argv) {
  Setting setting;
  if (!parse(argc, argv, &setting)) {
    std::fprintf(stderr,
                 "usage: journal_floor [--json] DIRECTORY IN_FLIGHT STEPS EVENT_BYTES SECONDS\n");
    return 2;
  }
  try {
    print(setting, Floor(setting).run());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "journal_floor: %s\n", error.what());
    return 1;
  }
}
