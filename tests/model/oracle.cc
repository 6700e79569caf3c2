#include "tests/model/oracle.h"

#include <algorithm>
#include <utility>

#include "tests/model/starts.h"

namespace reprise::model {
namespace {

constexpr std::size_t kLongestComplaint = 1'000;

Kind kind_of(const Names& names, const std::string& workflow) {
  const auto found = std::find(names.workflows.begin(), names.workflows.end(), workflow);
  return static_cast<Kind>(found - names.workflows.begin());
}

bool ends_by_itself(Kind kind) {
  return kind == Kind::kWorks || kind == Kind::kSleeps;
}

bool may_be_parked(const Run& run) {
  return run.kind == Kind::kParks && run.may_have_ended;
}

bool is_message(Verb verb) {
  switch (verb) {
    case Verb::kSignals:
    case Verb::kOddSignal:
    case Verb::kUpdate:
    case Verb::kUpdateFor:
    case Verb::kSubmitUpdate:
    case Verb::kCancel:
    case Verb::kTerminate:
      return true;
    case Verb::kStart:
    case Verb::kEcho:
    case Verb::kSeen:
    case Verb::kUnknownQuery:
    case Verb::kRetry:
    case Verb::kResult:
    case Verb::kDescribe:
    case Verb::kHistory:
    case Verb::kFind:
    case Verb::kList:
    case Verb::kBackup:
    case Verb::kReopen:
    case Verb::kClose:
      return false;
  }
  return false;
}

}  // namespace

void Oracle::says(const std::string& what) {
  if (wrong_.empty()) wrong_ = what.substr(0, kLongestComplaint);
}

void Oracle::says(const Run& run, const std::string& what) {
  says("run " + run.run_id + " of kind " + std::to_string(static_cast<int>(run.kind)) + ": " +
       what);
}

std::size_t Oracle::newest(const std::string& id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() || found->second.empty() ? Sent::kNone : found->second.back();
}

Run* Oracle::find(const std::string& run_id) {
  const auto found = by_run_id_.find(run_id);
  return found == by_run_id_.end() ? nullptr : &runs_[found->second];
}

bool Oracle::lane_is_free(std::uint32_t lane) const {
  return std::none_of(sent_.begin(), sent_.end(),
                      [&](const auto& entry) { return entry.second.call.lane == lane; });
}

// ---- calls ------------------------------------------------------------------------------------

void Oracle::sends(const Call& call, std::string refusal) {
  Sent sent{.call = call, .at = ++moment_, .refusal = std::move(refusal)};
  if (sent.refusal.empty()) {
    const auto named = by_run_id_.find(call.run_id);
    sent.run = call.run_id.empty()         ? newest(call.id)
               : named == by_run_id_.end() ? Sent::kNone
                                           : named->second;
    if (sent.run != Sent::kNone) {
      sent.had_ended = runs_[sent.run].has_ended;
      sent.position = runs_[sent.run].newest_position;
    }
    if (call.verb == Verb::kStart) sends_start(sent);
    if (is_message(call.verb)) sends_message(sent);
  }
  sent_.emplace(call.number, std::move(sent));
}

void Oracle::may_end(Run& run, std::uint8_t how) {
  if (!run.has_ended) run.ends.insert(how);
  if (run.may_have_ended) return;
  run.may_have_ended = true;
  run.last_safe = moment_;
}

// The existing run may be terminated for the new one.
void Oracle::sends_start(Sent& sent) {
  if (sent.run == Sent::kNone || sent.call.conflict != kTerminateExisting) return;
  Run& there = runs_[sent.run];
  if (there.has_ended || sent.call.reuse == kReject || sent.call.reuse == kUseClosed) return;
  there.is_replaced = true;
  may_end(there, kTerminated);
}

void Oracle::add_message(Sent& sent, std::string kind, std::string text) {
  Run& run = runs_[sent.run];
  sent.parts.push_back(run.messages.size());
  run.messages.push_back({.kind = std::move(kind),
                          .text = std::move(text),
                          .lane = sent.call.lane,
                          .sent = sent.at,
                          .life = life_});
}

void Oracle::sends_message(Sent& sent) {
  Run& run = runs_[sent.run];
  switch (sent.call.verb) {
    case Verb::kSignals: {
      const bool finishes = sent.call.name == names_.finish;
      for (const std::string& text : sent.call.texts) {
        add_message(sent, finishes ? "finish" : "note", digest_of(text));
      }
      if (finishes && !ends_by_itself(run.kind)) {
        may_end(run, run.kind == Kind::kFails ? kFailed : kCompleted);
      }
      return;
    }
    case Verb::kOddSignal:
      return add_message(sent, "odd", digest_of(sent.call.name));
    case Verb::kCancel:
      add_message(sent, "cancel", sent.call.texts[0]);
      return may_end(run, kCancelled);
    case Verb::kTerminate:
      add_message(sent, "terminate", sent.call.texts[0]);
      return may_end(run, kTerminated);
    default:
      return add_message(sent, "update", digest_of(sent.call.texts[0]));
  }
}

// ---- answers ----------------------------------------------------------------------------------

void Oracle::hears(const Answer& answer) {
  ++moment_;
  const auto found = sent_.find(answer.number);
  if (found == sent_.end()) return says("an answer to nothing that is under way");
  Sent& sent = found->second;
  if (!sent.refusal.empty()) {
    if (answer.code != sent.refusal) {
      says("verb " + std::to_string(static_cast<int>(sent.call.verb)) + " was to be refused with " +
           sent.refusal + ", and the answer is '" + answer.code + "'" +
           (answer.texts.empty() ? "" : ": " + answer.texts[0]));
    }
  } else if (sent.call.verb == Verb::kStart) {
    hears_start(sent, answer);
  } else if (is_message(sent.call.verb)) {
    hears_message(sent, answer);
  } else if (sent.call.verb == Verb::kResult) {
    hears_result(sent, answer);
  } else if (sent.call.verb == Verb::kList && answer.code.empty()) {
    hears_list(sent, answer.runs);
  } else {
    hears_query(sent, answer);
  }
  if (answer.last) sent_.erase(found);
}

void Oracle::hears_start(const Sent& sent, const Answer& answer) {
  const Run* there = sent.run == Sent::kNone ? nullptr : &runs_[sent.run];
  const Outcomes may = outcomes_of(sent.call, there, sent.had_ended);
  if (answer.code.empty()) ++acknowledged_;
  if (answer.code == "RP3004") {
    const bool right = may.refuses && (answer.run_id.empty() || answer.run_id == there->run_id);
    if (!right) says("a start is refused for run '" + answer.run_id + "'");
  } else if (!answer.code.empty()) {
    says("a start is answered with " + answer.code + " " + answer.texts[0]);
  } else if (there != nullptr && answer.run_id == there->run_id) {
    if (!may.uses) says(*there, "a start has been given this run");
  } else if (find(answer.run_id) != nullptr) {
    says("a start has been given a run of another id");
  } else {
    if (!may.starts) says("a start has made a run that must not be: " + answer.run_id);
    hears_new_run(sent, answer.run_id, answer.texts[0]);
  }
}

void Oracle::hears_new_run(const Sent& sent, const std::string& run_id, const std::string& id) {
  if (id != (sent.call.id.empty() ? run_id : sent.call.id)) says("a run has another id: " + id);
  if (sent.run != Sent::kNone) {
    Run& before = runs_[sent.run];
    if (!before.may_have_ended) says(before, "another run has its id, and it is under way");
    has_ended(before, "another has its id");
  }
  Run run{.id = id,
          .run_id = run_id,
          .kind = kind_of(names_, sent.call.name),
          .workflow = sent.call.name,
          .queue = sent.call.queue,
          .argument = sent.call.texts[0],
          .lane = sent.call.lane,
          .has_timeout = sent.call.ms > 0,
          .asked_for = sent.at,
          .was_there = moment_};
  if (ends_by_itself(run.kind)) may_end(run, kCompleted);
  if (run.has_timeout) may_end(run, kTimedOut);
  if (run.may_have_ended) run.last_safe = 0;
  by_id_[id].push_back(runs_.size());
  by_run_id_[run_id] = runs_.size();
  runs_.push_back(std::move(run));
}

void Oracle::has_ended(Run& run, const std::string& why) {
  if (!run.may_have_ended) says(run, why + ", and nothing has ended it");
  run.has_ended = true;
}

void Oracle::hears_message(const Sent& sent, const Answer& answer) {
  Run& run = runs_[sent.run];
  Message& message = run.messages[sent.parts[answer.part]];
  message.answered = moment_;
  if (answer.code.empty()) ++acknowledged_;
  if (answer.code == "RP3006") {
    has_ended(run, "it says that it has ended");
    message.fate = Fate::kNever;
    return;
  }
  if (answer.code == "RP3037" && message.kind == "update") {
    has_ended(run, "it says that it has ended before an update was handled");
    message.fate = Fate::kPerhaps;
    return;
  }
  if (message.kind == "update") return hears_update(sent, message, answer);
  if (!answer.code.empty()) {
    return says(run, "a " + message.kind + " is answered with " + answer.code + " " +
                         (answer.texts.empty() ? "" : answer.texts[0]));
  }
  if (sent.had_ended) says(run, "it has ended and takes a " + message.kind);
  message.fate = Fate::kDone;
  if (message.kind != "terminate") return;
  run.has_ended = true;
  run.ends = {kTerminated};
}

// Each has its own place among the things that the run has met, and later ones have later places.
void Oracle::hears_update(const Sent& sent, Message& message, const Answer& answer) {
  Run& run = runs_[sent.run];
  if (answer.code == "pending") {
    if (sent.call.verb != Verb::kUpdateFor) says(run, "an update does not wait");
    message.fate = Fate::kPerhaps;
    return;
  }
  if (answer.code == "RP2002" && may_be_parked(run)) {  // it is handled when that is mended
    message.fate = Fate::kPerhaps;
    return;
  }
  if (!answer.code.empty()) {
    return says(run, "an update is answered with " + answer.code + " " + answer.texts[0]);
  }
  if (sent.had_ended) says(run, "it has ended and takes an update");
  message.fate = Fate::kDone;
  const std::string& text = answer.texts[0];
  const auto space = text.find(' ');
  if (text.substr(space + 1) != message.text) says(run, "an update is answered with " + text);
  const std::uint64_t position = number_of(text.substr(0, space) + ":");
  if (position <= sent.position) says(run, "an update has an earlier place than one before it");
  run.newest_position = std::max(run.newest_position, position);
}

void Oracle::hears_query(const Sent& sent, const Answer& answer) {
  if (sent.call.verb == Verb::kFind) {
    const bool there = sent.run != Sent::kNone && runs_[sent.run].workflow == sent.call.name;
    const std::string expected = there ? runs_[sent.run].run_id : std::string();
    if (answer.run_id != expected) says("find() finds '" + answer.run_id + "'");
    return;
  }
  if (sent.run == Sent::kNone) {  // of the whole store
    if (!answer.code.empty()) says(answer.code + " " + answer.texts[0]);
    return;
  }
  Run& run = runs_[sent.run];
  if (sent.call.verb == Verb::kUnknownQuery) {
    if (answer.code != "RP3007" && !(may_be_parked(run) && answer.code == "RP2002")) {
      says(run, "a query that it has not is answered with '" + answer.code + "'");
    }
    return;
  }
  if (!answer.code.empty()) {
    const bool is_code = sent.call.verb == Verb::kEcho || sent.call.verb == Verb::kSeen;
    if (is_code && may_be_parked(run) && answer.code == "RP2002") return;
    if (sent.call.verb == Verb::kRetry && answer.code == "RP3006") {
      return has_ended(run, "there is nothing to try again");
    }
    return says(run, "verb " + std::to_string(static_cast<int>(sent.call.verb)) +
                         " is answered with " + answer.code + " " + answer.texts[0]);
  }
  switch (sent.call.verb) {
    case Verb::kEcho:
      if (answer.texts[0] != digest_of(sent.call.texts[0])) says(run, "a query changes its value");
      return;
    case Verb::kSeen:
      return compare_seen(run, answer.texts, sent.at);
    case Verb::kDescribe:
      return hears_described(run, answer.runs[0], sent.had_ended);
    case Verb::kHistory:
      return hears_history(sent, answer);
    default:
      return;
  }
}

void Oracle::hears_result(const Sent& sent, const Answer& answer) {
  Run& run = runs_[sent.run];
  if (answer.code == "pending") {
    if (sent.had_ended) says(run, "it has ended, and result_for() does not know");
    return;
  }
  compare_end(run, answer);
}

void Oracle::hears_history(const Sent& sent, const Answer& answer) {
  Run& run = runs_[sent.run];
  if (answer.run_id != run.run_id) return says(run, "its history is that of " + answer.run_id);
  std::vector<std::string> lines = answer.texts;
  lines.resize(lines.size() - 2);  // what stands for its bytes
  compare_history(run, lines, sent.at);
  if (lines.size() > run.history.size()) run.history = std::move(lines);
}

void Oracle::hears_described(Run& run, const Described& described, bool had_ended) {
  if (described.id != run.id || described.run_id != run.run_id ||
      described.workflow != run.workflow || described.queue != run.queue) {
    return says(run, "it is described as another run");
  }
  if (run.started_at != 0 && run.started_at != described.started) {
    says(run, "it has started at another time");
  }
  run.started_at = described.started;
  if (!described.parked.empty() && !may_be_parked(run)) {
    says(run, "it is parked: " + described.parked);
  }
  if (described.status == kRunning) {
    if (had_ended) says(run, "it had ended and is under way again");
    return;
  }
  if (!run.ends.contains(described.status)) {
    return says(run,
                "it has status " + std::to_string(described.status) + ", which nothing led to");
  }
  has_ended(run, "it is described as ended");
  if (run.closed_at != 0 && run.closed_at != described.closed) {
    says(run, "it has ended at another time");
  }
  if (described.closed == 0) says(run, "it has ended, and no one knows when");
  run.closed_at = described.closed;
  run.ends = {described.status};
}

}  // namespace reprise::model
