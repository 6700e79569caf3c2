// Everything that reads a store, beside an engine that starts runs, archives them every few records
// and removes them when they have ended: no reader may call the sound store damaged, and the runs
// that never end must be found complete each time.
#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "runtime/engine/store_reader.h"
#include "runtime/history/history.h"
#include "store/archive_state.h"
#include "store/lmdb_env.h"
#include "tests/beside/loaded_engine.h"
#include "tests/support/command_output.h"
#include "tests/support/random.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/torture.h"
#include "tools/tail_reader.h"

namespace reprise::beside {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using runtime::StoreReader;
using testing::CommandOutput;

constexpr int kDone = 0;
constexpr int kSome = 100;    // histories that are read at a time
constexpr int kNotThere = 1;  // the exit code of commands about a run that retention has removed

class Beside {
 public:
  Beside(fs::path scratch, testing::TortureReport& report)
      : scratch_(std::move(scratch)), report_(report) {}

  std::string store() const { return scratch_ / "orders.db"; }

  // One reading of the store; the number chooses the kind.
  void look(std::uint64_t number) {
    random_ = testing::Random(number);
    constexpr std::array kKinds{&Beside::list,  &Beside::stats, &Beside::look_at_one,
                                &Beside::check, &Beside::read,  &Beside::tail};
    (this->*kKinds[number % kKinds.size()])();
    if (number % 12 == 11) back_up();
  }

  std::uint64_t calls() const { return calls_; }
  std::uint64_t histories() const { return histories_; }
  std::uint64_t removed() const { return removed_; }

 private:
  CommandOutput reprise(std::vector<std::string> words) {
    ++calls_;
    words.insert(words.begin(), REPRISE_COMMAND);
    CommandOutput output = testing::output_of(words);
    for (const char* complaint : {"RP1005", "damaged:", "quarantined", "reprise repair"}) {
      if (output.said.find(complaint) != std::string::npos) bad(words[1], output.said);
    }
    return output;
  }
  json json_of(const std::vector<std::string>& words) {
    const CommandOutput output = reprise(words);
    if (output.code != kDone) bad(words[0], output.said);
    return json::parse(output.said, nullptr, false);
  }
  void bad(const std::string& what, const std::string& said) {
    report_.fail(what + ": " + said.substr(0, 400));
  }

  void list() {
    const json runs = json_of({"list", store(), "--json", "--limit", "0"});
    std::size_t keepers = 0;
    for (const json& run : runs) {
      if (run["workflow"] == "keep") keepers += run["status"] == "Running" ? 1 : 0;
      ids_.push_back(run["workflow_id"]);
    }
    if (keepers != kKeepers) bad("list", std::to_string(keepers) + " keepers are running");
    if (ids_.size() > 500) ids_.erase(ids_.begin(), ids_.end() - 500);
  }

  void stats() {
    const json stats = json_of({"stats", store(), "--json"});
    if (stats["unreadable_histories"] != 0) bad("stats", stats["unreadable_histories"].dump());
    if (stats["workflows"]["keep"]["runs"] != kKeepers) bad("stats", stats.dump());
  }

  // A keeper, or a run that has ended and may be removed by now.
  void look_at_one() {
    const bool keeps = ids_.empty() || random_.below(2) == 0;
    const std::string id = keeps ? keeper(static_cast<int>(random_.below(kKeepers)))
                                 : ids_[random_.below(ids_.size())];
    for (const char* command : {"why", "show", "history", "export"}) {
      const CommandOutput output = reprise({command, store(), id});
      const bool well = output.code == kDone || (!keeps && output.code == kNotThere);
      if (!well) bad(std::string(command) + " " + id, output.said);
    }
  }

  void check() {
    const json found = json_of({"check", store(), "--json"});
    if (!found["sound"].get<bool>()) bad("check", found.dump());
  }

  // A program that reads for a long time: verify, a page that shows runs.
  void read() {
    ++calls_;
    const auto reader = StoreReader::open(store());
    if (!reader) return bad("open", reader.error().text());
    for (int i = 0; i < 3; ++i) {
      if (i > 0) {
        const auto refreshed = (*reader)->refresh();
        if (!refreshed) return bad("refresh", refreshed.error().text());
      }
      int some = kSome;
      for (const auto& [number, run] : (*reader)->recent()) {
        if (*run->workflow == "keep" || --some > 0) read_one(**reader, run);
      }
      read_closed(**reader);
      for (int k = 0; k < kKeepers; ++k) {
        const auto found = (*reader)->find(keeper(k));
        if (!found) bad("find", found.error().text());
      }
    }
  }

  void read_closed(StoreReader& reader) {
    std::vector<StoreReader::Run> runs;
    const auto visited =
        reader.visit(runtime::RunStatus::kCompleted, true, [&](const StoreReader::Run& run) {
          runs.push_back(run);
          return base::go_on_if(runs.size() < kSome);
        });
    if (!visited) bad("visit", visited.error().text());
    for (const auto& run : runs) read_one(reader, run);
  }

  void read_one(StoreReader& reader, const StoreReader::Run& run) {
    if (const std::string* why = reader.damage(run->number)) return bad("quarantined", *why);
    ++histories_;
    const auto history = reader.history(*run);
    const bool gone = !history && history.error().code == base::ErrorCode::kNotFound;
    if (gone && *run->workflow != "keep") {
      ++removed_;
    } else if (!history) {
      bad("history of " + run->workflow_id, history.error().text());
    } else if (runtime::count_events(*history) != run->events) {
      bad("history of " + run->workflow_id, "it has another number of events");
    }
  }

  void tail() {
    ++calls_;
    const auto reader = StoreReader::open(store());
    if (!reader) return bad("open", reader.error().text());
    auto tail = tools::TailReader::from_now(**reader);
    if (!tail) return bad("tail", tail.error().text());
    store::Seq last = 0;
    for (int i = 0; i < 20; ++i) {
      const auto polled =
          tail->poll([&](store::Seq seq, const tools::TailRun&, const proto::Turn&) {
            if (seq <= last) bad("tail", "a turn comes again, or too late");
            last = seq;
          });
      if (!polled) return bad("tail", polled.error().text());
    }
  }

  void back_up() {
    const fs::path copy = scratch_ / "copy";
    const CommandOutput output = reprise({"backup", store(), copy});
    if (output.code != kDone) bad("backup", output.said);
    fs::remove_all(copy);
  }

  const fs::path scratch_;
  testing::TortureReport& report_;
  testing::Random random_{0};
  std::vector<std::string> ids_;  // that were listed once
  std::uint64_t calls_ = 0;
  std::uint64_t histories_ = 0;
  std::uint64_t removed_ = 0;
};

// ---- negative controls ------------------------------------------------------------------------

class ArchiveContent final : public store::PageVisitor {
 public:
  void entry(std::string_view table, std::string_view key, std::string_view value) override {
    for (std::size_t i = 0; i < store::kArchiveTables; ++i) {
      if (table == store::kArchiveTableNames[i]) digests[i].add(key, value);
    }
    if (table == "meta" && key == "state") state = value;
    if (table == "meta" && key == "uuid") uuid = value;
  }
  void damaged(std::uint64_t, const std::string&) override {}

  store::TableDigests digests;
  std::string state;
  std::string uuid;
};

// A reader that takes pages and digests from two successive snapshots: the number of its first
// wrong reading; 0: never wrong.
int wrong_across_snapshots(const LoadedEngine& engine, const std::string& store) {
  auto archive = store::LmdbEnv::open({.path = store + "/archive",
                                       .map_bytes = std::uint64_t{1} << 32,
                                       .tables = 5,
                                       .read_only = true});
  if (!archive) return 0;
  constexpr int kMost = 5'000;
  for (int i = 1; i <= kMost && engine.reader_comes(); ++i) {
    ArchiveContent pages;
    ArchiveContent later;
    if (!(*archive)->visit_pages(true, pages) || !(*archive)->visit_pages(true, later)) return 0;
    const auto state = store::ArchiveState::decode(later.state, later.uuid);
    if (state && state->digests != pages.digests) return i;
  }
  return 0;
}

// A damaged store does give the words that must not appear.
bool damage_is_told(const fs::path& scratch, const std::string& store) {
  const fs::path copy = scratch / "damaged";
  if (testing::output_of({REPRISE_COMMAND, "backup", store, copy}).code != kDone) return false;
  const fs::path file = copy / "archive" / "data.mdb";
  const auto bytes = fs::file_size(file);
  std::FILE* const archive = std::fopen(file.c_str(), "r+b");
  if (archive == nullptr) return false;
  for (std::uintmax_t page = 2; page < bytes / 4096; ++page) {
    std::fseek(archive, static_cast<long>(page * 4096 + 4000), SEEK_SET);
    std::fputs("rot", archive);
  }
  std::fclose(archive);
  const CommandOutput check = testing::output_of({REPRISE_COMMAND, "check", copy});
  const CommandOutput list = testing::output_of({REPRISE_COMMAND, "list", copy});
  return check.code != kDone && check.said.find("damaged:") != std::string::npos &&
         (list.code != kDone || list.said.find("quarantined") != std::string::npos);
}

int run(int argc, char** argv) {
  testing::TortureOptions options("beside", "Reads a store in every way beside a loaded engine",
                                  {.quick = 24, .full = 20'000});
  options.parse(argc, argv);
  testing::TortureReport report(options);
  const testing::TemporaryDirectory scratch;
  Beside beside(scratch.path(), report);
  LoadedEngine engine(beside.store());
  if (!engine.started()) {
    report.fail("no engine");
    return report.finish();
  }
  for (std::uint64_t i = 0; i < options.count() && !report.failed(); ++i) {
    if (!engine.reader_comes()) report.fail("the engine has ended");
    beside.look(options.seed + i);
  }
  const int wrong = wrong_across_snapshots(engine, beside.store());
  if (wrong == 0) report.fail("control: the engine is too quiet to disturb a reader");
  if (!damage_is_told(scratch.path(), beside.store())) {
    report.fail("control: a damaged store passed for a sound one");
  }
  if (!engine.stop()) report.fail("the engine did not end well");
  report.add("calls", beside.calls());
  report.add("histories", beside.histories());
  report.add("removed_meanwhile", beside.removed());
  report.add("control_wrong_after", static_cast<std::uint64_t>(wrong));
  return report.finish();
}

}  // namespace
}  // namespace reprise::beside

int main(int argc, char** argv) {
  return reprise::beside::run(argc, argv);
}
