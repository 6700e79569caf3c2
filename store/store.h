// A store: a directory with a journal and an archive, or the same in memory.
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "base/function_ref.h"
#include "base/result.h"
#include "base/sanitizers.h"
#include "store/archive.h"
#include "store/attempt_slots.h"
#include "store/journal.h"
#include "store/parked_notes.h"
#include "store/turn_marks.h"

namespace reprise::store {

struct StoreOptions {
  // Address space reserved for each LMDB environment, in bytes; the files grow as they are written.
  std::uint64_t journal_map_bytes = std::uint64_t{4} << 30;
  std::uint64_t archive_map_bytes = std::uint64_t{8} << 30;
  // A data file of up to this many bytes is read and checked whole when it is opened (some 2 GB/s
  // from the page cache). Of a larger archive only the pages that lead to the leaf pages are;
  // `reprise check` checks those too, and checksums verify what is read from them.
  std::uint64_t verify_bytes = std::uint64_t{256} << 20;
  // False: the opener has no code of runs. The notes of another program about them (which are
  // parked, which have ended a process) then stay as they are until forgotten on request.
  bool executes_code = true;
};

// While it lives, all reads of a store are from one moment.
class HeldMoment {
 public:
  virtual ~HeldMoment() = default;
};

class Store {
 public:
  virtual ~Store() = default;
  virtual Journal& journal() = 0;
  virtual const Journal& journal() const = 0;
  virtual Archive& archive() = 0;
  virtual const Archive& archive() const = 0;
  virtual AttemptSlots& attempt_slots() = 0;
  // For tools beside a writer, and for the next one (store/parked_notes.h); a store in memory keeps
  // no notes.
  virtual void note_parked(const ParkedNote& note) { (void)note; }
  virtual void note_unparked(RunNumber run) { (void)run; }
  virtual ParkedRuns parked_runs() const { return {}; }
  // Drops the other notes.
  virtual void keep_parked(const std::function<bool(const ParkedNote&)>& wanted) { (void)wanted; }
  // nullptr: the store does not outlive the process.
  virtual TurnMarks* turn_marks() { return nullptr; }
  // Forgets the deaths of processes in the code of the run; durable on return. Also works when
  // turn_marks() is nullptr because the store was opened without code.
  virtual base::Status forget_deaths(RunNumber run) { return (void)run, base::Status(); }

  // For a store that is open for reading only and used by one thread: everything read from journal
  // and archive meanwhile is from that moment, or from two moments that fit together. Not for long:
  // a writer's files grow meanwhile.
  virtual base::Result<std::unique_ptr<HeldMoment>> hold() const {
    return std::make_unique<HeldMoment>();
  }

  // kStoreMoved: its directory was renamed or removed, or a file in it replaced, since it was
  // opened. A writing store notices by itself: its next commit fails with this error.
  virtual base::Status in_place() const { return {}; }

  // Makes a copy of the store, as it is at one moment, in `directory`, which must be empty or not
  // exist; its parent must exist. The copy has a uuid of its own, its content is packed, and
  // everything is synced; until it is complete it has the name `directory`.unfinished. Any thread,
  // while the store is written to. Returns the bytes of the copy. kStoreUnwritable when the
  // directory is not empty or lies in the store itself, kStoreLocked when another copy is being
  // made there, kStoreFull, kStoreDamaged, kStoreIo.
  virtual base::Result<std::uint64_t> copy_to(const std::string& directory) const {
    return base::Error{base::ErrorCode::kStoreUnwritable,
                       "a store without files cannot be copied to " + directory};
  }
};

// Opens or creates the store in `directory` for writing; its parent directory must exist. One
// process at a time: kStoreLocked names the other. Errors: kStoreMissing (the path leads nowhere,
// to a file, or to a directory with other things in it), kStoreUnwritable, kStoreOtherFormat,
// kStoreDamaged, kStoreFull, kStoreIo.
base::Result<std::unique_ptr<Store>> open_store(const std::string& directory, StoreOptions = {});

// Opens an existing store for reading only, beside an engine that may be running in another
// process; in the same process it is kStoreLocked. Errors: as above. It must not be written to, nor
// asked for attempt slots.
base::Result<std::unique_ptr<const Store>> open_store_read_only(const std::string& directory,
                                                                StoreOptions = {});

// The same behaviour without files, for tests. Every journal append counts as durable.
std::unique_ptr<Store> memory_store();

// A run's whole history, oldest record first: archived chunks, then what is still in the journal.
// Every record's checksum and the chain are verified; kStoreDamaged names the run and the record.
// `last` is the run's newest sequence number, from which each record's `previous` is followed; 0:
// unknown, the journal is scanned for the run's records. Records after the one at which `visit` has
// seen enough are not verified.
base::Status read_history(const Journal& journal,
                          const Archive& archive,
                          RunNumber run,
                          Seq last,
                          base::Visitor<const Record&> visit);
// The part of it after record `after`, which is a record of the run, or none (seq 0). Nothing
// before is read, except what shares a chunk with the first of them.
base::Status read_history_after(const Journal& journal,
                                const Archive& archive,
                                const ChainEnd& after,
                                Seq last,
                                base::Visitor<const Record&> visit);

}  // namespace reprise::store
