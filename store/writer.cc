#include "store/writer.h"

#include <algorithm>
#include <atomic>
#include <new>
#include <utility>

#include "base/out_of_memory.h"
#include "base/thread_name.h"

namespace reprise::store {
namespace {

constexpr std::size_t kBatchBytes = std::size_t{1} << 20;  // a batch this full gets no more records
constexpr std::size_t kBatchesPerCommit = 64;
constexpr std::size_t kSpareBatches = 4;  // buffers kept for reuse

using Batches = std::vector<std::unique_ptr<RecordBatch>>;

}  // namespace

// Everything below `mutex` is guarded by it; the journal is written by one thread only, the
// writer's or, unthreaded, the one that calls commit_pending().
struct Writer::State {
  State(Journal& to, Seq from) : journal(to), last(from), durable(from) {
    spare.reserve(kSpareBatches);  // recycle() comes after the acknowledgement and cannot fail
  }

  Seq number_and_queue(Draft& draft);
  RecordBatch& open_batch();
  bool has_work() const { return !queued.empty() || trim_through > trimmed; }
  Batches take();
  void recycle(Batches batches);
  bool work_once();
  void commit(const Batches& batches, Seq trim);
  void fail(const base::Error& error);
  base::Result<bool> trimming_done(Seq trim) const;
  void run();

  Journal& journal;
  Acknowledge acknowledge;

  mutable std::mutex mutex;
  std::condition_variable wake;
  Batches queued;
  Batches spare;
  Seq last;
  Seq trim_through = 0;
  Seq trimmed = 0;  // what the journal has been trimmed to, as far as it can be
  bool stopping = false;
  bool failed = false;

  std::atomic<Seq> durable;
  std::thread thread;
};

RecordBatch& Writer::State::open_batch() {
  if (!queued.empty() && queued.back()->bytes.size() < kBatchBytes) return *queued.back();
  if (spare.empty()) {
    queued.push_back(std::make_unique<RecordBatch>());
  } else {
    queued.push_back(std::move(spare.back()));
    spare.pop_back();
  }
  queued.back()->first = last + 1;
  return *queued.back();
}

Seq Writer::State::number_and_queue(Draft& draft) {
  const bool first = (draft.flags & kFirstOfRun) != 0;
  REPRISE_CHECK(first == (*draft.previous == 0), "a run's first record has none before it");
  RecordBatch& batch = open_batch();
  const Record record{.seq = last + 1,
                      .run = draft.run,
                      .previous = *draft.previous,
                      .flags = draft.flags,
                      .body = draft.body};
  // All the memory first: half a record in the batch would become part of the next one.
  const std::size_t end = batch.bytes.size() + kRecordHeaderBytes + draft.body.size();
  if (end > batch.bytes.capacity()) batch.bytes.reserve(std::max(end, 2 * batch.bytes.capacity()));
  batch.ends.push_back(static_cast<std::uint32_t>(end));
  *draft.chain = encode_record(record, first ? 0 : *draft.chain, &batch.bytes);
  *draft.previous = last = record.seq;
  return record.seq;
}

// What one commit takes: bounded, so that a long queue does not become one huge transaction.
Batches Writer::State::take() {
  Batches taken;
  if (queued.size() <= kBatchesPerCommit) {
    taken.swap(queued);
    return taken;
  }
  const auto end = queued.begin() + kBatchesPerCommit;
  taken.assign(std::make_move_iterator(queued.begin()), std::make_move_iterator(end));
  queued.erase(queued.begin(), end);
  return taken;
}

void Writer::State::recycle(Batches batches) {
  for (auto& batch : batches) {
    if (spare.size() == kSpareBatches) return;
    batch->bytes.clear();
    batch->ends.clear();
    spare.push_back(std::move(batch));
  }
}

// One commit; false when there was nothing to do.
bool Writer::State::work_once() {
  std::unique_lock lock(mutex);
  if (failed || !has_work()) return false;
  Batches batches = take();
  const Seq trim = trim_through > trimmed ? trim_through : 0;
  lock.unlock();
  try {
    commit(batches, trim);
  } catch (const std::bad_alloc&) {
    // What was taken is not on the disk and no longer queued: nothing may follow it.
    fail({base::ErrorCode::kStoreIo, "out of memory while the log was written"});
  }
  lock.lock();
  recycle(std::move(batches));
  return true;
}

void Writer::State::commit(const Batches& batches, Seq trim) {
  std::vector<const RecordBatch*> to_append;
  to_append.reserve(batches.size());
  for (const auto& batch : batches) to_append.push_back(batch.get());
  if (const auto appended = journal.append(to_append, trim); !appended) {
    fail(appended.error());
    return;
  }
  if (!batches.empty()) {
    const Seq now_durable = batches.back()->last();
    durable.store(now_durable, std::memory_order_release);
    if (acknowledge) acknowledge(now_durable);
    return;
  }
  // Only an idle writer looks whether more is to be trimmed: a busy one goes on with the next
  // batch.
  const auto done = trimming_done(trim);
  if (!done) {
    fail(done.error());
  } else if (*done) {
    const std::lock_guard lock(mutex);
    trimmed = trim;
  }
}

// The journal keeps its newest record in any case.
base::Result<bool> Writer::State::trimming_done(Seq trim) const {
  const auto first = journal.first();
  if (!first) return first.error();
  return *first > trim || *first >= durable.load(std::memory_order_relaxed);
}

void Writer::State::fail(const base::Error& error) {
  {
    const std::lock_guard lock(mutex);
    failed = true;
    queued.clear();
  }
  if (acknowledge) acknowledge(error);
}

void Writer::State::run() {
  base::name_this_thread("reprise-writer");
  while (true) {
    {
      std::unique_lock lock(mutex);
      wake.wait(lock, [this] { return stopping || (!failed && has_work()); });
      // What is queued is still committed; trimming can wait for the next time.
      if (stopping && (failed || queued.empty())) return;
    }
    work_once();
  }
}

Writer::Writer(Journal& journal, Seq last, bool threaded)
    : state_(std::make_unique<State>(journal, last)) {
  if (!threaded) return;
  state_->thread = std::thread(
      [state = state_.get()] { base::needs_memory("writing the log", [state] { state->run(); }); });
}

Writer::~Writer() {
  if (state_->thread.joinable()) {
    {
      const std::lock_guard lock(state_->mutex);
      state_->stopping = true;
    }
    state_->wake.notify_one();
    state_->thread.join();
    return;
  }
  while (!state_->queued.empty() && state_->work_once()) {
  }
}

void Writer::on_durable(Acknowledge acknowledge) {
  const std::lock_guard lock(state_->mutex);
  state_->acknowledge = std::move(acknowledge);
}

Seq Writer::append(std::span<Draft> drafts) {
  Seq last = 0;
  {
    const std::lock_guard lock(state_->mutex);
    for (Draft& draft : drafts) state_->number_and_queue(draft);
    if (state_->failed) state_->queued.clear();
    last = state_->last;
  }
  state_->wake.notify_one();
  return last;
}

void Writer::trim(Seq through) {
  {
    const std::lock_guard lock(state_->mutex);
    if (through <= state_->trim_through) return;
    state_->trim_through = through;
  }
  state_->wake.notify_one();
}

bool Writer::commit_pending() {
  REPRISE_CHECK(!state_->thread.joinable(), "a threaded writer commits by itself");
  return state_->work_once();
}

Seq Writer::durable() const {
  return state_->durable.load(std::memory_order_acquire);
}

}  // namespace reprise::store
