// The workflow behind a schedule. It is written against the public API; nothing in the engine knows
// of schedules.
#pragma once
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "reprise/context.h"
#include "sdk/src/schedule/state.h"

namespace reprise::internal {

inline constexpr std::string_view kTerminateActivity = "reprise:terminate";
// The workflow id and the run id, which is one of the chain that is to end.
inline constexpr Activity<void(std::string, std::string)> kTerminateRun{kTerminateActivity};

// Encoded arguments, passed on as they are.
struct EncodedArguments {
  std::string payload;
};

class ScheduleRun {
 public:
  ScheduleRun(Context& ctx, ScheduleAction action, SchedulePlan plan, ScheduleProgress progress);
  // Does not return: the run ends when it is terminated.
  void run();

 private:
  // One that it has started. Strands refer to it until it has ended.
  struct Running {
    StartedByIt run;
    std::string id;
    bool settled = false;  // it is known whether it was started
    bool ended = false;
    bool asked_to_end = false;
    std::optional<Child<void>> child{};
    std::optional<Pending<void>> watching{};
  };
  using RunningPtr = std::shared_ptr<Running>;

  // What a look at the clock says; recorded, because time zones may change between two replays.
  // Handled up to, due and to be decided, missed, when it is due next, and whether there is more
  // now.
  using Look = std::tuple<Time, std::vector<Time>, std::uint64_t, std::optional<Time>, bool>;

  void accept_updates();
  void check_trigger() const;
  void check_backfill(Time from, Time to) const;
  std::pair<std::string, std::string> trigger();

  void reap();
  void admit_what_is_due();
  Look look();
  void admit(Time due);
  void wait_for_others(Time due);
  void replace_others(Time due);
  void end_others();
  void start_what_waits();
  void feed_backfills();
  std::vector<Time> next_of_backfill(const BackfillRange& range, std::size_t at_most);

  RunningPtr start(Time due, bool triggered);
  void watch(const RunningPtr& running, bool again);
  void follow(Running& running);
  bool has_room() const { return running_.size() < kMostRunning; }
  bool is_free() const { return running_.empty() && state_.waiting.empty(); }

  void publish();
  bool may_continue() const;
  ScheduleProgress progress() const;
  std::string name() const;  // the schedule's id

  Context& ctx_;
  ScheduleAction action_;
  SchedulePlan plan_;
  ScheduleProgress state_;  // `running` is in running_
  std::list<RunningPtr> running_;
  bool changed_ = false;    // something has happened since the main strand last looked
  bool look_again_ = true;  // it is not known when it is due next
  std::optional<Time> next_{};
  std::string published_plan_;
  std::string published_view_;
  std::vector<Registration> handlers_;
};

void run_schedule(Context& ctx,
                  const ScheduleAction& action,
                  const SchedulePlan& plan,
                  const ScheduleProgress& progress);

}  // namespace reprise::internal

namespace reprise {

template <>
struct Codec<std::tuple<internal::EncodedArguments>> {
  static void encode(CborWriter& out, const std::tuple<internal::EncodedArguments>& value) {
    out.item(std::get<0>(value).payload);
  }
};
template <>
struct Codec<internal::EncodedArguments> {
  static void encode(CborWriter& out, const internal::EncodedArguments& value) {
    out.item(value.payload);
  }
};

}  // namespace reprise
