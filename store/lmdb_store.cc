#include <fcntl.h>

#include "base/build_id.h"
#include "store/copy_store.h"
#include "store/directory.h"
#include "store/file_attempt_slots.h"
#include "store/lmdb_archive.h"
#include "store/lmdb_journal.h"
#include "store/open_directories.h"
#include "store/store.h"
#include "store/store_lock.h"
#include "store/store_watch.h"

namespace reprise::store {
namespace {

// The members are in the order of opening; closing goes backwards, the lock last but one.
struct Parts {
  DirectoryClaim claim;
  StoreLock lock{};  // none when read-only
  std::unique_ptr<LmdbJournal> journal{};
  std::unique_ptr<LmdbArchive> archive{};
  std::unique_ptr<FileAttemptSlots> attempt_slots{};  // none when read-only
  std::unique_ptr<ParkedNotes> parked_notes{};        // likewise, or when the file cannot be opened
  std::unique_ptr<TurnMarks> turn_marks{};            // likewise
  std::unique_ptr<StoreWatch> watch{};
};

// As for a backup: the archive's snapshot is the earlier one, and the journal has all that the
// archive lacks, unless it was trimmed in between.
class HeldLmdb final : public HeldMoment {
 public:
  HeldLmdb(LmdbJournal& journal, LmdbArchive& archive) : journal_(journal), archive_(archive) {}
  ~HeldLmdb() override { release(); }

  base::Result<bool> take() {
    release();
    if (auto held = archive_.env().hold(); !held) return held.error();
    if (auto held = journal_.env().hold(); !held) return held.error();
    const auto through = archive_.through();
    if (!through) return through.error();
    const auto first = journal_.first();
    if (!first) return first.error();
    return *first <= *through + 1;
  }

 private:
  void release() {
    journal_.env().release();
    archive_.env().release();
  }

  LmdbJournal& journal_;
  LmdbArchive& archive_;
};

class LmdbStore final : public Store {
 public:
  LmdbStore(Parts parts, StoreOptions options, const StoreDirectory& directory)
      : parts_(std::move(parts)),
        options_(options),
        parked_path_(directory.parked()),
        turns_path_(directory.turns()) {}

  Journal& journal() override { return *parts_.journal; }
  const Journal& journal() const override { return *parts_.journal; }
  Archive& archive() override { return *parts_.archive; }
  const Archive& archive() const override { return *parts_.archive; }
  AttemptSlots& attempt_slots() override {
    REPRISE_CHECK(parts_.attempt_slots != nullptr, "the store is open for reading only");
    return *parts_.attempt_slots;
  }
  void note_parked(const ParkedNote& note) override {
    if (parts_.parked_notes != nullptr) parts_.parked_notes->parked(note);
  }
  void keep_parked(const std::function<bool(const ParkedNote&)>& wanted) override {
    if (parts_.parked_notes != nullptr) parts_.parked_notes->keep(wanted);
  }
  void note_unparked(RunNumber run) override {
    if (parts_.parked_notes != nullptr) return parts_.parked_notes->unparked(run);
    if (options_.executes_code) return;
    if (const auto notes = ParkedNotes::go_on(parked_path_)) notes->unparked(run);
  }
  ParkedRuns parked_runs() const override { return read_parked_notes(parked_path_); }
  TurnMarks* turn_marks() override { return parts_.turn_marks.get(); }
  base::Status forget_deaths(RunNumber run) override {
    if (!options_.executes_code) return TurnMarks::forget_in(turns_path_, run);
    if (parts_.turn_marks == nullptr) return {};
    return parts_.turn_marks->forget_if([run](RunNumber number) { return number == run; });
  }
  base::Result<std::unique_ptr<HeldMoment>> hold() const override {
    auto held = std::make_unique<HeldLmdb>(*parts_.journal, *parts_.archive);
    constexpr int kAttempts = 100;  // journal and archive of different ages never fit
    base::Result<bool> fits = false;
    for (int attempt = 0; attempt < kAttempts && fits && !*fits; ++attempt) fits = held->take();
    if (!fits) return fits.error();
    return std::unique_ptr<HeldMoment>(std::move(held));
  }
  base::Result<std::uint64_t> copy_to(const std::string& directory) const override {
    const CopySource source{*parts_.journal, *parts_.archive, parts_.claim.id()};
    return copy_store(source, directory, options_);
  }
  base::Status in_place() const override { return parts_.watch->in_place(); }

 private:
  Parts parts_;
  const StoreOptions options_;
  const std::string parked_path_;
  const std::string turns_path_;
};

base::Error mixed_up(const StoreDirectory& directory, const std::string& what) {
  return {base::ErrorCode::kStoreDamaged, "the store " + directory.path + " is damaged: " + what +
                                              "; restore all of it from one backup"};
}

// Finds a journal and an archive of different ages or stores, as after restoring only one of them.
// The order of reading allows for a writer in another process: each value is at most as new as the
// next one.
base::Status check_together(const StoreDirectory& directory,
                            const Parts& parts,
                            const StoreIdentity& identity) {
  const auto uuid = parts.archive->uuid();
  if (!uuid) return uuid.error();
  if (*uuid != identity.uuid) return mixed_up(directory, "its archive is that of another store");
  const auto first = parts.journal->first();
  if (!first) return first.error();
  const auto through = parts.archive->through();
  if (!through) return through.error();
  const auto last = parts.journal->last();
  if (!last) return last.error();
  if (*through > *last) return mixed_up(directory, "its journal is older than its archive");
  if (*first > *through + 1) return mixed_up(directory, "its archive is older than its journal");
  return {};
}

// After nearly every commit only the journal's file is checked.
void watch_commits(Parts* parts) {
  constexpr std::uint64_t kCommitsPerFullLook = 64;
  const StoreWatch* const watch = parts->watch.get();
  parts->journal->env().after_commit([watch, commits = std::uint64_t{0}]() mutable {
    return ++commits % kCommitsPerFullLook == 0 ? watch->in_place() : watch->journal_in_place();
  });
  parts->archive->env().after_commit([watch] { return watch->in_place(); });
}

base::Status open_parts(const StoreDirectory& directory,
                        const StoreOptions& options,
                        bool read_only,
                        Parts* parts) {
  const auto identity = read_identity(directory);
  if (!identity) return identity.error();
  auto journal = LmdbJournal::open(
      {.path = directory.journal(), .map_bytes = options.journal_map_bytes, .read_only = read_only},
      options.verify_bytes);
  if (!journal) return journal.error();
  parts->journal = std::move(*journal);
  auto archive = LmdbArchive::open(
      {.path = directory.archive(), .map_bytes = options.archive_map_bytes, .read_only = read_only},
      {}, options.verify_bytes);
  if (!archive) return archive.error();
  parts->archive = std::move(*archive);
  if (auto sound = check_together(directory, *parts, *identity); !sound) return sound;
  const Seq witnessed = witnessed_seq(directory.attempts());
  const auto last = parts->journal->last();
  if (!last) return last.error();
  parts->watch = std::make_unique<StoreWatch>(directory);
  if (read_only) return check_not_rolled_back(directory.attempts(), witnessed, *last);
  // A store of an earlier version has none. Without room it goes on without one, until it is opened
  // again.
  const auto keyed = parts->archive->ensure_token_key();
  if (!keyed && keyed.error().code != base::ErrorCode::kStoreFull) return keyed;
  auto slots = FileAttemptSlots::open(directory.attempts(), *last);
  if (!slots) return slots.error();
  parts->attempt_slots = std::move(*slots);
  if (options.executes_code) {
    parts->parked_notes = ParkedNotes::open(directory.parked());
    // Runs go on without it, even on a full disk.
    auto marks = TurnMarks::open(directory.turns(), base::build_id());
    if (marks) parts->turn_marks = std::move(*marks);
  }
  parts->journal->on_appended(
      [slots = parts->attempt_slots.get()](Seq seq) { slots->note_durable(seq); });
  watch_commits(parts);
  return {};
}

// Another process may be faster.
base::Status make_store_directory(const StoreDirectory& directory) {
  if (auto made = make_directory(directory.path); !made) {
    const auto seen = look_into(directory);
    if (!seen) return seen.error();
    if (*seen == DirectoryContent::kNothing) return made;
  }
  return sync_path(parent_of(directory.path));
}

}  // namespace

base::Result<std::unique_ptr<Store>> open_store(const std::string& path, StoreOptions options) {
  const StoreDirectory directory{path};
  const auto seen = look_into(directory);
  if (!seen) return seen.error();
  if (*seen == DirectoryContent::kNothing) {
    if (auto made = make_store_directory(directory); !made) return made.error();
  }
  if (*seen == DirectoryContent::kStore) {
    // Before anything is written: FORMAT may be somebody else's, or of a newer version.
    if (const auto identity = read_identity(directory); !identity) return identity.error();
  }
  auto claim = DirectoryClaim::claim(path);
  if (!claim) return claim.error();
  Parts parts{std::move(*claim)};
  auto lock = lock_store(directory);
  if (!lock) return lock.error();
  parts.lock = std::move(*lock);
  parts.claim.keep_from_children({parts.lock.file.get(), parts.lock.directory.get()});
  // Checked again: another process may have created it while this one waited for the lock.
  const auto content = look_into(directory);
  if (!content) return content.error();
  const auto complete = *content == DirectoryContent::kEmpty ? create_store(directory, options)
                                                             : finish_creation(directory);
  if (!complete) return complete.error();
  if (auto opened = open_parts(directory, options, false, &parts); !opened) return opened.error();
  return std::unique_ptr<Store>(std::make_unique<LmdbStore>(std::move(parts), options, directory));
}

base::Result<std::unique_ptr<const Store>> open_store_read_only(const std::string& path,
                                                                StoreOptions options) {
  const StoreDirectory directory{path};
  const auto seen = look_into(directory);
  if (!seen) return seen.error();
  if (*seen != DirectoryContent::kStore) {
    return base::Error{base::ErrorCode::kStoreMissing,
                       "there is no Reprise store at " + path + "; check the path"};
  }
  auto claim = DirectoryClaim::claim(path);
  if (!claim) return claim.error();
  Parts parts{std::move(*claim)};
  if (auto opened = open_parts(directory, options, true, &parts); !opened) return opened.error();
  return std::unique_ptr<const Store>(
      std::make_unique<LmdbStore>(std::move(parts), options, directory));
}

}  // namespace reprise::store
