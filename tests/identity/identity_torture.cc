// The files of a store are renamed, removed or replaced under an engine that has them open, which
// must stop and must not have lost anything acknowledged; links and special files in their places;
// and several processes that create the same store at once.
#include <array>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/lmdb_journal.h"
#include "store/store.h"
#include "tests/identity/odd_files.h"
#include "tests/identity/opened_store.h"
#include "tests/support/opening_race.h"
#include "tests/support/random.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/torture.h"

namespace reprise::identity {
namespace {

namespace fs = std::filesystem;

constexpr int kExitFatal = 70;

std::string content_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// ---- what happens to a store that is open -----------------------------------------------------

// `where` is the directory that has the store's files afterwards; empty: none has.
struct Change {
  const char* name;
  std::string (*make)(const fs::path& store, testing::Random& random);
  bool harmless = false;
};

std::string rename_it(const fs::path& store, testing::Random&) {
  const fs::path moved = store.string() + ".moved";
  fs::rename(store, moved);
  return moved;
}
std::string rename_parent(const fs::path& store, testing::Random&) {
  const fs::path moved = store.parent_path().string() + ".moved";
  fs::rename(store.parent_path(), moved);
  return moved / store.filename();
}
std::string remove_it(const fs::path& store, testing::Random&) {
  std::error_code busy;  // LMDB's files may be made anew while they are removed: they are not
  fs::remove_all(store, busy);
  return {};
}
std::string replace_by_copy(const fs::path& store, testing::Random& random) {
  const fs::path moved = rename_it(store, random);
  fs::copy(moved, store, fs::copy_options::recursive);
  return moved;
}
std::string replace_by_new_store(const fs::path& store, testing::Random& random) {
  const fs::path moved = rename_it(store, random);
  const auto made = store::open_store(store);
  return made ? moved.string() : "a new store could not be made: " + made.error().text();
}
std::string replace_by_empty(const fs::path& store, testing::Random& random) {
  const fs::path moved = rename_it(store, random);
  fs::create_directory(store);
  return moved;
}
std::string replace_a_file(const fs::path& store, testing::Random& random) {
  constexpr std::array kFiles = {"journal/data.mdb", "journal/lock.mdb", "archive/data.mdb",
                                 "archive/lock.mdb", "FORMAT",           "LOCK"};
  const fs::path file = store / kFiles[random.below(kFiles.size())];
  const fs::path kept = store.string() + ".kept";
  fs::rename(file, kept);
  if (random.below(2) == 0) fs::copy(kept, file);
  return {};
}
std::string touch_others(const fs::path& store, testing::Random&) {
  std::ofstream(store / "note") << "text";
  if (::mkfifo((store / "pipe").c_str(), 0600) != 0) std::abort();
  fs::permissions(store, fs::perms::owner_all | fs::perms::group_read);
  fs::create_hard_link(store / "LOCK", store / "LOCK.too");
  fs::remove(store / "note");
  return store;
}

constexpr std::array kChanges = {
    Change{"renamed", rename_it},
    Change{"removed", remove_it},
    Change{"parent renamed", rename_parent},
    Change{"replaced by a copy", replace_by_copy},
    Change{"replaced by a new store", replace_by_new_store},
    Change{"replaced by an empty directory", replace_by_empty},
    Change{"a file replaced or removed", replace_a_file},
    Change{"other files came and went", touch_others, true},
};

class Moves {
 public:
  explicit Moves(fs::path scratch) : scratch_(std::move(scratch)) {}

  std::string trial(std::uint64_t number) {
    testing::Random random(number);
    const Change& change = kChanges[number % kChanges.size()];
    const fs::path above = scratch_ / ("move-" + std::to_string(number));
    fs::create_directories(above);
    const fs::path store = above / "orders.db";
    const fs::path output = scratch_ / "output";
    OpenedStore opened(store, output);
    if (!opened.wait_for(1 + random.below(60))) return "no engine";
    const std::string where = change.make(store, random);
    const int code = opened.end();
    acknowledged_ += opened.acknowledged().size();
    std::string wrong;
    if (change.harmless) {
      if (code != 0) wrong = "it stopped: " + content_of(output);
    } else if (code != kExitFatal || content_of(output).find("RP1009") == std::string::npos) {
      wrong = "exit code " + std::to_string(code) + ": " + content_of(output);
    } else {
      ++noticed_;
    }
    if (wrong.empty() && !where.empty()) {
      const std::size_t missing = missing_runs(where, opened.acknowledged());
      if (missing > 0) wrong = std::to_string(missing) + " acknowledged runs are not in " + where;
    }
    fs::remove_all(above);
    fs::remove_all(above.string() + ".moved");
    return wrong.empty() ? wrong : std::string(change.name) + ": " + wrong;
  }
  std::uint64_t noticed() const { return noticed_; }
  std::uint64_t acknowledged() const { return acknowledged_; }

 private:
  const fs::path scratch_;
  std::uint64_t noticed_ = 0;
  std::uint64_t acknowledged_ = 0;
};

// ---- who may open it --------------------------------------------------------------------------

// Several processes open the same store at once: one gets it, the others get an error.
std::string race(const std::string& store, bool created) {
  constexpr int kOpeners = 4;
  fs::remove_all(store);
  if (created) (void)store::open_store(store);
  std::string wrong;
  int winners = 0;
  for (const int code : testing::race_to_open(store, kOpeners)) {
    winners += code == 0 ? 1 : 0;
    if (code == -1) wrong = "no answer";
    if (code > 0 && code != 1003) wrong = "RP" + std::to_string(code);
  }
  return wrong.empty() && winners == 0 ? "nobody could open it" : wrong;
}

// While the lock file is gone, or replaced by another.
std::string second_engine(const fs::path& store, std::uint64_t number, const fs::path& output) {
  fs::remove_all(store);
  OpenedStore opened(store, output);
  if (!opened.wait_for(1)) return "no engine";
  fs::remove(store / "LOCK");
  if (number % 2 == 0) std::ofstream(store / "LOCK") << "4711";
  const auto second = store::open_store(store);
  const bool first_has_ended = opened.end() == kExitFatal;
  if (!first_has_ended) return "the first engine went on";
  if (!second && second.error().code != base::ErrorCode::kStoreLocked) {
    return second.error().text();
  }
  return {};
}

// ---- negative control -------------------------------------------------------------------------

// LMDB by itself goes on writing to files that nobody will find.
bool lmdb_alone_notices_nothing(const fs::path& scratch) {
  const fs::path journal = scratch / "alone";
  fs::create_directory(journal);
  const auto opened = store::LmdbJournal::open(
      {.path = journal, .map_bytes = std::uint64_t{1} << 24, .create = true});
  if (!opened) return false;
  fs::remove_all(journal);
  store::RecordBatch batch{.first = 1, .ends = {}, .bytes = {}};
  store::encode_record({.seq = 1, .run = 1, .flags = store::kFirstOfRun, .body = "lost"}, 0,
                       &batch.bytes);
  batch.ends.push_back(static_cast<std::uint32_t>(batch.bytes.size()));
  return (*opened)->append({&batch}, 0).has_value();
}

int run(int argc, char** argv) {
  testing::TortureOptions options("identity",
                                  "Moves, removes, replaces and links the files of stores",
                                  {.quick = 96, .full = 20'000});
  options.parse(argc, argv);
  testing::TortureReport report(options);
  const testing::TemporaryDirectory scratch;
  const fs::path base = scratch.path();
  Moves moves(base);
  OddFiles odd(base.string());
  const auto check = [&](const std::string& what, std::uint64_t seed, const std::string& wrong) {
    if (!wrong.empty()) report.fail(what + ", seed " + std::to_string(seed) + ": " + wrong);
  };
  std::uint64_t moved = 0;
  for (std::uint64_t i = 0; i < options.count(); ++i) {
    const std::uint64_t seed = options.seed + i;
    check("odd file", seed, odd.trial(seed));
    if (i % 4 == 0) check("moved", seed / 4, moves.trial(seed / 4));
    if (i % 2 == 0) check("race", seed, race(base / "raced", seed % 4 == 0));
    if (i % 16 == 0) check("lock", seed, second_engine(base / "locked", seed / 16, base / "out"));
    moved += i % 4 == 0 ? 1 : 0;
  }
  if (!odd.notices_a_careless_writer()) report.fail("control: a careless writer was not noticed");
  if (!lmdb_alone_notices_nothing(base)) report.fail("control: LMDB has refused to go on");
  report.add("odd_files", options.count());
  report.add("refused", odd.refused());
  report.add("moves", moved);
  report.add("noticed", moves.noticed());
  report.add("acknowledged", moves.acknowledged());
  report.add("controls", "2/2");
  return report.finish();
}

}  // namespace
}  // namespace reprise::identity

int main(int argc, char** argv) {
  return reprise::identity::run(argc, argv);
}
