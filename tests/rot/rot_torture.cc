// Damages a store in every way that disks, file systems and careless copies do, opens it, and asks
// for everything: the answer must be what was written, or an error. Each trial runs in a process of
// its own, so that a crash is a result like any other.
#include <array>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/engine/store_audit.h"
#include "store/lmdb_pages.h"
#include "tests/rot/damage.h"
#include "tests/rot/workload.h"
#include "tests/support/random.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/torture.h"

namespace reprise::rot {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kKeepInJournal = 65'536;

enum class Verdict : std::uint8_t { kHarmless, kRefused, kQuarantined, kChecked, kCrashed, kBad };
constexpr std::array<const char*, 6> kVerdictNames = {"harmless", "refused", "quarantined",
                                                      "by check", "crashed", "BAD"};

// What a child process says.
struct Answer {
  Verdict verdict = Verdict::kBad;
  bool check_found = false;
  std::uint32_t touched = 0;  // quarantined runs
  char why[400] = "the child said nothing";
};

struct Reference {
  Files files;
  std::vector<Files> moments;
  std::vector<std::string> ids;
  std::map<std::string, RunFacts> facts;
  std::size_t rows = 0;
  std::map<std::string, std::string> results;  // of all runs, once the open ones were finished
};

std::string read(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

Files files_of(const fs::path& directory) {
  Files files;
  for (const char* name : {"FORMAT", "attempts", "journal/data.mdb", "archive/data.mdb"}) {
    files[name] = read(directory / name);
  }
  return files;
}

void write_files(const fs::path& directory, const Files& files) {
  fs::remove_all(directory);
  fs::create_directories(directory / "journal");
  fs::create_directories(directory / "archive");
  for (const auto& [name, bytes] : files) {
    std::ofstream(directory / name, std::ios::binary) << bytes;
  }
}

std::vector<std::string> open_ids(const Reference& reference) {
  std::vector<std::string> open;
  for (const auto& [id, facts] : reference.facts) {
    if (facts.open) open.push_back(id);
  }
  return open;
}

// ---- what a child does ------------------------------------------------------------------------

class Trial {
 public:
  Trial(const Reference& reference, fs::path directory)
      : reference_(reference), directory_(std::move(directory)) {}

  Answer run() {
    answer_.why[0] = '\0';
    answer_.check_found = check();
    auto bench = Workbench::open(directory_, kKeepInJournal);
    if (!bench) return end(Verdict::kRefused, bench.error().text());
    compare(**bench);
    if (bad_) return answer_;
    go_on(**bench);
    bench->reset();
    if (!bad_) reopen();
    if (bad_) return answer_;
    answer_.touched = static_cast<std::uint32_t>(touched_.size());
    if (!touched_.empty()) return end(Verdict::kQuarantined, "");
    return end(answer_.check_found ? Verdict::kChecked : Verdict::kHarmless, "");
  }

 private:
  Answer end(Verdict verdict, const std::string& why) {
    answer_.verdict = verdict;
    std::snprintf(answer_.why, sizeof answer_.why, "%s", why.c_str());
    return answer_;
  }
  void bad(const std::string& why) {
    if (!bad_) (void)end(Verdict::kBad, why);
    bad_ = true;
  }

  bool check() const {
    runtime::Names names;
    runtime::StoreAudit audit(names);
    const auto read = audit.run(directory_, store::InspectMode::kBesideEngine);
    return !read || !audit.sound();
  }

  // Every answer of the store is right, or says that it is damaged.
  void compare(Workbench& bench) {
    std::size_t damaged = 0;
    const auto listed = bench.list(&damaged);
    std::size_t nameless = 0;
    for (const std::string& id : reference_.ids) {
      const RunFacts now = bench.facts(id);
      if (!now.damaged && now.found) {
        if (now.facts != reference_.facts.at(id).facts) bad("other facts of " + id);
        if (!listed.contains(id)) bad("not listed: " + id);
        continue;
      }
      touched_[id] = now.facts.substr(0, 200);
      if (!now.damaged) ++nameless;
    }
    // A run whose name is damaged is not found by it. But it is listed as damaged.
    if (nameless > damaged) bad("runs are gone without a word");
    compare_rows(bench);
    for (const auto& [id, status] : listed) {
      if (!reference_.facts.contains(id)) bad("an unknown run is listed: " + id);
    }
  }

  // What is read of a table is right; what is missing is known to be.
  void compare_rows(Workbench& bench) {
    bool damaged = false;
    const auto rows = bench.rows(&damaged);
    for (const auto& [id, row] : rows) {
      if (row != row_of(id)) bad("another row of " + id);
    }
    const bool known = damaged || answer_.check_found;
    if (rows.size() != reference_.rows && !known) bad("rows are gone without a word");
  }

  // Undamaged runs go on, and new ones begin.
  void go_on(Workbench& bench) {
    bench.start_worker();
    finish_open_runs(bench, open_ids(reference_));
    for (int i = 0; i < 4; ++i) {
      if (!bench.start("quick", "new-" + std::to_string(i))) bad("no new run could start");
    }
    check_results(bench);
  }

  void check_results(Workbench& bench) {
    for (const std::string& id : reference_.ids) {
      const std::string result = bench.result(id);
      if (touched_.contains(id)) {
        // A quarantined run must not have gone on; one without its name is not found.
        if (result.empty() || std::isdigit(static_cast<unsigned char>(result[0])) != 0) {
          bad("a quarantined run went on: " + id + ": " + result.substr(0, 100) + " after " +
              touched_.at(id));
        }
      } else if (result != reference_.results.at(id)) {
        bad("an untouched run did not end as it should: " + id + ": " + result.substr(0, 100));
      }
    }
    for (int i = 0; i < 4; ++i) {
      if (bench.result("new-" + std::to_string(i)).empty()) bad("a new run did not end");
    }
  }

  // Once more, with everything on its way to the archive: quarantine lasts.
  void reopen() {
    auto bench = Workbench::open(directory_, 1);
    if (!bench) return bad("refused when opened again: " + bench.error().text());
    for (int i = 4; i < 6; ++i) (void)(*bench)->start("quick", "new-" + std::to_string(i));
    check_results(**bench);
    bench->reset();
    bench = Workbench::open(directory_, 1);
    if (!bench) return bad("refused when opened a third time: " + bench.error().text());
    check_results(**bench);
  }

  const Reference& reference_;
  const fs::path directory_;
  Answer answer_;
  bool bad_ = false;
  std::map<std::string, std::string> touched_;  // and what they said
};

// ---- the parent -------------------------------------------------------------------------------

void limit_child() {
  const rlimit no_core{0, 0};
  (void)::setrlimit(RLIMIT_CORE, &no_core);
  const rlimit cpu{20, 20};
  (void)::setrlimit(RLIMIT_CPU, &cpu);
  ::alarm(60);
}

Answer in_child(const std::function<Answer()>& work) {
  int ends[2];
  Answer answer;
  if (::pipe(ends) != 0) return answer;
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    limit_child();
    (void)!::freopen("/dev/null", "w", stderr);
    const Answer said = work();
    (void)!::write(ends[1], &said, sizeof said);
    ::_exit(0);
  }
  ::close(ends[1]);
  const bool said = ::read(ends[0], &answer, sizeof answer) == sizeof answer;
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (said) return answer;
  const bool hung =
      WIFSIGNALED(status) &&
      (WTERMSIG(status) == SIGALRM || WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL);
  answer = Answer{};
  answer.verdict = hung ? Verdict::kBad : Verdict::kCrashed;
  std::snprintf(answer.why, sizeof answer.why, "%s, signal %d", hung ? "hung" : "crashed",
                WIFSIGNALED(status) ? WTERMSIG(status) : 0);
  return answer;
}

Reference make_reference(const fs::path& directory) {
  Reference reference;
  reference.ids = make_store(directory, [&] { reference.moments.push_back(files_of(directory)); });
  reference.files = reference.moments.back();
  reference.moments.pop_back();
  {
    auto bench = Workbench::open(directory, kKeepInJournal);
    for (const std::string& id : reference.ids) reference.facts[id] = (*bench)->facts(id);
    bool damaged = false;
    reference.rows = (*bench)->rows(&damaged).size();
    (*bench)->start_worker();
    finish_open_runs(**bench, open_ids(reference));
    for (const std::string& id : reference.ids) reference.results[id] = (*bench)->result(id);
  }
  return reference;
}

// ---- negative control -------------------------------------------------------------------------

// A reader that does not verify: bodies by run, in order.
class Believer final : public store::PageVisitor {
 public:
  void entry(std::string_view table, std::string_view, std::string_view value) override {
    if (!table.empty() && table != "chunks") return;
    while (!value.empty()) {
      std::size_t size = 0;
      const auto record = store::decode_record(value, &size);
      if (!record) return;
      bodies_[record->run][record->seq] = record->body;
      value.remove_prefix(size);
    }
  }
  void damaged(std::uint64_t, const std::string&) override {}

  std::map<store::RunNumber, std::map<store::Seq, std::string>> bodies_;
};

Believer believe(const fs::path& directory) {
  Believer believer;
  for (const std::string_view name : {kArchiveFile, kJournalFile}) {
    std::FILE* const file = std::fopen((directory / name).c_str(), "rb");
    if (file == nullptr) continue;
    const auto snapshot = store::newest_snapshot(::fileno(file), believer);
    if (snapshot) (void)store::walk_pages(::fileno(file), *snapshot, true, believer);
    std::fclose(file);
  }
  return believer;
}

// How many of some damaged stores a reader without checksums passes on with wrong content.
std::uint64_t silent_without_checksums(const Reference& reference,
                                       const fs::path& directory,
                                       std::uint64_t trials,
                                       std::uint64_t seed) {
  write_files(directory, reference.files);
  const auto right = believe(directory).bodies_;
  std::uint64_t silent = 0;
  for (std::uint64_t i = 0; i < trials; ++i) {
    testing::Random random(seed * 1'000'003 + i);
    Files files = reference.files;
    (void)damage(Kind::kBits, reference.moments, random, &files);
    write_files(directory, files);
    silent += believe(directory).bodies_ != right ? 1 : 0;
  }
  return silent;
}

// ---- the trials -------------------------------------------------------------------------------

using Counts = std::array<std::array<std::uint64_t, 6>, static_cast<std::size_t>(Kind::kKinds)>;

void print(const Counts& counts) {
  std::printf("%-14s", "");
  for (const char* name : kVerdictNames) std::printf("%12s", name);
  std::printf("\n");
  for (std::size_t kind = 0; kind < counts.size(); ++kind) {
    std::printf("%-14s", kKindNames[kind]);
    for (const std::uint64_t count : counts[kind]) {
      std::printf("%12llu", static_cast<unsigned long long>(count));
    }
    std::printf("\n");
  }
}

int run(int argc, char** argv) {
  testing::TortureOptions options("rot", "Damages stores and looks whether anything goes unnoticed",
                                  {.quick = 1'000, .full = 10'000});
  bool verbose = false;
  options.add_flag("--verbose", verbose, "say what each trial did");
  std::string keep;
  options.add_option("--keep", keep, "copy the last trial's damaged files to this directory");
  options.parse(argc, argv);
  testing::TortureReport report(options);
  const testing::TemporaryDirectory directory;
  const fs::path base = directory.path();
  const Reference reference = make_reference(base / "made");

  Counts counts{};
  std::array<std::uint64_t, 6> totals{};
  std::uint64_t touched = 0;
  std::uint64_t missed_by_check = 0;
  for (std::uint64_t i = 0; i < options.count(); ++i) {
    const std::uint64_t seed = options.seed + i;
    testing::Random random(seed);
    const auto kind = static_cast<Kind>(seed % static_cast<std::uint64_t>(Kind::kKinds));
    Files files = reference.files;
    const std::string what = damage(kind, reference.moments, random, &files);
    write_files(base / "trial", files);
    if (!keep.empty()) write_files(keep, files);
    const Answer answer = in_child([&] { return Trial(reference, base / "trial").run(); });
    const auto verdict = static_cast<std::size_t>(answer.verdict);
    ++counts[static_cast<std::size_t>(kind)][verdict];
    ++totals[verdict];
    touched += answer.touched;
    const bool found =
        answer.verdict == Verdict::kRefused || answer.verdict == Verdict::kQuarantined;
    if (found && !answer.check_found) {
      ++missed_by_check;
      report.fail("not found by check: seed " + std::to_string(seed) + ", " + what + ": " +
                  answer.why);
    }
    if (answer.verdict == Verdict::kBad || (verbose && answer.verdict != Verdict::kHarmless)) {
      std::fprintf(stderr, "seed %llu, %s: %s %s\n", static_cast<unsigned long long>(seed),
                   what.c_str(), kVerdictNames[verdict], answer.why);
    }
    if (answer.verdict == Verdict::kCrashed) {
      report.fail("crash: seed " + std::to_string(seed) + ", " + what + ": " + answer.why);
    }
  }
  const std::uint64_t control_trials = std::max<std::uint64_t>(options.count() / 10, 50);
  const std::uint64_t silent =
      silent_without_checksums(reference, base / "trial", control_trials, options.seed);

  print(counts);
  report.add("trials", options.count());
  report.add("runs", reference.ids.size());
  for (std::size_t i = 0; i < totals.size(); ++i) {
    if (i == 5) {
      report.add("bad", totals[i]);
    } else {
      report.add(i == 3 ? "found_by_check" : kVerdictNames[i], totals[i]);
    }
  }
  report.add("runs_quarantined", touched);
  report.add("missed_by_check", missed_by_check);
  report.add("control_silent", std::to_string(silent) + "/" + std::to_string(control_trials));
  if (totals[5] > 0) report.fail("damage was passed on as sound, or undamaged runs were held up");
  if (silent == 0)
    report.fail("the control was not caught: a reader without checksums saw no difference");
  return report.finish();
}

}  // namespace
}  // namespace reprise::rot

int main(int argc, char** argv) {
  return reprise::rot::run(argc, argv);
}
