// Chains of runs in the log: what one run has not read or answered is in the next one.
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/simulation/history.h"

namespace reprise::simulation {

using proto::Event;

namespace {

std::string continued_to(const History& history) {
  const Event* const end = event::ending(history.turns.back());
  return end == nullptr ? std::string() : event::next_run_id(*end);
}

const History* find(const std::string& run_id, const std::vector<History>& histories) {
  const auto found = std::find_if(histories.begin(), histories.end(), [&](const History& history) {
    return history.started().run_id() == run_id;
  });
  return found == histories.end() ? nullptr : &*found;
}

// Signals and updates, by what tells them apart.
std::string text_of(const Event& input) {
  if (input.has_signal_received()) {
    return "signal " + input.signal_received().name() + " " + input.signal_received().input();
  }
  return input.has_update_received() ? "update " + input.update_received().update_id() : "";
}

// What its code has read, as the state at its end shows it, and what it has answered.
std::set<std::string> done_by(const History& history) {
  std::set<std::string> done;
  const std::string& state = history.states.back();
  for (std::size_t at = state.find("(s"); at != state.npos; at = state.find("(s", at + 1)) {
    done.insert(state.substr(at + 1, state.find(')', at) - at - 1));
  }
  for (const proto::Turn& turn : history.turns) {
    for (const Event& command : turn.commands()) {
      if (command.has_update_completed()) done.insert(command.update_completed().update_id());
    }
  }
  return done;
}

std::vector<std::string> left_by(const History& history) {
  const std::set<std::string> done = done_by(history);
  std::vector<std::string> left;
  RecordedAgain again(0);
  for (const proto::Turn& turn : history.turns) {
    for (const Event& input : turn.inputs()) {
      const std::string text = text_of(input);
      if (again.is(input) || text.empty() || done.contains(text.substr(text.rfind(' ') + 1)))
        continue;
      left.push_back(text);
    }
  }
  return left;
}

// The signals and updates among the inputs that had been recorded before.
std::vector<std::string> taken_by(const History& next) {
  std::vector<std::string> taken;
  std::uint32_t left = recorded_before(next);
  for (const proto::Turn& turn : next.turns) {
    for (const Event& input : turn.inputs()) {
      if (input.has_run_started() || left == 0) continue;
      --left;
      if (const std::string text = text_of(input); !text.empty()) taken.push_back(text);
    }
  }
  return taken;
}

std::string joined(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) all += "[" + text + "]";
  return all;
}

bool timed_out(const History& history) {
  return event::ending(history.turns.back())->has_run_timed_out();
}

// Of a run whose code could not run at its limit it is not known which signals the code had read
// among those that it was given, so the first ones may be missing. Updates are answered in the
// history: none is missing.
bool misses_first_signals(std::vector<std::string> left, const std::vector<std::string>& taken) {
  if (taken.size() > left.size()) return false;
  std::size_t missing = left.size() - taken.size();
  std::erase_if(left, [&](const std::string& text) {
    return missing > 0 && text.starts_with("signal ") && missing-- > 0;
  });
  return left == taken;
}

std::uint32_t attempt_of(const History& history) {
  return std::max(1u, history.started().attempt());
}

// The next attempt begins as the run before it did, and not too early.
void check_attempt(const History& history, const History& next, Verdict* verdict) {
  const Event& end = *event::ending(history.turns.back());
  const bool continued = end.has_run_continued_as_new();
  const std::uint32_t expected = continued ? 1 : attempt_of(history) + 1;
  if (attempt_of(next) != expected) {
    verdict->found(Flaw::kIdentity, name_of(next) + " is not attempt " + std::to_string(expected));
  }
  if (continued) return;
  const std::int64_t wait_ms =
      end.has_run_failed() ? end.run_failed().retry_in_ms() : end.run_timed_out().retry_in_ms();
  const std::int64_t until_ms = wait_ms > 0 ? history.turns.back().time_ms() + wait_ms : 0;
  if (next.started().input() != history.called().input() ||
      next.started().delayed_until_ms() != until_ms) {
    verdict->found(Flaw::kIdentity, name_of(next) + " does not begin as the attempt before it");
  }
}

// Has it failed for good though its policy has another attempt?
void check_last_attempt(const History& history, Verdict* verdict) {
  const proto::RunStarted& start = history.started();
  const Event* const end = event::ending(history.turns.back());
  if (end == nullptr || !end->has_run_failed() || !start.has_retry()) return;
  if (end->run_failed().failure().kind() == proto::Failure::CANCELLED) return;
  const int most = start.retry().maximum_attempts();
  if (start.execution_due_ms() > 0 || static_cast<int>(attempt_of(history)) >= most) return;
  for (const proto::Turn& turn : history.turns) {
    for (const Event& input : turn.inputs()) {
      if (input.has_cancel_requested()) return;
    }
  }
  verdict->found(Flaw::kEnd, name_of(history) + " has failed and is not tried again");
}

void check_link(const History& history, const History& next, Verdict* verdict) {
  const proto::RunStarted& from = history.started();
  const std::string& first = from.first_run_id().empty() ? from.run_id() : from.first_run_id();
  if (next.started().continued_from_run_id() != from.run_id() ||
      next.started().first_run_id() != first || id_of(next) != id_of(history)) {
    verdict->found(Flaw::kIdentity, name_of(next) + " does not say where it comes from");
  }
  if (next.records.front().seq != history.records.back().seq + 1) {
    verdict->found(Flaw::kLog, name_of(next) + " does not follow on the run before it");
  }
  if (history.states.size() != history.turns.size()) return;  // it was not replayed
  const auto left = left_by(history);
  const auto taken = taken_by(next);
  if (left == taken || (timed_out(history) && misses_first_signals(left, taken))) return;
  verdict->found(Flaw::kOrder, name_of(history) + " left " + joined(left) + " and " +
                                   name_of(next) + " took " + joined(taken));
}

}  // namespace

bool is_continuation(const History& history) {
  return !history.started().continued_from_run_id().empty();
}

std::uint32_t recorded_before(const History& history) {
  return history.started().carried() - history.started().carried_new();
}

const History* last_of_chain(const std::string& run_id, const std::vector<History>& histories) {
  const History* last = find(run_id, histories);
  while (last != nullptr && !continued_to(*last).empty()) {
    last = find(continued_to(*last), histories);
  }
  return last;
}

void check_chains(const std::vector<History>& histories, Verdict* verdict) {
  for (const History& history : histories) {
    const std::string next_id = continued_to(history);
    if (next_id.empty()) {
      check_last_attempt(history, verdict);
      continue;
    }
    const History* const next = find(next_id, histories);
    if (next == nullptr) {
      verdict->found(Flaw::kLog, name_of(history) + " has continued, and its next run is missing");
    } else {
      check_link(history, *next, verdict);
      check_attempt(history, *next, verdict);
    }
  }
}

}  // namespace reprise::simulation
