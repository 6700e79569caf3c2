#include "tools/incidents.h"

#include <cctype>
#include <map>

#include "base/shell_word.h"
#include "event/catalogue.h"
#include "event/text.h"
#include "tools/event_text.h"

namespace reprise::tools {
namespace {

using runtime::RunState;
using runtime::StoreReader;

bool is_digit(char c) {
  return std::isdigit(static_cast<unsigned char>(c)) != 0;
}

std::string command_for(std::string_view verb, const std::string& directory, const RunState& run) {
  return "reprise " + std::string(verb) + " " + base::shell_word(directory) + " " +
         run.id.to_string();
}

// The last code before the file's name ends at the colon, and digits follow.
bool is_place(std::string_view text, std::size_t colon) {
  if (colon == 0 || colon + 1 >= text.size() || !is_digit(text[colon + 1])) return false;
  const std::size_t word = text.find_last_of(" \t\n('", colon);
  const std::string_view file = text.substr(word + 1, colon - word - 1);
  for (const char* const ending : {".cc", ".cpp", ".cxx", ".h", ".hpp", ".c"}) {
    if (file.ends_with(ending)) return true;
  }
  return false;
}

// ---- what the history says of a run that has an incident --------------------------------------

struct Failing {
  std::string name;
  std::string place;
  std::string last_failure;
  std::int64_t since_ms = 0;
};

class RunFacts {
 public:
  explicit RunFacts(const RunState& run) {
    for (const auto& operation : run.pending()) {
      if (operation.is_attempted() && !operation.done) operations_[operation.id];
    }
  }

  void add(const proto::Turn& turn) {
    for (const proto::Event& input : turn.inputs()) {
      if (input.has_attempt_failed()) note_failure(input.attempt_failed(), turn.time_ms());
    }
    for (const proto::Event& command : turn.commands()) note_command(command);
    // While its code does not run, the first turn without it counts.
    if (!turn.without_code() || !last_without_code_) stopped_ms_ = turn.time_ms();
    last_without_code_ = turn.without_code();
  }

  std::int64_t stopped_ms() const { return stopped_ms_; }
  const Failing& of(std::uint32_t id) const { return operations_.at(id); }

 private:
  void note_failure(const proto::AttemptFailed& failed, std::int64_t time_ms) {
    const auto found = operations_.find(failed.id());
    if (found == operations_.end()) return;
    if (found->second.since_ms == 0) found->second.since_ms = time_ms;
    found->second.last_failure = failure_text(failed.failure());
  }
  void note_command(const proto::Event& command) {
    const event::Row& row = event::row_of(command);
    if (row.opens == event::Operation::kNone || row.id == nullptr) return;
    const auto found = operations_.find(row.id(command));
    if (found == operations_.end()) return;
    if (row.called != nullptr) found->second.name = row.called(command);
    found->second.place = event::place_of(command);
  }

  std::map<std::uint32_t, Failing> operations_;
  std::int64_t stopped_ms_ = 0;
  bool last_without_code_ = false;
};

class Finder {
 public:
  Finder(const StoreReader& reader, const std::string& directory, std::uint32_t failures)
      : reader_(reader), directory_(directory), failures_(failures) {}

  void look_at(const StoreReader::Run& run) {
    if (const std::string* const damage = reader_.damage(run->number)) {
      return add_quarantined(run, *damage);
    }
    if (!run->open()) return;
    const base::Error* const parked = reader_.parked(*run);
    if (parked == nullptr && !has_failing(*run)) return;
    RunFacts facts(*run);
    // A history that retention or damage takes away meanwhile has said what it could.
    (void)reader_.visit_turns(*run, [&](store::Seq, const proto::Turn& turn) { facts.add(turn); });
    if (parked != nullptr) add_parked(run, *parked, facts);
    for (const auto& operation : run->pending()) {
      if (is_failing(operation)) add_failing(run, operation, facts.of(operation.id));
    }
  }
  std::vector<Incident> take() { return std::move(found_); }

 private:
  bool is_failing(const runtime::PendingOperation& operation) const {
    return operation.is_attempted() && !operation.done && operation.attempt > failures_;
  }
  bool has_failing(const RunState& run) const {
    for (const auto& operation : run.pending()) {
      if (is_failing(operation)) return true;
    }
    return false;
  }

  void add_quarantined(const StoreReader::Run& run, const std::string& damage) {
    found_.push_back({.kind = Incident::Kind::kQuarantined,
                      .code = base::ErrorCode::kStoreDamaged,
                      .cause = damage,
                      .run = run,
                      .resolve = "reprise check " + base::shell_word(directory_)});
  }
  void add_parked(const StoreReader::Run& run, const base::Error& why, const RunFacts& facts) {
    found_.push_back({.kind = Incident::Kind::kParked,
                      .code = why.code,
                      .cause = why.message,
                      .run = run,
                      .since_ms = facts.stopped_ms(),
                      .place = place_in_report(why.message),
                      .resolve = command_for("retry", directory_, *run)});
  }
  void add_failing(const StoreReader::Run& run,
                   const runtime::PendingOperation& operation,
                   const Failing& failing) {
    found_.push_back({.kind = Incident::Kind::kActivityFailing,
                      .code = base::ErrorCode::kActivityFailing,
                      .cause = failing.last_failure,
                      .run = run,
                      .since_ms = failing.since_ms,
                      .place = failing.place,
                      .operation = failing.name,
                      .id = operation.id,
                      .failures = operation.attempt - 1,
                      .resolve = command_for("cancel", directory_, *run)});
  }

  const StoreReader& reader_;
  const std::string& directory_;
  const std::uint32_t failures_;
  std::vector<Incident> found_;
};

}  // namespace

std::string_view to_string(Incident::Kind kind) {
  switch (kind) {
    case Incident::Kind::kQuarantined:
      return "quarantined";
    case Incident::Kind::kParked:
      return "parked";
    case Incident::Kind::kActivityFailing:
      break;
  }
  return "activity failing";
}

std::vector<Incident> find_incidents(const StoreReader& reader,
                                     const std::string& directory,
                                     std::uint32_t failures) {
  Finder finder(reader, directory, failures);
  for (const auto& [number, run] : reader.recent()) finder.look_at(run);
  return finder.take();
}

std::string place_in_report(std::string_view report) {
  const std::size_t now = report.find("the code now");
  for (const std::size_t from : {now == std::string_view::npos ? 0 : now, std::size_t{0}}) {
    for (std::size_t colon = report.find(':', from); colon != std::string_view::npos;
         colon = report.find(':', colon + 1)) {
      if (!is_place(report, colon)) continue;
      const std::size_t word = report.find_last_of(" \t\n('", colon);
      std::size_t end = colon + 1;
      while (end < report.size() && is_digit(report[end])) ++end;
      return std::string(report.substr(word + 1, end - word - 1));
    }
  }
  return {};
}

}  // namespace reprise::tools
