#include "tests/crash/backup_check.h"

#include <memory>
#include <optional>
#include <set>

#include "proto/log.pb.h"
#include "runtime/engine/engine.h"
#include "tests/crash/transfers.h"

namespace reprise::testing {
namespace {

using Histories = base::Result<std::vector<std::string>>;

Histories history_of(runtime::Engine& engine, const runtime::RunKey& key) {
  std::optional<Histories> read;
  engine.ask(runtime::verb::History{key, [&](Histories turns) { read = std::move(turns); }});
  while (!read) engine.run_some();
  return std::move(*read);
}

// Each once: what a checkpoint takes along is there twice, and so is a note that was sent again.
int notes_in(const std::vector<std::string>& turns) {
  std::set<std::string> notes;
  for (const std::string& bytes : turns) {
    proto::Turn turn;
    if (!turn.ParseFromString(bytes)) return -1;
    for (const auto& input : turn.inputs()) {
      if (input.signal_received().name() == kNote.name()) {
        notes.insert(input.signal_received().input());
      }
    }
  }
  return static_cast<int>(notes.size());
}

}  // namespace

std::vector<std::string> check_backup(const std::string& directory,
                                      const std::vector<BackedUp>& expected) {
  std::vector<std::string> wrong;
  const auto say = [&](const std::string& what) { wrong.push_back("backup: " + what); };
  runtime::EngineOptions options;
  options.threaded = false;
  options.log = [&](runtime::LogLevel level, std::string_view line) {
    if (level == runtime::LogLevel::kError) say(std::string(line));
  };
  auto engine = runtime::Engine::open(directory, options);
  if (!engine) {
    say(engine.error().text());
    return wrong;
  }
  for (const BackedUp& run : expected) {
    const std::string id = transfer_id(run.number);
    const auto turns = history_of(**engine, {id, base::RunId::parse(run.run_id)});
    if (!turns) {
      say(id + ": " + turns.error().text());
    } else if (notes_in(*turns) < run.notes) {
      say(id + " has " + std::to_string(notes_in(*turns)) + " notes of " +
          std::to_string(run.notes) + " acknowledged");
    }
  }
  return wrong;
}

}  // namespace reprise::testing
