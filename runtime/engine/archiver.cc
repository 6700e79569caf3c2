#include "runtime/engine/archiver.h"

#include "base/thread_name.h"
#include "runtime/engine/archive_slice.h"

namespace reprise::runtime {
namespace {

// A run that starts and ends within one slice costs the archive one insertion, so slices are large;
// a small one is worth its transaction once the journal has been quiet for a moment.
constexpr std::size_t kSliceBytes = std::size_t{32} << 20;
constexpr std::chrono::seconds kQuiet{2};

}  // namespace

Archiver::Archiver(Shared& shared, std::function<void(store::Seq)> archived)
    : shared_(shared), archived_(std::move(archived)) {
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
  while (true) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, kQuiet, [this] { return stopping_ || full(); });
      if (stopping_) return;
    }
    if (!has_work()) continue;
    const base::Status status = archive_some();
    if (status) continue;
    // Nothing is lost: the journal keeps what the archive did not take.
    shared_.log(LogLevel::kError, "archiving stopped: " + status.error().text());
    return;
  }
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
