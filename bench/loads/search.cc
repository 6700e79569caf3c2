// Searches over many runs: the first page of filters that the index limits, a count, and a scan.
// The floor of a page is what LMDB alone takes for the same entries of the index and the same
// summaries. Also how much of the archive the index takes.
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <lmdb.h>

#include "bench/loads/loads.h"
#include "bench/measure.h"
#include "bench/temporary_store.h"
#include "reprise/reprise.h"

namespace reprise::bench {
namespace {

constexpr Workflow<int(int)> kOrder{"order"};
constexpr Attribute<std::string> kCustomer{"CustomerId"};
constexpr Attribute<std::int64_t> kCents{"Cents"};
constexpr std::size_t kRunsPerCustomer = 10;
constexpr std::size_t kPage = 100;
constexpr int kTimes = 200;

// Every second run has ended. Then everything is archived.
void make_runs(const std::string& store, std::size_t runs) {
  constexpr std::size_t kAtOnce = 10'000;
  constexpr auto kUntilArchived = std::chrono::seconds(8);
  const auto engine = Engine::open(store);
  Worker worker(*engine);
  worker.implement(kOrder, [](Context& ctx, const int& i) {
    return i % 2 == 0 ? i : ctx.inbox(Signal<int>("go")).next().get();
  });
  worker.start();
  const Client client(*engine);
  for (std::size_t first = 0; first < runs; first += kAtOnce) {
    std::vector<Handle<int>> wave;
    for (std::size_t i = first; i < std::min(runs, first + kAtOnce); ++i) {
      wave.push_back(client.submit(
          kOrder(static_cast<int>(i)),
          {.id = "order-" + std::to_string(i),
           .settings = {kCustomer("c-" + std::to_string(i % (runs / kRunsPerCustomer))),
                        kCents(static_cast<std::int64_t>(i % 10'000))}}));
    }
    for (const auto& run : wave) run.started();
  }
  std::this_thread::sleep_for(kUntilArchived);
}

// ---- LMDB alone -------------------------------------------------------------------------------

void must(int code) {
  if (code != 0) throw std::runtime_error(::mdb_strerror(code));
}

class RawArchive {
 public:
  explicit RawArchive(const std::string& store) {
    must(::mdb_env_create(&env_));
    must(::mdb_env_set_maxdbs(env_, 16));
    must(::mdb_env_open(env_, (store + "/archive").c_str(), MDB_RDONLY, 0644));
    MDB_txn* txn = nullptr;
    must(::mdb_txn_begin(env_, nullptr, MDB_RDONLY, &txn));
    for (std::size_t i = 0; i < std::size(kNames); ++i) {
      must(::mdb_dbi_open(txn, kNames[i], 0, &tables_[i]));
    }
    must(::mdb_txn_commit(txn));
  }
  ~RawArchive() { ::mdb_env_close(env_); }
  RawArchive(const RawArchive&) = delete;
  RawArchive& operator=(const RawArchive&) = delete;

  // The last `count` running runs, with their summaries: microseconds.
  double read_page(std::size_t count) const {
    const Stopwatch time;
    MDB_txn* txn = nullptr;
    MDB_cursor* cursor = nullptr;
    must(::mdb_txn_begin(env_, nullptr, MDB_RDONLY, &txn));
    must(::mdb_cursor_open(txn, tables_[0], &cursor));
    char behind[2] = {'S', 2};  // after those with status 1
    MDB_val key{sizeof behind, behind};
    MDB_val value{};
    must(::mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE));
    for (std::size_t i = 0; i < count; ++i) {
      must(::mdb_cursor_get(cursor, &key, &value, MDB_PREV));
      MDB_val run{8, static_cast<char*>(key.mv_data) + key.mv_size - 8};
      must(::mdb_get(txn, tables_[1], &run, &value));
    }
    ::mdb_cursor_close(cursor);
    ::mdb_txn_abort(txn);
    return 1e6 * time.seconds();
  }

  // Of the table of fields, and of all.
  std::pair<double, double> bytes() const {
    MDB_txn* txn = nullptr;
    must(::mdb_txn_begin(env_, nullptr, MDB_RDONLY, &txn));
    double all = 0;
    double fields = 0;
    for (std::size_t i = 0; i < std::size(kNames); ++i) {
      MDB_stat stat{};
      must(::mdb_stat(txn, tables_[i], &stat));
      const auto bytes = static_cast<double>(
          stat.ms_psize * (stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages));
      all += bytes;
      if (i == 0) fields = bytes;
    }
    ::mdb_txn_abort(txn);
    return {fields, all};
  }

 private:
  static constexpr const char* kNames[] = {"fields", "summaries", "chunks", "ids", "index"};
  MDB_env* env_ = nullptr;
  MDB_dbi tables_[std::size(kNames)] = {};
};

// ---- the load ---------------------------------------------------------------------------------

template <class Do>
Samples micros_of(int times, const Do& act) {
  Samples micros;
  for (int i = 0; i < times; ++i) {
    const Stopwatch time;
    act();
    micros.add(1e6 * time.seconds());
  }
  return micros;
}

void add_page(const Client& client,
              const std::string& name,
              const std::string& filter,
              std::size_t rows,
              std::optional<double> floor,
              Figures* figures) {
  Samples micros = micros_of(kTimes, [&] {
    const RunPage page = client.list(filter, {.page_size = kPage});
    if (page.runs.size() != rows || page.scanned) throw std::runtime_error("a wrong page");
  });
  figures->push_back({.name = name + "_p50",
                      .value = micros.percentile(0.5),
                      .unit = "us",
                      .floors = {floor, {}}});
  figures->push_back({.name = name + "_p99", .value = micros.percentile(0.99), .unit = "us"});
}

Figures measure(const Settings& settings, const std::string& name, std::size_t runs) {
  const TemporaryStore parent(settings.directory);
  const std::string store = parent.path() + "/store";
  make_runs(store, runs);
  Figures figures;
  double floor = 0;
  {
    const RawArchive raw(store);
    Samples micros;
    for (int i = 0; i < kTimes; ++i) micros.add(raw.read_page(kPage));
    floor = micros.percentile(0.5);
    const auto [fields, all] = raw.bytes();
    const auto per_run = 1.0 / static_cast<double>(runs);
    figures.push_back({.name = name + "/index", .value = fields * per_run, .unit = "bytes/run"});
    figures.push_back({.name = name + "/archive", .value = all * per_run, .unit = "bytes/run"});
  }
  const auto engine = Engine::open(store);
  const Client client(*engine);
  std::this_thread::sleep_for(std::chrono::seconds(3));
  add_page(client, name + "/newest", "Status = 'Running' ORDER BY StartTime DESC", kPage, floor,
           &figures);
  add_page(client, name + "/customer",
           "WorkflowType = 'order' AND Status = 'Running' AND CustomerId = 'c-7' "
           "ORDER BY StartTime DESC",
           kRunsPerCustomer, std::nullopt, &figures);
  add_page(client, name + "/cents", "Cents BETWEEN 700 AND 720 ORDER BY Cents", kPage, std::nullopt,
           &figures);
  constexpr int kFewTimes = 3;
  Samples count = micros_of(kFewTimes, [&] { (void)client.count("Status = 'Running'"); });
  Samples scan = micros_of(kFewTimes, [&] { (void)client.count("TaskQueue = 'default'"); });
  figures.push_back({.name = name + "/count", .value = 1e-3 * count.percentile(0.5), .unit = "ms"});
  figures.push_back({.name = name + "/scan", .value = 1e-3 * scan.percentile(0.5), .unit = "ms"});
  return figures;
}

}  // namespace

void add_search_loads(Loads& loads) {
  add_in_two_sizes(loads, "search", 50'000, 1'000'000, measure);
}

}  // namespace reprise::bench
