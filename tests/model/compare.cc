// The oracle's comparisons: histories, what code has met, ends, lists, and what a new process says
// after a death.
#include <algorithm>
#include <limits>

#include "tests/model/oracle.h"
#include "tests/model/starts.h"
#include "tests/support/odd_text.h"

namespace reprise::model {
namespace {

constexpr std::uint64_t kNow = std::numeric_limits<std::uint64_t>::max();

bool is_reason(const std::string& kind) {
  return kind == "cancel" || kind == "terminate";
}

// Reasons are stored as text, which may differ; their numbers must not.
bool is_recorded_as(const Message& message, const std::string& kind, const std::string& text) {
  if (message.kind != kind) return false;
  if (!is_reason(kind)) return message.text == text;
  if (message.text.empty()) return text.empty();
  return number_of(message.text) == number_of(text) && testing::is_text_of(text, message.text);
}

// Does the shorter one begin the longer one?
bool one_begins_the_other(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return std::equal(a.begin(), a.begin() + static_cast<long>(std::min(a.size(), b.size())),
                    b.begin());
}

std::uint8_t status_of(const Answer& end) {
  if (end.code.empty()) return kCompleted;
  if (end.code == "failed") return kFailed;
  if (end.code == "cancelled") return kCancelled;
  if (end.code == "terminated") return kTerminated;
  return end.code == "timed out" ? kTimedOut : 0;
}

}  // namespace

// ---- histories --------------------------------------------------------------------------------

void Oracle::compare_history(Run& run,
                             const std::vector<std::string>& lines,
                             std::uint64_t before) {
  if (!one_begins_the_other(run.history, lines)) return says(run, "its history has changed");
  if (lines.size() < 2 || lines[0] != "start" || lines[1] != digest_of(run.argument)) {
    return says(run, "its history does not begin with its start");
  }
  compare_lines(run, lines);
  compare_counts(run, lines, before);
}

void Oracle::compare_lines(const Run& run, const std::vector<std::string>& lines) {
  std::set<std::string> outcomes;
  for (std::size_t i = 0; i + 1 < lines.size(); i += 2) {
    if (lines[i] == "outcome" && !outcomes.insert(lines[i + 1]).second) {
      says(run, "operation " + lines[i + 1] + " has two outcomes");
    }
    if (lines[i] == "start" && i > 0) says(run, "it starts twice");
    if (lines[i] == "terminate" && i + 2 < lines.size()) says(run, "it goes on when terminated");
  }
}

// What was acknowledged before the question must be there once, what was refused must not be there,
// nor anything else.
void Oracle::compare_counts(Run& run, const std::vector<std::string>& lines, std::uint64_t before) {
  std::vector<bool> recorded(run.messages.size());
  std::vector<std::size_t> order;
  for (std::size_t i = 2; i + 1 < lines.size(); i += 2) {
    const std::string& kind = lines[i];
    if (kind == "event" || kind == "outcome" || kind == "start") continue;
    std::size_t m = 0;
    while (m < run.messages.size() && (recorded[m] || run.messages[m].fate == Fate::kNever ||
                                       !is_recorded_as(run.messages[m], kind, lines[i + 1]))) {
      ++m;
    }
    if (m == run.messages.size()) {
      const bool replaced = run.is_replaced && kind == "terminate";
      if (!replaced) says(run, "its history has a " + kind + " that nobody sent, or once more");
      continue;
    }
    recorded[m] = true;
    if (!is_reason(kind)) order.push_back(m);
    if (run.messages[m].fate == Fate::kPerhaps) run.messages[m].fate = Fate::kDone;
  }
  for (std::size_t m = 0; m < recorded.size(); ++m) {
    const Message& message = run.messages[m];
    const bool must = message.fate == Fate::kDone && message.answered != 0;
    if (must && message.answered < before && !recorded[m]) {
      says(run, "its history lacks an acknowledged " + message.kind + " " + message.text);
    }
  }
  compare_order(run, order);
}

// Messages of one sender come in the order in which they were sent; after a death, those without an
// answer up to some one of them.
void Oracle::compare_order(const Run& run, const std::vector<std::size_t>& order) {
  std::map<std::uint32_t, std::size_t> newest;
  for (const std::size_t m : order) {
    const auto [place, first] = newest.try_emplace(run.messages[m].lane, m);
    if (!first && place->second > m) {
      says(run, "messages of one sender have changed places: " + run.messages[m].text);
    }
    place->second = m;
  }
  std::map<std::uint32_t, int> lost;  // by lane: the life in which one was
  const std::set<std::size_t> recorded(order.begin(), order.end());
  for (std::size_t m = 0; m < run.messages.size(); ++m) {
    const Message& message = run.messages[m];
    if (message.answered != 0 || message.life == life_ || is_reason(message.kind)) continue;
    const auto gap = lost.find(message.lane);
    if (!recorded.contains(m)) {
      lost[message.lane] = message.life;
    } else if (gap != lost.end() && gap->second == message.life) {
      says(run, "a message is there, and one that was sent before it is lost");
    }
  }
}

void Oracle::compare_copy(std::size_t run, const Answer& history, std::uint64_t since) {
  Run& original = runs_[run];
  if (!history.code.empty()) return says(original, "a backup lacks it: " + history.code);
  if (history.run_id != original.run_id) return says(original, "a backup has another run there");
  std::vector<std::string> lines = history.texts;
  lines.resize(lines.size() - 2);
  compare_history(original, lines, since);
}

// ---- what code has met ------------------------------------------------------------------------

void Oracle::compare_seen(Run& run, const std::vector<std::string>& seen, std::uint64_t before) {
  if (!one_begins_the_other(run.seen, seen)) return says(run, "what it has met has changed");
  std::vector<bool> met(run.messages.size());
  std::map<std::uint32_t, std::size_t> newest;
  for (const std::string& entry : seen) {
    const bool is_update = entry.starts_with("+");
    const std::string digest = entry.substr(is_update ? 1 : 0);
    std::size_t m = 0;
    while (m < run.messages.size() &&
           (met[m] || !is_recorded_as(run.messages[m], is_update ? "update" : "note", digest))) {
      ++m;
    }
    if (m == run.messages.size() || run.messages[m].fate == Fate::kNever) {
      return says(run, "it has met what nobody sent, or once more: " + entry);
    }
    met[m] = true;
    const auto [place, first] = newest.try_emplace(run.messages[m].lane, m);
    if (!first && place->second > m) says(run, "it has met messages in another order");
    place->second = m;
  }
  const std::uint64_t safe = run.may_have_ended ? std::min(before, run.last_safe) : before;
  for (std::size_t m = 0; m < met.size(); ++m) {
    const Message& message = run.messages[m];
    const bool counts = message.kind == "note" || message.kind == "update";
    const bool must = message.fate == Fate::kDone && message.answered != 0;
    if (counts && must && message.answered < safe && !met[m]) {
      says(run, "it has not met an acknowledged " + message.kind + " " + message.text);
    }
  }
  if (seen.size() > run.seen.size()) run.seen = seen;
}

void Oracle::compare_end(Run& run, const Answer& answer) {
  const std::uint8_t status = status_of(answer);
  if (!run.ends.contains(status)) {
    return says(run, "its end is '" + answer.code + "', which nothing led to: " +
                         (answer.texts.empty() ? "" : answer.texts.back()));
  }
  has_ended(run, "it has a result");
  run.ends = {status};
  if (run.result && (run.result->code != answer.code || run.result->texts != answer.texts)) {
    return says(run, "it has another result than before");
  }
  run.result = answer;
  if (status != kCompleted) return compare_failure(run, answer);
  const bool alone = run.kind == Kind::kWorks || run.kind == Kind::kSleeps;
  if (!alone) return compare_seen(run, answer.texts, kNow);
  if (answer.texts != std::vector<std::string>{digest_of(run.argument)}) {
    says(run, "its result is not what it was given");
  }
}

void Oracle::compare_failure(const Run& run, const Answer& answer) {
  const std::string& said = answer.texts.back();
  if (answer.code == "failed") {
    const bool right = testing::is_text_of(answer.texts[0], run.argument) &&
                       testing::is_text_of(said, run.argument.c_str());
    if (!right) says(run, "it has another failure");
  }
  if (answer.code != "terminated") return;
  const bool known =
      std::any_of(run.messages.begin(), run.messages.end(), [&](const Message& message) {
        constexpr std::string_view kPrefix = "the run was terminated: ";
        return message.kind == "terminate" && said.starts_with(kPrefix) &&
               testing::is_text_of(said.substr(kPrefix.size()), message.text.c_str());
      });
  if (!known && !run.is_replaced) says(run, "it was terminated for no reason that was given");
}

// ---- lists ------------------------------------------------------------------------------------

// Of two overlapping starts either may be the newer one. `before`: of the runs listed before it,
// when the first one existed, or the last was requested.
void Oracle::compare_place(const Call& call, const Run& run, std::uint64_t* before) {
  const bool right = call.newest_first ? *before >= run.asked_for : *before <= run.was_there;
  if (!right) says(run, "list() has it in the wrong place");
  *before = call.newest_first ? std::min(*before, run.was_there) : std::max(*before, run.asked_for);
}

// Nothing else is under way.
void Oracle::hears_list(const Sent& sent, const std::vector<Described>& runs) {
  const Call& call = sent.call;
  const auto wanted = [&](const Run& run) {
    return call.name.empty() || run.workflow == call.name;
  };
  std::set<std::string> listed;
  std::uint64_t before = call.newest_first ? kNow : 0;
  for (const Described& described : runs) {
    Run* const run = find(described.run_id);
    if (run == nullptr || !wanted(*run)) return says("list() has a run that it must not have");
    if (!listed.insert(described.run_id).second) says(*run, "list() has it twice");
    if (call.status != 0 && described.status != call.status) says(*run, "list() has it, status");
    compare_place(call, *run, &before);
    hears_described(*run, described, run->has_ended);
  }
  std::size_t most = 0;
  for (const Run& run : runs_) {
    if (!wanted(run)) continue;
    ++most;
    const bool surely = call.status == 0 || (call.status == kRunning && !run.may_have_ended) ||
                        (run.has_ended && run.ends == std::set<std::uint8_t>{call.status});
    if (surely && call.limit == 0 && !listed.contains(run.run_id)) says(run, "list() lacks it");
  }
  if (call.limit == 0) return;
  if (runs.size() > call.limit) says("list() has more runs than its limit");
  if (call.status == 0 && runs.size() != std::min<std::size_t>(most, call.limit)) {
    says("list() has less runs than its limit allows");
  }
}

// ---- after a death ----------------------------------------------------------------------------

void Oracle::hears_of_death() {
  ++moment_;
  for (const auto& [number, sent] : sent_) {
    if (!sent.refusal.empty()) continue;
    if (sent.call.verb == Verb::kStart) lost_starts_.push_back(sent);
    for (const std::size_t part : sent.parts) {
      Message& message = runs_[sent.run].messages[part];
      if (message.fate != Fate::kUnderWay) continue;
      message.fate = Fate::kPerhaps;
      ++perhaps_;
    }
  }
  perhaps_ += lost_starts_.size();
  sent_.clear();
  ++life_;
}

void Oracle::looks_around(const std::vector<Described>& runs) {
  ++moment_;
  std::set<std::string> listed;
  for (const Described& described : runs) {
    listed.insert(described.run_id);
    if (find(described.run_id) == nullptr) {
      const auto start = std::find_if(lost_starts_.begin(), lost_starts_.end(), [&](const Sent& s) {
        const std::string& id = s.call.id.empty() ? described.run_id : s.call.id;
        return id == described.id && s.call.name == described.workflow;
      });
      if (start == lost_starts_.end())
        return says("there is a run that nobody started: " + described.run_id);
      const Run* const before = start->run == Sent::kNone ? nullptr : &runs_[start->run];
      if (!outcomes_of(start->call, before, start->had_ended).starts) {
        says("a start that was under way at a death has made a run that must not be: " +
             described.run_id);
      }
      hears_new_run(*start, described.run_id, described.id);
      lost_starts_.erase(start);
    }
    Run& run = *find(described.run_id);
    hears_described(run, described, run.has_ended);
  }
  lost_starts_.clear();
  for (const Run& run : runs_) {
    if (!listed.contains(run.run_id)) says(run, "it was acknowledged, and is gone");
  }
}

void Oracle::settles() {
  for (Run& run : runs_) {
    for (Message& message : run.messages) {
      if (message.fate == Fate::kPerhaps && message.life < life_) message.fate = Fate::kNever;
    }
  }
}

}  // namespace reprise::model
