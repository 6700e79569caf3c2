#include "runtime/engine/archiver.h"

#include "base/out_of_memory.h"
#include "base/start_thread.h"
#include "base/thread_name.h"
#include "runtime/engine/archive_slice.h"
#include "runtime/engine/run_fields.h"

namespace reprise::runtime {
namespace {

// A run that starts and ends within one slice costs the archive one insertion, so slices are large;
// a small one is worth its transaction once the journal has been quiet for a moment.
constexpr std::size_t kSliceBytes = std::size_t{32} << 20;
constexpr std::chrono::seconds kQuiet{2};
constexpr std::chrono::seconds kRetryInterval{1};  // while the archive has no room
// Under load a slice adds about as many runs as this many transactions remove.
constexpr int kRemovalsPerSlice = 16;

// For a removal, which also reads: errors of reading go to the log.
bool is_fatal(base::ErrorCode code) {
  return code == base::ErrorCode::kStoreIo || code == base::ErrorCode::kStoreMoved ||
         code == base::ErrorCode::kNoResources;
}

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

base::Status Archiver::start() {
  return base::start_thread(&thread_, "the archiver's thread",
                            [this] { base::needs_memory("archiving", [this] { work(); }); });
}

void Archiver::poke() {
  if (full()) changed_.notify_one();
}

void Archiver::work() {
  base::name_this_thread("reprise-archive");
  bool more_to_remove = false;
  bool more_to_build = true;
  while (true) {
    {
      std::unique_lock lock(mutex_);
      const bool busy = more_to_remove || more_to_build;
      const auto longest = busy ? std::chrono::seconds(0) : kQuiet;
      changed_.wait_for(lock, longest, [this] { return stopping_ || full(); });
      if (stopping_) return;
    }
    // While there are runs to remove, a small slice waits.
    bool has_room = true;
    if (full() || (has_work() && !more_to_remove && !more_to_build)) {
      const base::Status status = archive_some();
      if (!status && status.error().code != base::ErrorCode::kStoreFull) {
        // Nothing is lost: the journal keeps everything that is not in the archive.
        shared_.log(LogLevel::kError, "archiving stopped: " + status.error().text());
        return;
      }
      has_room = status.has_value();
    }
    more_to_build = build_some();
    int removals = 0;
    do {
      more_to_remove = remove_some();
    } while (more_to_remove && ++removals < kRemovalsPerSlice);
    if (has_room || more_to_remove || more_to_build) continue;
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kRetryInterval, [this] { return stopping_; });
  }
}

// Until it is complete, searches read all runs.
bool Archiver::build_some() {
  if (!building_ || lost_) return false;
  const auto more = build_some_fields(shared_.store->archive());
  if (!more && more.error().code == base::ErrorCode::kStoreFull) return false;  // perhaps later
  if (!more) {
    if (is_fatal(more.error().code)) {
      lost_ = true;
      shared_.options.on_fatal(more.error());
    }
    shared_.log(LogLevel::kError, "making the index of fields stopped: " + more.error().text());
  }
  building_ = more && *more;
  return building_;
}

bool Archiver::remove_some() {
  if (!removing_) return false;
  const auto removed = retention_.remove_some();
  if (removed) return *removed > 0;
  if (removed.error().code == base::ErrorCode::kStoreFull) return false;  // perhaps later
  if (is_fatal(removed.error().code)) {
    lost_ = true;
    shared_.options.on_fatal(removed.error());
  }
  shared_.log(LogLevel::kError, "removing closed runs stopped: " + removed.error().text());
  removing_ = false;
  return false;
}

base::Status Archiver::archive_some() {
  base::Status status = archive_slice();
  note_room(status);
  return status;
}

// Once each time that room runs out. The journal takes new records as long as it has room itself.
void Archiver::note_room(const base::Status& status) {
  const bool full = !status && status.error().code == base::ErrorCode::kStoreFull;
  if (full == full_) return;
  full_ = full;
  if (full) {
    shared_.log(LogLevel::kError,
                "the archive has no room: until it has, the journal keeps "
                "everything; " +
                    status.error().text());
  } else if (status) {
    shared_.log(LogLevel::kInfo, "the archive has room again");
  }
}

// A failed write or sync is final here too: after it LMDB may refuse even reading, and the journal
// would grow for ever. The next process finds both as they were.
base::Status Archiver::commit(const store::ArchiveBatch& batch) {
  base::Status committed = shared_.store->archive().commit(batch);
  if (committed || committed.error().code == base::ErrorCode::kStoreFull) return committed;
  lost_ = true;
  shared_.options.on_fatal(committed.error());
  return committed;
}

base::Status Archiver::archive_slice() {
  const store::Archive& archive = shared_.store->archive();
  ArchiveSlice slice(archive, names_, shared_.damaged_records, shared_.without_changes);
  store::Seq count = 0;
  const store::Seq durable = shared_.durable.load();
  const auto add = [&](store::Seq seq, std::string_view bytes) -> base::Visited {
    if (seq > durable) return base::Next::kStop;
    if (const auto added = slice.add(seq, bytes); !added) return added;
    return base::go_on_if(++count < shared_.options.archive_slice && slice.bytes() < kSliceBytes);
  };
  if (auto scanned = shared_.store->journal().scan(through_ + 1, add); !scanned) return scanned;
  if (count == 0) return {};
  const store::ArchiveBatch batch = slice.take(shared_.next_run.load());
  if (const base::Status committed = commit(batch); !committed) return committed;
  through_ = batch.through;
  shared_.writer->trim(batch.through);
  archived_(batch.through);
  return {};
}

}  // namespace reprise::runtime
