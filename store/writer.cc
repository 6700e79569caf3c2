#include "store/writer.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <iterator>
#include <limits>
#include <new>
#include <utility>

#include "base/out_of_memory.h"
#include "base/start_thread.h"
#include "base/thread_name.h"

namespace reprise::store {
namespace {

constexpr std::size_t kBatchBytes = std::size_t{1} << 20;  // a batch this full gets no more records
constexpr std::size_t kBatchesPerCommit = 64;
constexpr std::size_t kSpareBatches = 4;                  // buffers kept for reuse
constexpr std::chrono::milliseconds kRetryInterval{200};  // while there is no room

// So that the records which are finished later do not make a batch too large.
constexpr std::size_t kUnfinishedPerBatch = 64;
// All wait for those.
constexpr std::size_t kUnfinishedPerCommit = 64;

// A record without its body.
struct Unfinished {
  std::size_t index = 0;  // in the batch
  Record record{};
  std::uint64_t chain = 0;  // of the run's previous record
  std::shared_ptr<Completion> completion;
};

struct Queued : RecordBatch {
  std::vector<Unfinished> unfinished;  // in the order of their records
};

using Batches = std::vector<std::unique_ptr<Queued>>;

// Puts the records that are finished now in between the others.
void finish(Queued* batch) {
  std::string bytes;
  bytes.reserve(batch->bytes.size() + batch->unfinished.size() * 4 * kRecordHeaderBytes);
  auto next = batch->unfinished.begin();
  std::size_t begin = 0;
  for (std::size_t i = 0; i < batch->count(); ++i) {
    const std::size_t end = batch->ends[i];
    if (next != batch->unfinished.end() && next->index == i) {
      const std::string body = next->completion->body(next->record.seq);
      REPRISE_CHECK(body.size() <= kLargestBody, "a completed record is not too large");
      next->record.body = body;
      next->completion->sealed(encode_record(next->record, next->chain, &bytes));
      ++next;
    } else {
      bytes.append(batch->bytes, begin, end - begin);
    }
    begin = end;
    REPRISE_CHECK(bytes.size() <= std::numeric_limits<std::uint32_t>::max(),
                  "a batch has less than 4 GiB");
    batch->ends[i] = static_cast<std::uint32_t>(bytes.size());
  }
  batch->bytes = std::move(bytes);
  batch->unfinished.clear();
}

// kTight: a commit did not fit. A single batch might, and only trimming frees pages.
enum class Room : std::uint8_t { kEnough, kTight, kNone };

enum class Step : std::uint8_t { kIdle, kDone, kNoRoom };

}  // namespace

// Everything below `mutex` is guarded by it; the journal is written by one thread only, the
// writer's or, unthreaded, the one that calls commit_pending().
struct Writer::State {
  State(Journal& to, Seq from) : journal(to), last(from), durable(from) {
    spare.reserve(kSpareBatches);  // recycle() comes after the acknowledgement and cannot fail
  }

  Seq number_and_queue(Draft& draft, bool together);
  Queued& open_batch(bool together);
  Seq queue_unfinished(Draft& draft, Queued& batch);
  bool has_work() const { return !queued.empty() || trim_through > trimmed; }
  Batches take();
  void put_back(Batches batches);
  void recycle(Batches batches);
  Step work_once();
  base::Status commit(const Batches& batches, Seq trim);
  base::Status append(const Batches& batches, Seq trim);
  void tell_commit(const Batches& batches, std::chrono::steady_clock::time_point began) const;
  void committed(const Batches& batches, Seq trim);
  Step found_no_room(const base::Error& error, Batches batches);
  void found_room();
  void fail(const base::Error& error);
  bool is_failed() const {
    const std::lock_guard lock(mutex);
    return failed;
  }
  base::Result<bool> trimming_done(Seq trim) const;
  void run();

  Journal& journal;
  Acknowledge acknowledge;
  RoomChanged room_changed;
  Committed commit_made;

  mutable std::mutex mutex;
  std::condition_variable wake;
  Batches queued;
  Batches spare;
  Seq last;
  Seq trim_through = 0;
  Seq trimmed = 0;  // up to where the journal has been trimmed, as far as that is possible
  Room room = Room::kEnough;
  bool stopping = false;
  bool failed = false;

  std::atomic<Seq> durable;
  base::Status started;
  std::thread thread;
};

// `together`: with the record before it, which this call of append() has queued. Batches are never
// split, so what is in one batch is in one transaction.
Queued& Writer::State::open_batch(bool together) {
  if (together) return *queued.back();
  if (!queued.empty() && queued.back()->bytes.size() < kBatchBytes &&
      queued.back()->unfinished.size() < kUnfinishedPerBatch) {
    return *queued.back();
  }
  if (spare.empty()) {
    queued.push_back(std::make_unique<Queued>());
  } else {
    queued.push_back(std::move(spare.back()));
    spare.pop_back();
  }
  queued.back()->first = last + 1;
  return *queued.back();
}

Seq Writer::State::number_and_queue(Draft& draft, bool together) {
  const bool first = (draft.flags & kFirstOfRun) != 0;
  REPRISE_CHECK(first == (*draft.previous == 0), "a run's first record has none before it");
  Queued& batch = open_batch(together);
  if (draft.completion != nullptr) return queue_unfinished(draft, batch);
  const Record record{.seq = last + 1,
                      .run = draft.run,
                      .previous = *draft.previous,
                      .flags = draft.flags,
                      .body = draft.body};
  // All memory is allocated first: half a record in the batch would become part of the next one.
  const std::size_t end = batch.bytes.size() + kRecordHeaderBytes + draft.body.size();
  REPRISE_CHECK(end <= std::numeric_limits<std::uint32_t>::max(), "a batch has less than 4 GiB");
  if (end > batch.bytes.capacity()) batch.bytes.reserve(std::max(end, 2 * batch.bytes.capacity()));
  batch.ends.push_back(static_cast<std::uint32_t>(end));
  if (draft.before != nullptr)
    *draft.before = {draft.run, *draft.previous, first ? 0 : *draft.chain};
  *draft.chain = encode_record(record, first ? 0 : *draft.chain, &batch.bytes);
  *draft.previous = last = record.seq;
  return record.seq;
}

// It takes no bytes of the batch yet.
Seq Writer::State::queue_unfinished(Draft& draft, Queued& batch) {
  batch.unfinished.reserve(kUnfinishedPerBatch);
  batch.ends.push_back(static_cast<std::uint32_t>(batch.bytes.size()));
  batch.unfinished.push_back({.index = batch.count() - 1,
                              .record = {.seq = last + 1,
                                         .run = draft.run,
                                         .previous = *draft.previous,
                                         .flags = draft.flags},
                              .chain = *draft.chain,
                              .completion = std::move(draft.completion)});
  *draft.previous = ++last;
  return last;
}

// The most that one commit takes, so that a long queue does not become one huge transaction.
Batches Writer::State::take() {
  std::size_t most = 1;
  if (room == Room::kEnough) {
    std::size_t unfinished = queued.empty() ? 0 : queued[0]->unfinished.size();
    for (; most < std::min(queued.size(), kBatchesPerCommit); ++most) {
      unfinished += queued[most]->unfinished.size();
      if (unfinished > kUnfinishedPerCommit) break;
    }
  }
  Batches taken;
  if (queued.size() <= most) {
    taken.swap(queued);
    return taken;
  }
  const auto end = queued.begin() + static_cast<std::ptrdiff_t>(most);
  taken.assign(std::make_move_iterator(queued.begin()), std::make_move_iterator(end));
  queued.erase(queued.begin(), end);
  return taken;
}

void Writer::State::put_back(Batches batches) {
  queued.insert(queued.begin(), std::make_move_iterator(batches.begin()),
                std::make_move_iterator(batches.end()));
}

void Writer::State::recycle(Batches batches) {
  for (auto& batch : batches) {
    if (spare.size() == kSpareBatches) return;
    if (batch->bytes.capacity() > 2 * kBatchBytes) continue;
    batch->bytes.clear();
    batch->ends.clear();
    spare.push_back(std::move(batch));
  }
}

// At most one commit.
Step Writer::State::work_once() {
  std::unique_lock lock(mutex);
  if (failed || !has_work()) return Step::kIdle;
  Batches batches = take();
  const Seq trim = trim_through > trimmed ? trim_through : 0;
  const bool tight = room != Room::kEnough;
  lock.unlock();
  try {
    // Those of batches that are tried again are finished already, and nothing came in between.
    for (const auto& batch : batches) {
      if (!batch->unfinished.empty()) finish(batch.get());
    }
    if (is_failed()) return Step::kDone;  // one of them has called stop()
    const auto began =
        commit_made ? std::chrono::steady_clock::now() : std::chrono::steady_clock::time_point();
    const base::Status done = tight ? commit(batches, trim) : append(batches, trim);
    if (!done && done.error().code == base::ErrorCode::kStoreFull) {
      return found_no_room(done.error(), std::move(batches));
    }
    if (!done) {
      fail(done.error());
      return Step::kDone;
    }
    if (tight) found_room();
    if (commit_made && !batches.empty()) tell_commit(batches, began);
    committed(batches, trim);
  } catch (const std::bad_alloc&) {
    // The batches that were taken are not on the disk and no longer queued: nothing may follow
    // them.
    fail({base::ErrorCode::kStoreIo, "out of memory while the log was written"});
  }
  lock.lock();
  recycle(std::move(batches));
  return Step::kDone;
}

base::Status Writer::State::append(const Batches& batches, Seq trim) {
  std::vector<const RecordBatch*> to_append;
  to_append.reserve(batches.size());
  for (const auto& batch : batches) to_append.push_back(batch.get());
  return journal.append(to_append, trim);
}

// When room is scarce: pages that trimming frees can be used by the next commit, not by its own.
base::Status Writer::State::commit(const Batches& batches, Seq trim) {
  if (trim == 0 || batches.empty()) return append(batches, trim);
  const base::Status trimmed_first = append({}, trim);
  if (!trimmed_first && trimmed_first.error().code != base::ErrorCode::kStoreFull) {
    return trimmed_first;
  }
  return append(batches, 0);
}

void Writer::State::tell_commit(const Batches& batches,
                                std::chrono::steady_clock::time_point began) const {
  Commit made{.began = began};
  for (const auto& batch : batches) {
    made.records += batch->count();
    made.bytes += batch->bytes.size();
  }
  commit_made(made);
}

void Writer::State::committed(const Batches& batches, Seq trim) {
  if (!batches.empty()) {
    const Seq now_durable = batches.back()->last();
    durable.store(now_durable, std::memory_order_release);
    if (acknowledge) acknowledge(now_durable);
    return;
  }
  // Only an idle writer checks whether to trim more: a busy one goes on with the next batch.
  const auto done = trimming_done(trim);
  if (!done) {
    fail(done.error());
  } else if (*done) {
    const std::lock_guard lock(mutex);
    trimmed = trim;
  }
}

// The transaction was aborted and nothing acknowledged, so the same batches can be tried again.
Step Writer::State::found_no_room(const base::Error& error, Batches batches) {
  bool tell = false;
  Step step = Step::kNoRoom;
  {
    const std::lock_guard lock(mutex);
    put_back(std::move(batches));
    if (room == Room::kEnough) {
      room = Room::kTight;
      step = Step::kDone;  // at once, with less at a time
    } else {
      tell = std::exchange(room, Room::kNone) != Room::kNone;
    }
  }
  if (tell && room_changed) room_changed(error);
  return step;
}

// There is room again only when the whole queue is committed: the next batch might not fit.
void Writer::State::found_room() {
  {
    const std::lock_guard lock(mutex);
    if (!queued.empty()) return;
    if (std::exchange(room, Room::kEnough) != Room::kNone) return;
  }
  if (room_changed) room_changed({});
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
  Step last_step = Step::kDone;
  while (true) {
    {
      std::unique_lock lock(mutex);
      if (last_step == Step::kNoRoom) {
        if (stopping) return;  // that was the last try
        wake.wait_for(lock, kRetryInterval, [this] { return stopping; });
      } else {
        wake.wait(lock, [this] { return stopping || (!failed && has_work()); });
      }
      // Queued batches are still committed; trimming can wait.
      if (stopping && (failed || queued.empty())) return;
    }
    last_step = work_once();
  }
}

Writer::Writer(Journal& journal, Seq last, bool threaded)
    : state_(std::make_unique<State>(journal, last)) {
  if (!threaded) return;
  state_->started = base::start_thread(
      &state_->thread, "the writer's thread",
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
  while (!state_->queued.empty() && state_->work_once() == Step::kDone) {
  }
}

const base::Status& Writer::started() const {
  return state_->started;
}

void Writer::on_durable(Acknowledge acknowledge) {
  const std::lock_guard lock(state_->mutex);
  state_->acknowledge = std::move(acknowledge);
}

void Writer::on_room(RoomChanged changed) {
  const std::lock_guard lock(state_->mutex);
  state_->room_changed = std::move(changed);
}

void Writer::on_commit(Committed committed) {
  const std::lock_guard lock(state_->mutex);
  state_->commit_made = std::move(committed);
}

Seq Writer::append(std::span<Draft> drafts) {
  Seq last = 0;
  {
    const std::lock_guard lock(state_->mutex);
    bool together = false;
    for (Draft& draft : drafts) {
      state_->number_and_queue(draft, together);
      together = draft.with_next;
    }
    REPRISE_CHECK(!together, "the last draft has none after it");
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

void Writer::stop(const base::Error& why) {
  state_->fail(why);
}

bool Writer::commit_pending() {
  REPRISE_CHECK(!state_->thread.joinable(), "a threaded writer commits by itself");
  return state_->work_once() == Step::kDone;
}

Seq Writer::durable() const {
  return state_->durable.load(std::memory_order_acquire);
}

}  // namespace reprise::store
