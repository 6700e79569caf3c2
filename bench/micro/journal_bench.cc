// The cost of group commit: batches of 1 to 4,096 records of 200 bytes through a writer's own
// thread into a journal on LMDB, each batch durable before the next one is queued, with the journal
// trimmed after it.
//
// REPRISE_BENCH_DIR names the directory whose disk is measured; default: the one for temporary
// files.
#include <condition_variable>
#include <mutex>
#include <stdexcept>

#include <benchmark/benchmark.h>

#include "bench/temporary_store.h"
#include "store/store.h"
#include "store/writer.h"

namespace reprise::store {
namespace {

constexpr std::size_t kRecordBytes = 200;
constexpr Seq kKeptBatches = 20;

// Lets the thread that queues wait for the disk, as an engine's shard would.
class Durable {
 public:
  void acknowledge(const base::Result<Seq>& seq) {
    if (!seq) throw std::runtime_error(seq.error().text());
    const std::lock_guard lock(mutex_);
    durable_ = *seq;
    changed_.notify_one();
  }
  void wait_for(Seq seq) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return durable_ >= seq; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  Seq durable_ = 0;
};

// One record each of many runs.
class Load {
 public:
  explicit Load(std::size_t runs) : previous_(runs), chains_(runs), drafts_(runs) {
    for (std::size_t i = 0; i < runs; ++i) {
      drafts_[i] = {.run = i + 1,
                    .previous = &previous_[i],
                    .chain = &chains_[i],
                    .flags = kFirstOfRun,
                    .body = body_};
    }
  }
  Seq queue(Writer& writer) {
    const Seq last = writer.append(drafts_);
    for (Draft& draft : drafts_) draft.flags = 0;
    return last;
  }

 private:
  const std::string body_ = std::string(kRecordBytes - kRecordHeaderBytes, 'x');
  std::vector<Seq> previous_;
  std::vector<std::uint64_t> chains_;
  std::vector<Draft> drafts_;
};

void append_and_commit(benchmark::State& state) {
  const auto batch = static_cast<std::size_t>(state.range(0));
  const bench::TemporaryStore directory;
  const auto store = open_store(directory.path() + "/store");
  if (!store) throw std::runtime_error(store.error().text());
  Load load(batch);
  Durable durable;
  Writer writer((*store)->journal(), 0, true);
  writer.on_durable([&](const base::Result<Seq>& seq) { durable.acknowledge(seq); });
  for (auto _ : state) {
    const Seq last = load.queue(writer);
    durable.wait_for(last);
    if (last > kKeptBatches * batch) writer.trim(last - kKeptBatches * batch);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(append_and_commit)
    ->Name("journal_append")
    ->Arg(1)
    ->Arg(64)
    ->Arg(512)
    ->Arg(4096)
    ->MeasureProcessCPUTime()
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);

void encode(benchmark::State& state) {
  const std::string body(kRecordBytes - kRecordHeaderBytes, 'x');
  std::string out;
  std::uint64_t chain = 0;
  for (auto _ : state) {
    out.clear();
    chain = encode_record({.seq = 1, .run = 1, .body = body}, chain, &out);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(encode)->Name("record_encode");

}  // namespace
}  // namespace reprise::store
