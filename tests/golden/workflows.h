// Workflows that together ask for everything a workflow can ask for and take everything that can
// happen to a run. Their histories are kept for ever (README.md), so their behaviour must never
// change: add a workflow instead.
#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <reprise/reprise.h>
#include <string>
#include <tuple>
#include <vector>

namespace golden {

inline constexpr reprise::Workflow<std::string(std::string)> activities{"golden.activities"};
inline constexpr reprise::Workflow<std::string(std::string)> failing{"golden.failing"};
inline constexpr reprise::Workflow<int(int)> steps{"golden.steps"};
inline constexpr reprise::Workflow<std::string()> timers{"golden.timers"};
// Of numbers, text, bytes and containers as payloads.
using Values = std::tuple<std::vector<double>,
                          std::vector<std::uint64_t>,
                          std::int64_t,
                          std::string,
                          std::map<int, std::string>,
                          std::map<std::string, std::optional<bool>>>;
inline constexpr reprise::Workflow<Values(Values)> values{"golden.values"};
inline constexpr reprise::Workflow<std::string()> messages{"golden.messages"};
inline constexpr reprise::Workflow<std::string(std::string)> compensated{"golden.compensated"};
inline constexpr reprise::Workflow<std::string()> scopes{"golden.scopes"};
inline constexpr reprise::Workflow<void()> waiting{"golden.waiting"};
inline constexpr reprise::Workflow<std::string()> cancelled_waits{"golden.cancelled_waits"};
inline constexpr reprise::Workflow<std::string()> made_slowly{"golden.made_slowly"};
inline constexpr reprise::Workflow<std::string()> picky{"golden.picky"};
inline constexpr reprise::Workflow<std::string(int)> decisions{"golden.decisions"};
inline constexpr reprise::Workflow<std::string()> together{"golden.together"};
inline constexpr reprise::Workflow<std::string()> telling{"golden.telling"};
inline constexpr reprise::Workflow<std::string()> elsewhere{"golden.elsewhere"};

inline constexpr reprise::Workflow<std::string()> published{"golden.published"};
inline constexpr reprise::Workflow<std::string(std::string)> chained{"golden.chained"};
inline constexpr reprise::Workflow<std::string(std::string)> tried{"golden.tried"};
inline constexpr reprise::Workflow<std::string(std::string)> checked{"golden.checked"};
inline constexpr reprise::Workflow<std::string(int, std::string)> staged{"golden.staged"};
inline constexpr reprise::Workflow<std::string()> family{"golden.family"};
inline constexpr reprise::Workflow<std::string(std::string)> member{"golden.member"};
inline constexpr reprise::Workflow<std::string()> cancelling{"golden.given_up"};
inline constexpr reprise::Workflow<std::string()> transacting{"golden.transacting"};
inline constexpr reprise::Workflow<std::string(std::string)> operated{"golden.operated"};
inline constexpr reprise::Workflow<std::string(std::string)> preferred{"golden.preferred"};
inline constexpr reprise::Table<std::string, int> stock{"golden.stock"};

inline constexpr reprise::Activity<std::string(std::string)> work{"golden.work"};
inline constexpr reprise::Activity<int(int)> copy{"golden.copy"};
inline constexpr reprise::Activity<std::string(std::string)> ask{"golden.ask"};
inline constexpr reprise::Signal<std::string> item{"golden.item"};
inline constexpr reprise::Signal<int> bell{"golden.bell"};
inline constexpr reprise::Signal<int> nudge{"golden.nudge"};
inline constexpr reprise::Update<std::string(std::string)> change{"golden.change"};

// For the step "flaky": this many of its next attempts fail.
inline int flaky_failures = 0;

std::string run_activities(reprise::Context& ctx, const std::string& what);
std::string run_failing(reprise::Context& ctx, const std::string& what);
int run_steps(reprise::Context& ctx, const int& start);
std::string run_timers(reprise::Context& ctx);
Values run_values(reprise::Context& ctx, const Values& given);
std::string run_compensated(reprise::Context& ctx, const std::string& what);
std::string run_scopes(reprise::Context& ctx);
void run_waiting(reprise::Context& ctx);
std::string run_cancelled_waits(reprise::Context& ctx);
std::string run_decisions(reprise::Context& ctx, const int& score);
std::string run_published(reprise::Context& ctx);
std::string run_together(reprise::Context& ctx);
std::string run_telling(reprise::Context& ctx);
std::string run_elsewhere(reprise::Context& ctx);
std::string run_chained(reprise::Context& ctx, const std::string& past);
std::string run_tried(reprise::Context& ctx, const std::string& what);
std::string run_checked(reprise::Context& ctx, const std::string& past);
std::string run_staged(reprise::Context& ctx, int stage, const std::string& past);
std::string run_family(reprise::Context& ctx);
std::string run_member(reprise::Context& ctx, const std::string& role);
std::string run_cancelling(reprise::Context& ctx);
std::string run_transacting(reprise::Context& ctx);
std::string run_operated(reprise::Context& ctx, const std::string& what);
std::string run_preferred(reprise::Context& ctx, const std::string& what);

// Handlers of signals and updates.
class Messages {
 public:
  explicit Messages(reprise::Context& ctx) : ctx_(ctx) {}

  std::string run();
  void on_bell(const int& strokes);
  std::string on_change(const std::string& to);

 private:
  reprise::Context& ctx_;
  int strokes_ = 0;
};

// Its constructor waits.
class MadeSlowly {
 public:
  explicit MadeSlowly(reprise::Context& ctx) : ctx_(ctx) { ctx.sleep(std::chrono::hours(1)); }

  std::string run();
  std::string on_change(const std::string& to);

 private:
  reprise::Context& ctx_;
  std::string changes_;
};

// Signals of other types meet a handler, a wait and a condition; and one that is awaited is given
// up.
class Picky {
 public:
  explicit Picky(reprise::Context& ctx) : ctx_(ctx) {}

  std::string run();
  void on_bell(const int& strokes) { strokes_ += strokes; }

 private:
  reprise::Context& ctx_;
  int strokes_ = 0;
};

// `host`: a Worker, a Replayer or an Env.
template <class Host>
void implement(Host& host) {
  host.implement(activities, run_activities)
      .implement(failing, run_failing)
      .implement(steps, run_steps)
      .implement(timers, run_timers)
      .implement(values, run_values)
      .implement(compensated, run_compensated)
      .implement(scopes, run_scopes)
      .implement(waiting, run_waiting)
      .implement(cancelled_waits, run_cancelled_waits)
      .implement(decisions, run_decisions)
      .implement(together, run_together)
      .implement(telling, run_telling)
      .implement(elsewhere, run_elsewhere)
      .implement(published, run_published)
      .implement(chained, run_chained)
      .implement(tried, run_tried)
      .implement(checked, run_checked)
      .implement(staged, run_staged)
      .implement(family, run_family)
      .implement(member, run_member)
      .implement(cancelling, run_cancelling)
      .implement(transacting, run_transacting)
      .implement(operated, run_operated)
      .implement(preferred, run_preferred);
  implement_class(host, messages, &Messages::run)
      .on(bell, &Messages::on_bell)
      .on(change, &Messages::on_change);
  implement_class(host, made_slowly, &MadeSlowly::run).on(change, &MadeSlowly::on_change);
  implement_class(host, picky, &Picky::run).on(bell, &Picky::on_bell);
}

}  // namespace golden
