#include "sdk/src/cli/stepper.h"

#include <algorithm>
#include <ctime>
#include <spdlog/fmt/chrono.h>
#include <spdlog/fmt/fmt.h>

#include "base/printable_text.h"
#include "base/time.h"
#include "event/text.h"
#include "sdk/src/cli/replay_stacks.h"
#include "sdk/src/cli/strand_text.h"

namespace reprise::internal {
namespace {

std::string time_text(std::int64_t ms) {
  const auto time = static_cast<std::time_t>(ms / 1000);
  return fmt::format("{:%Y-%m-%d %H:%M:%S}.{:03} UTC", fmt::gmtime(time), ms % 1000);
}

}  // namespace

Stepper::Stepper(const runtime::WorkerCode& code,
                 const proto::History& history,
                 const Options& options)
    : code_(code),
      history_(history),
      options_(options),
      events_(numbered_events(history)),
      stacks_(replay_stacks()) {
  start_over();
}

void Stepper::start_over() {
  sites_.clear();
  replay_.reset();  // before the new one: they share a thread and its strands
  replay_ = std::make_unique<runtime::HistoryReplay>(
      code_, stacks_, history_,
      runtime::HistoryReplayOptions{options_.strict, &symbols_, this, given_up_.teller(),
                                    options_.whole});
}

bool Stepper::asks(std::uint64_t event, const proto::Event& command) {
  sites_[event] = event::place_of(command);
  return true;
}

void Stepper::reach(int turns) {
  if (turns < replay_->turns() || (turns == replay_->turns() && differs())) start_over();
  while (replay_->turns() < turns && replay_->next()) {
  }
}

std::string Stepper::where() const {
  std::string text;
  if (!at_beginning()) text = turn_text(replay_->turns() - 1);
  if (const auto* trouble = replay_->trouble(); trouble != nullptr) {
    if (replay_->turns() < history_.turns_size()) {
      text = turn_text(replay_->turns());
    }
    return text +
           paint(Colour::kRed, base::printable_text(trouble->report, base::LineBreaks::kIndented));
  }
  if (at_beginning()) return beginning();
  if (at_end()) text += "the history ends here; everything matches\n";
  return text;
}

std::string Stepper::beginning() const {
  const auto& began = replay_->began();
  if (began.turn == 0) return "before the first turn\n";
  return fmt::format(
      "before turn {}: the run took a checkpoint, and goes on with event {}; --whole shows what "
      "was "
      "before\n",
      began.turn + 1, began.event);
}

std::string Stepper::next() {
  if (differs()) return "the replay cannot go on; b goes back, q leaves\n";
  if (at_end()) return "the history ends here\n";
  (void)replay_->next();
  return where();
}

std::string Stepper::back() {
  if (at_beginning() && !differs()) return "this is the beginning\n";
  // A turn that could not be replayed is not counted: it comes after the last one that was.
  reach(differs() && !at_end() ? replay_->turns() : replay_->turns() - 1);
  return where();
}

std::string Stepper::go_to(std::uint64_t event) {
  if (event == 0 || event > events_.size()) {
    return fmt::format("there is no event {}: the history has {}\n", event, events_.size());
  }
  if (events_[event - 1].turn < replay_->began().turn) return beginning();
  reach(events_[event - 1].turn + 1);
  return where();
}

std::string Stepper::run_on() {
  if (differs() || at_end()) return next();
  while (replay_->next()) {
  }
  return where();
}

std::string Stepper::print(std::uint64_t event) const {
  if (event == 0 || event > events_.size()) {
    return fmt::format("there is no event {}: the history has {}\n", event, events_.size());
  }
  const NumberedEvent& one = events_[event - 1];
  return fmt::format("event {}, turn {}\n{}", event, one.turn + 1, event_in_full(*one.event));
}

std::string Stepper::turn_text(int turn) const {
  const proto::Turn& shown = history_.turns(turn);
  std::string text = fmt::format("turn {} of {}, {}{}\n", turn + 1, history_.turns_size(),
                                 time_text(shown.time_ms()),
                                 shown.without_code() ? ", recorded without running the code" : "");
  for (const NumberedEvent& one : events_) {
    if (one.turn == turn) text += event_text(one);
  }
  if (turn >= replay_->turns()) return text;  // the code has not come through it
  for (const std::string& line : strand_lines(*replay_->execution(), symbols_)) {
    text += "  " + paint(Colour::kYellow, line) + "\n";
  }
  return text;
}

std::string Stepper::event_text(const NumberedEvent& one) const {
  const auto& inputs = history_.turns(one.turn).inputs();
  const bool input = std::any_of(inputs.begin(), inputs.end(),
                                 [&](const proto::Event& event) { return &event == one.event; });
  std::string line =
      fmt::format("  {} {:>5} {}", input ? "in " : "out", one.number, event_line(*one.event));
  const auto now = sites_.find(one.number);
  if (now != sites_.end() && now->second != event::place_of(*one.event)) {
    line += "   now " + now->second;
  }
  return (input ? paint(Colour::kGreen, line) : line) + "\n";
}

std::string Stepper::paint(Colour colour, const std::string& text) const {
  if (!options_.coloured) return text;
  constexpr const char* kCodes[] = {"32", "33", "31"};
  return fmt::format("\x1b[{}m{}\x1b[0m", kCodes[static_cast<int>(colour)], text);
}

}  // namespace reprise::internal
