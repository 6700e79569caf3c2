#include "runtime/engine/archiver.h"

#include "base/thread_name.h"
#include "runtime/engine/archive_slice.h"

namespace reprise::runtime {
namespace {

// A run that starts and ends within one slice costs the archive one insertion, so slices are large;
// a small one is worth its transaction once the journal has been quiet for a moment.
constexpr std::size_t kSliceBytes = std::size_t{32} << 20;
constexpr std::chrono::seconds kQuiet{2};
// Under load a slice brings about as many runs as so many transactions remove.
constexpr int kRemovalsPerSlice = 16;

}  // namespace

Archiver::Archiver(Shared& shared, std::function<void(store::Seq)> archived)
    : shared_(shared), archived_(std::move(archived)), retention_(shared) {
  if (const auto through = shared_.store->archive().through()) through_ = *through;
}

Archiver::~Archiver() {
  stop();
}

void Archiver::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_ = {};
}

void Archiver::start() {
  thread_ = std::jthread([this] { work(); });
}

void Archiver::poke() {
  if (full()) changed_.notify_one();
}

void Archiver::work() {
  base::name_this_thread("reprise-archive");
  bool more_to_remove = false;
  while (true) {
    {
      std::unique_lock lock(mutex_);
      const auto longest = more_to_remove ? std::chrono::seconds(0) : kQuiet;
      changed_.wait_for(lock, longest, [this] { return stopping_ || full(); });
      if (stopping_) return;
    }
    // While there are runs to remove, a small slice waits.
    if (full() || (backlog() > 0 && !more_to_remove)) {
      if (const base::Status status = archive_some(); !status) {
        // Nothing is lost: the journal keeps what the archive did not take.
        shared_.log(LogLevel::kError, "archiving stopped: " + status.error().text());
        return;
      }
    }
    int removals = 0;
    do {
      more_to_remove = remove_some();
    } while (more_to_remove && ++removals < kRemovalsPerSlice);
  }
}

bool Archiver::remove_some() {
  if (!removing_) return false;
  const auto removed = retention_.remove_some();
  if (removed) return *removed > 0;
  shared_.log(LogLevel::kError, "removing closed runs stopped: " + removed.error().text());
  removing_ = false;
  return false;
}

base::Status Archiver::archive_some() {
  const store::Archive& archive = shared_.store->archive();
  ArchiveSlice slice(archive, names_);
  base::Status added;
  store::Seq count = 0;
  const store::Seq durable = shared_.durable.load();
  const base::Status scanned =
      shared_.store->journal().scan(through_ + 1, [&](store::Seq seq, std::string_view bytes) {
        if (seq > durable) return false;
        std::size_t consumed = 0;
        const auto record = store::decode_record(bytes, &consumed);
        added = record ? slice.add(*record, bytes) : record.error();
        if (!added) return false;
        return ++count < shared_.options.archive_slice && slice.bytes() < kSliceBytes;
      });
  if (!scanned) return scanned;
  if (!added) return added;
  if (count == 0) return {};
  const store::ArchiveBatch batch = slice.take(shared_.next_run.load());
  if (const base::Status committed = shared_.store->archive().commit(batch); !committed) {
    return committed;
  }
  through_ = batch.through;
  shared_.writer->trim(batch.through);
  archived_(batch.through);
  return {};
}

}  // namespace reprise::runtime
