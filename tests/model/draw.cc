#include "tests/model/draw.h"

#include "tests/support/odd_text.h"

namespace reprise::model {
namespace {

constexpr std::size_t kIds = 32;
constexpr std::size_t kNewestRuns = 16;  // most calls go to these
constexpr std::size_t kMostSignals = 8;  // under way at once

// Most calls are messages and questions; how often each is made.
constexpr std::pair<Verb, int> kOften[] = {
    {Verb::kStart, 22},       {Verb::kSignals, 26},     {Verb::kOddSignal, 5}, {Verb::kUpdate, 9},
    {Verb::kUpdateFor, 4},    {Verb::kSubmitUpdate, 4}, {Verb::kEcho, 4},      {Verb::kSeen, 5},
    {Verb::kUnknownQuery, 2}, {Verb::kCancel, 3},       {Verb::kTerminate, 3}, {Verb::kRetry, 3},
    {Verb::kResult, 6},       {Verb::kDescribe, 6},     {Verb::kHistory, 6},   {Verb::kFind, 4}};

Verb any_verb(Random& random) {
  int all = 0;
  for (const auto& [verb, often] : kOften) all += often;
  int left = static_cast<int>(random.below(static_cast<std::uint64_t>(all)));
  for (const auto& [verb, often] : kOften) {
    left -= often;
    if (left < 0) return verb;
  }
  return Verb::kDescribe;
}

bool is_update(Verb verb) {
  return verb == Verb::kUpdate || verb == Verb::kUpdateFor || verb == Verb::kSubmitUpdate;
}

}  // namespace

Draw::Draw(std::uint64_t seed, const Names& names, const Oracle& oracle)
    : names_(names), oracle_(oracle), random_(seed), ids_(ids_of(random_, kIds)) {}

Call Draw::call(std::uint32_t lane, Verb verb) {
  Call call;
  call.number = ++number_;
  call.lane = lane;
  call.verb = verb;
  return call;
}

// By its run id; the newest of its lane's own ids also without.
Call Draw::call_for(std::uint32_t lane, Verb verb, const Run& run) {
  Call made = call(lane, verb);
  made.id = run.id;
  const std::size_t newest = oracle_.newest(run.id);
  const bool is_newest = run.lane == lane && &oracle_.runs()[newest] == &run;
  if (!is_newest || below(2) == 0) made.run_id = run.run_id;
  return made;
}

Call Draw::finish(std::uint32_t lane, const Run& run) {
  Call made = call_for(lane, Verb::kSignals, run);
  made.name = names_.finish;
  made.texts = {value()};
  return made;
}

const Run& Draw::any_run() {
  const auto& runs = oracle_.runs();
  const std::size_t newest = std::min(runs.size(), kNewestRuns);
  return below(4) == 0 ? runs[below(runs.size())] : runs[runs.size() - 1 - below(newest)];
}

Drawn Draw::next(std::uint32_t lane) {
  if (oracle_.runs().empty()) return start(lane);
  if (below(12) == 0) return refused(lane);
  const Verb verb = any_verb(random_);
  if (verb == Verb::kStart) return start(lane);
  if (verb == Verb::kFind) return find(lane);
  return message(lane, verb, any_run());
}

Drawn Draw::start(std::uint32_t lane) {
  Drawn drawn{call(lane, Verb::kStart), {}};
  Call& call = drawn.call;
  call.how = static_cast<How>(below(3));
  // Each lane has ids of its own, so that it knows their runs; one lane uses any id.
  const bool no_id = lane == 0 && below(8) == 0;
  if (!no_id) call.id = ids_[below(kIds / kLanes) * kLanes + lane];
  call.name = names_.workflows[below(kKinds)];
  call.queue = names_.queues[below(2)];
  call.texts = {below(10) == 0 ? std::string() : value()};
  call.reuse = static_cast<std::uint8_t>(below(4));
  call.conflict = static_cast<std::uint8_t>(below(3));
  if (below(10) == 0) call.ms = static_cast<std::int64_t>(1 + below(30));
  return drawn;
}

Drawn Draw::message(std::uint32_t lane, Verb verb, const Run& run) {
  // An update waits for the code of a run, and a parked run's code does nothing.
  const bool waits = verb == Verb::kUpdate || verb == Verb::kSubmitUpdate;
  if (waits && run.kind == Kind::kParks) verb = Verb::kUpdateFor;
  Drawn drawn{call_for(lane, verb, run), {}};
  Call& call = drawn.call;
  if (verb == Verb::kSignals && below(8) == 0) return {finish(lane, run), {}};
  if (verb == Verb::kSignals) {
    call.name = names_.note;
    for (std::size_t left = 1 + below(kMostSignals); left > 0; --left)
      call.texts.push_back(value());
  } else if (verb == Verb::kOddSignal) {
    call.name = testing::any_name(random_);
    call.name = std::to_string(++number_) + ":" + call.name.substr(0, call.name.size() / 2);
    while (!testing::is_utf8(call.name)) call.name.pop_back();
    call.texts = {testing::any_text(random_)};
  } else if (is_update(verb) || verb == Verb::kEcho) {
    call.texts = {value()};
  } else if (verb == Verb::kUnknownQuery) {
    call.name = names_.seen.size() < testing::kLongestId ? names_.seen + "?" : "?";
  } else if (verb == Verb::kCancel || verb == Verb::kTerminate) {
    call.texts = {reason_of(random_, ++number_)};
  }
  call.ms = static_cast<std::int64_t>(below(20));
  return drawn;
}

Drawn Draw::find(std::uint32_t lane) {
  Drawn drawn{call(lane, Verb::kFind), {}};
  drawn.call.id = ids_[below(kIds / kLanes) * kLanes + lane];
  drawn.call.name = names_.workflows[below(kKinds)];
  return drawn;
}

Drawn Draw::list() {
  Drawn drawn{call(0, Verb::kList), {}};
  if (below(3) == 0) drawn.call.name = names_.workflows[below(kKinds)];
  if (below(3) == 0)
    drawn.call.status = static_cast<std::uint8_t>(below(2) == 0 ? 1 : 3 + below(5));
  if (below(3) == 0) drawn.call.limit = 1 + below(10);
  drawn.call.newest_first = below(2) == 0;
  return drawn;
}

// ---- what is refused --------------------------------------------------------------------------

Drawn Draw::refused(std::uint32_t lane) {
  return below(2) == 0 ? refused_start(lane) : refused_message(lane);
}

Drawn Draw::refused_start(std::uint32_t lane) {
  Drawn drawn = start(lane);
  Call& call = drawn.call;
  drawn.refusal = "RP3003";
  switch (below(6)) {
    case 0:
      call.id = testing::refused_name(random_);
      break;
    case 1:
      call.queue = testing::refused_name(random_);
      break;
    case 2:
      call.name = testing::refused_name(random_);
      break;
    case 3:
      call.texts = {std::string(testing::kLargestString + 1, 'x')};
      drawn.refusal = "RP3002";
      break;
    case 4:
      call.ms = -1;
      drawn.refusal = "RP3010";
      break;
    default:
      call.name += "?";  // nobody implements it
      drawn.refusal = call.name.size() > testing::kLongestId ? "RP3003" : "RP2003";
      break;
  }
  return drawn;
}

Drawn Draw::refused_message(std::uint32_t lane) {
  const Run& run = any_run();
  Drawn drawn = message(lane, below(2) == 0 ? Verb::kTerminate : Verb::kOddSignal, run);
  Call& call = drawn.call;
  switch (below(6)) {
    case 0:  // another run's id
      call.run_id = run.run_id;
      call.id = run.id + "?";
      drawn.refusal = call.id.size() > testing::kLongestId ? "RP3003" : "RP3005";
      break;
    case 1:
      call.run_id = run.run_id.substr(1);
      drawn.refusal = "RP3003";
      break;
    case 2:
      call.id.clear();
      drawn.refusal = "RP3003";
      break;
    case 3:
      call.id = std::string(testing::kLongestId + 1, 'i');
      drawn.refusal = "RP3003";
      break;
    case 4:
      call.verb = Verb::kOddSignal;
      call.name = testing::refused_name(random_);
      call.texts = {""};
      drawn.refusal = "RP3003";
      break;
    default:
      call.verb = Verb::kOddSignal;
      call.name = "large";
      call.texts = {std::string(testing::kLargestString + 1, 'x')};
      drawn.refusal = "RP3002";
      break;
  }
  return drawn;
}

}  // namespace reprise::model
