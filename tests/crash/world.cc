#include "tests/crash/world.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <sys/wait.h>

#include "tests/crash/backup_check.h"
#include "tests/crash/transfers.h"

namespace reprise::testing {
namespace {

namespace fs = std::filesystem;

struct Effect {
  std::string text;  // "NUMBER OPERATION CENTS SEEN"
  int times = 0;
};

struct Account {
  std::map<std::string, std::set<std::string>> keys;  // of each operation
  long cents = 0;
  std::string seen;
};

std::string how_it_ended(int status) {
  if (WIFSIGNALED(status)) return "was ended by signal " + std::to_string(WTERMSIG(status));
  return "ended with code " + std::to_string(WEXITSTATUS(status));
}

// Every note from 1 to `last` in this order, each once or more.
bool in_order(const std::string& seen, int last) {
  int newest = 0;
  for (const char digit : seen) {
    const int note = digit - '0';
    if (note < newest || note > newest + 1) return false;
    newest = note;
  }
  return newest >= last;
}

}  // namespace

void WorldCounts::add(const WorldCounts& other) {
  starts += other.starts;
  notes += other.notes;
  results += other.results;
  tags += other.tags;
  removed += other.removed;
  effects += other.effects;
  repeats += other.repeats;
  backups += other.backups;
  restored += other.restored;
  cut_short += other.cut_short;
}

World::World(std::string directory, std::set<std::string> flags)
    : directory_(std::move(directory)), flags_(std::move(flags)) {
  fs::create_directories(directory_);
}

World::~World() {
  std::error_code ignored;
  if (failures_.empty()) fs::remove_all(directory_, ignored);
}

void World::fail(const std::string& what) {
  failures_.push_back(what + " (" + directory_ + ")");
}

// ---- lives ------------------------------------------------------------------------------------

std::string World::todo(bool everything) const {
  std::string lines;
  for (const auto& [number, transfer] : transfers_) {
    if (transfer.removed || (transfer.result && !everything)) continue;
    lines += std::to_string(number) + (transfer.run_id.empty() ? " 0 " : " 1 ") +
             std::to_string(transfer.acknowledged_notes + 1) + "\n";
  }
  return lines;
}

ChildEnd World::run(const Life& life, bool everything) {
  std::vector<std::string> command = {CRASH_CHILD, directory_ + "/store", directory_ + "/ledger"};
  command.insert(command.end(), flags_.begin(), flags_.end());
  if (life.at > 0) {
    command.insert(command.end(), {"point=" + life.point, "at=" + std::to_string(life.at)});
  }
  if (life.backup) command.push_back("backup=" + directory_ + "/backup");
  for (auto& [number, transfer] : transfers_) transfer.sent_before = transfer.sent_notes;
  backup_done_ = false;
  before_backup_.clear();
  ChildEnd end = run_child(std::move(command), todo(everything), life.kill_after);
  for (const std::string& line : end.lines) hear(line);
  return end;
}

bool World::live(const Life& life) {
  for (int i = 0; i < life.new_transfers; ++i) {
    transfers_.try_emplace(static_cast<int>(transfers_.size()));
  }
  const ChildEnd end = run(life, false);
  see_end(end, life);
  look_for_backup();
  return end.killed;
}

void World::see_end(const ChildEnd& end, const Life& life) {
  if (end.hung) return fail("a process did not come to an end");
  const bool well = WIFEXITED(end.status) && WEXITSTATUS(end.status) == 0;
  const bool as_planned = end.killed && (end.by_us || life.at > 0);
  if (!well && !as_planned) fail("a process " + how_it_ended(end.status));
}

void World::hear(const std::string& line) {
  std::istringstream words(line);
  std::string what;
  words >> what;
  if (what == "opened") return;
  if (what == "error") return fail(line);
  if (what == "backup") {
    if (line == "backup begins") before_backup_ = transfers_;
    if (line == "backup done") backup_done_ = true;
    return;
  }
  int number = -1;
  std::string text;
  words >> number >> text;
  if (!transfers_.contains(number)) return fail("heard '" + line + "'");
  hear_of_transfer(what, number, text);
}

void World::hear_of_transfer(const std::string& what, int number, const std::string& text) {
  Transfer& transfer = transfers_[number];
  const std::string id = transfer_id(number);
  if (what == "started") {
    ++counts_.starts;
    if (!transfer.run_id.empty() && transfer.run_id != text) fail(id + " is another run now");
    transfer.run_id = text;
  } else if (what == "tagged") {
    ++counts_.tags;
    if (text != "1") fail(id + " was tagged " + text + " times");
  } else if (what == "untagged") {
    // It ends only after its last note, which no process sends before the tag.
    if (!flags_.contains("retention")) fail(id + " does not know that it was tagged");
  } else if (what == "sending") {
    transfer.sent_notes = std::max(transfer.sent_notes, std::stoi(text));
  } else if (what == "note") {
    ++counts_.notes;
    transfer.acknowledged_notes = std::stoi(text);
  } else if (what == "result") {
    ++counts_.results;
    if (transfer.result && *transfer.result != text) fail(id + " has two results");
    transfer.result = text;
  } else if (what == "closed" || what == "missing") {
    // It ends only after its last note, which this process has seen acknowledged or an earlier one
    // has sent.
    const bool ended = transfer.sent_before == kNotes || transfer.acknowledged_notes == kNotes;
    const bool may_be_gone = what == "closed" || flags_.contains("retention");
    if (!ended || !may_be_gone) fail(id + " is " + what);
    counts_.removed += what == "missing";
    transfer.removed = transfer.removed || what == "missing";
  } else {
    fail("heard of " + id + ": " + what);
  }
}

// ---- backups ----------------------------------------------------------------------------------

void World::look_for_backup() {
  const std::string copy = directory_ + "/backup";
  counts_.cut_short += fs::exists(copy + ".unfinished");
  if (!fs::exists(copy)) {
    if (backup_done_) fail("a completed backup is missing");
    return;
  }
  ++counts_.backups;
  std::vector<BackedUp> expected;
  for (const auto& [number, transfer] : before_backup_) {
    const bool may_be_gone = flags_.contains("retention") && transfer.sent_notes == kNotes;
    if (transfer.run_id.empty() || may_be_gone) continue;
    expected.push_back({number, transfer.run_id, transfer.acknowledged_notes});
  }
  for (const std::string& wrong : check_backup(copy, expected)) fail(wrong);
  if (!flags_.contains("retention")) restore(copy);
  fs::remove_all(copy);
}

// Its runs are replayed and go on to their ends, each as the same run.
void World::restore(const std::string& copy) {
  std::string input;
  std::set<std::string> missing;
  for (const auto& [number, transfer] : before_backup_) {
    if (transfer.run_id.empty()) continue;
    input += std::to_string(number) + " 1 1\n";
    missing.insert(std::to_string(number));
  }
  const std::string ledger = directory_ + "/ledger.restored";
  // Tokens are valid in a copy, too.
  std::error_code none_yet;
  fs::copy_file(directory_ + "/ledger.desk", ledger + ".desk", none_yet);
  const ChildEnd end = run_child({CRASH_CHILD, copy, ledger}, input);
  if (end.hung || end.status != 0)
    fail("a restored store: its process " + how_it_ended(end.status));
  for (const std::string& line : end.lines) {
    std::istringstream words(line);
    std::string what;
    std::string number;
    words >> what >> number;
    if (what == "error") fail("a restored store: " + line);
    if (what == "result") missing.erase(number);
    if (what == "tagged" && line != "tagged " + number + " 1") fail("a restored store: " + line);
  }
  for (const std::string& number : missing)
    fail("t" + number + " does not end in a restored store");
  ++counts_.restored;
  fs::remove(ledger);
  fs::remove(ledger + ".desk");
}

// ---- the end ----------------------------------------------------------------------------------

void World::finish() {
  see_end(run({}, true), {});
  for (const auto& [number, transfer] : transfers_) {
    if (!transfer.result && !transfer.removed) fail(transfer_id(number) + " has no result");
  }
  compare_with_ledger();
}

void World::compare_with_ledger() {
  std::map<std::string, Effect> effects;
  std::ifstream file(directory_ + "/ledger");
  for (std::string line; std::getline(file, line);) {
    const auto space = line.find(' ');
    Effect& effect = effects[line.substr(0, space)];
    if (effect.times++ == 0) effect.text = line.substr(space + 1);
    if (effect.text != line.substr(space + 1)) fail("one key, two outcomes: " + line);
  }
  // An idempotent receiver applies a key once.
  std::map<int, Account> accounts;
  for (const auto& [key, effect] : effects) {
    ++counts_.effects;
    counts_.repeats += static_cast<std::uint64_t>(effect.times - 1);
    std::istringstream words(effect.text);
    int number = 0;
    long cents = 0;
    std::string operation;
    std::string seen;
    words >> number >> operation >> cents >> seen;
    Account& account = accounts[number];
    account.keys[operation].insert(key);
    account.cents += cents;
    if (operation == "close") account.seen = seen;
    // A receipt is written by another run.
    if (operation != "receipt" && !key.starts_with(transfers_[number].run_id)) {
      fail("an effect of an unknown run");
    }
  }
  for (const auto& [number, transfer] : transfers_) {
    const std::string id = transfer_id(number);
    Account& account = accounts[number];
    const std::string how = account.keys.contains("refund") ? "refund" : "deposit";
    if (account.cents != 0) fail(id + ": money is gone or made");
    std::vector<std::string> operations = {"withdraw", how, "close"};
    if (!flags_.contains("retention")) operations.push_back("receipt");
    for (const std::string& operation : operations) {
      if (account.keys[operation].size() != 1) fail(id + ": not one " + operation);
    }
    if (account.keys.size() != operations.size()) fail(id + ": more was done than asked for");
    if (!in_order(account.seen, kNotes)) fail(id + ": has seen notes " + account.seen);
    if (transfer.result &&
        *transfer.result != how + ":" + account.seen + ":" + kReceiptOnce + kTaggedOnce) {
      fail(id + ": its result is " + *transfer.result);
    }
  }
}

}  // namespace reprise::testing
