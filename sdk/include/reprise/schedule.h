// Schedules: workflows that are started at times of the calendar or at intervals.
// docs/schedules.md.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <reprise/options.h>
#include <reprise/time.h>
#include <string>
#include <string_view>
#include <vector>

namespace reprise {

class RunHandle;
class Client;

namespace internal {
class ScheduleLink;
}  // namespace internal

inline constexpr std::size_t kMaxScheduleIdBytes = 200;
// Encoded arguments of a workflow that is started by a schedule.
inline constexpr std::size_t kMaxScheduledPayloadBytes = std::size_t{1} << 20;

// When a schedule is due: the times of `cron` and those of `every` together, each once. What cannot
// be is refused with InvalidOption RP3043, which names the field and the character.
struct ScheduleSpec {
  // Expressions of five fields (minute, hour, day of month, month, day of week) or names such as
  // "@daily", in `time_zone`; at most 100. Ranges, steps, lists, names of months and days, and for
  // days L, W and #. If both fields of days are restricted, either is enough, as in cron. A time
  // that the zone's clocks skip is not due; one that comes twice is due the first time, and both
  // times if the expression names every hour.
  std::vector<std::string> cron{};
  // An IANA name, "Europe/Berlin"; InvalidOption RP3044 if the system does not know it.
  std::string time_zone = "UTC";
  // All multiples of this since 1970-01-01T00:00:00Z, plus `phase`; at least a second. 0: none.
  // Elapsed time: changes of clocks do not matter.
  Duration every{0};
  Duration phase{0};  // shorter than `every`
  // A due time is moved by up to this, always by the same for one schedule and due time, and never
  // up to the next one. 0: not at all.
  Duration jitter{0};
  // The first and the last time that may be due. Absent: no bound.
  std::optional<Time> from{};
  std::optional<Time> until{};

  friend bool operator==(const ScheduleSpec&, const ScheduleSpec&) = default;
};

// What happens when a schedule is due while runs that it has started are still running.
enum class Overlap : std::uint8_t {
  kSkip,            // nothing is started for that time
  kBufferOne,       // one run waits for the end of those, and for no more times
  kBufferAll,       // a run for each time waits, one after the other; at most 1,000
  kCancelOther,     // those are asked to cancel, and the new one starts when they have ended
  kTerminateOther,  // those are terminated, and the new one starts then
  kAllow,           // it starts at once; at most 1,000 run at a time, others wait
};
std::string_view to_string(Overlap overlap);

struct SchedulePolicy {
  Overlap overlap = Overlap::kSkip;
  // A time that was due while no engine ran, or before the clock was set forward, is made up for if
  // it is not longer ago than this. Less than ten seconds count as ten.
  Duration catch_up{std::chrono::hours(24 * 365)};
  // A run that ends as Failed or TimedOut, or that could not be started, pauses the schedule.
  bool pause_on_failure = false;

  friend bool operator==(const SchedulePolicy&, const SchedulePolicy&) = default;
};

// A run that a schedule has started, or has tried to start.
struct ScheduledRun {
  Time due{};      // the time for which it was started, without jitter
  Time started{};  // when it was
  bool triggered = false;
  std::string workflow_id;
  std::string run_id;                 // empty: its start is not known, or was refused
  std::optional<RunStatus> status{};  // how it ended; absent: it runs, or was refused
  // It was not started: "RP3004 a run with this id exists"
  std::string refused;
};

// What is known of a schedule at one moment.
struct ScheduleDescription {
  std::string id;
  std::string workflow;
  std::string task_queue;
  ScheduleSpec spec{};
  SchedulePolicy policy{};
  bool paused = false;
  std::string note;  // why it was paused
  // Runs under way, the oldest first, at most 10, and how many there are.
  std::vector<ScheduledRun> running;
  std::size_t running_count = 0;
  // The last that have ended or were refused, at most 10, the newest first.
  std::vector<ScheduledRun> recent;
  std::size_t waiting = 0;  // runs that wait for the end of others
  // Since the schedule was created.
  std::uint64_t started = 0;
  std::uint64_t failed = 0;   // ended as Failed or TimedOut, or refused
  std::uint64_t skipped = 0;  // because of `overlap`
  std::uint64_t missed = 0;   // longer ago than catch_up
  std::size_t backfills = 0;  // calls of backfill() that are not done
  std::string parked;         // why its run cannot go on, or be read: "RP3044 ..."; empty: it can
  std::vector<Time> next;     // when it is due next, at most 10, with jitter; empty if it is paused
};

// A schedule, addressed by its id; from Client::create_schedule() or schedule(). A value: cheap to
// copy, thread-safe; its Service must outlive it. Calls block until what they ask for is durable.
// They throw NotFound (RP3005) if there is no such schedule, InvalidOption (RP3003, RP3043,
// RP3044), Overloaded (RP3011, RP3049), StoreFull (RP1007), StoreError. Not for workflow code
// (UsageError RP2004); activities may use one. Each call but describe() and next() records events
// in the schedule's own run.
class Schedule {
 public:
  const std::string& id() const;

  // Starts nothing any more until resume(), except for trigger() and backfill(). Runs go on. What
  // is due meanwhile is not made up for. `note` says why, for describe(); at most 1,000 bytes.
  void pause(std::string_view note = {}) const;
  void resume() const;
  // Starts a run now, whatever the schedule says: even if it is paused, and whatever runs. Its
  // workflow id is made of the present time. Throws Failure if it could not be started.
  RunHandle trigger() const;
  // Starts a run for each time that was due from `from` to `to`, both included and neither in the
  // future, as if it were due now: one after the other, or all at once with Overlap::kAllow. A time
  // for which a run with that id exists is refused, so none is started twice. Returns when that is
  // durable; the runs follow, also while the schedule is paused. At most 10 at a time (RP3049).
  void backfill(Time from, Time to) const;
  // When it is due next, jitter included; fewer than `count`, at most 1,000, if it is not due that
  // often. Whether it is paused does not matter.
  std::vector<Time> next(std::size_t count) const;
  ScheduleDescription describe() const;
  // Replaces when it is due and how; what runs and what waits stays.
  void update(const ScheduleSpec& spec, const SchedulePolicy& policy = {}) const;
  // Ends the schedule; runs that it has started go on. The id can then be used again.
  void erase() const;

 private:
  friend class Client;
  explicit Schedule(std::shared_ptr<const internal::ScheduleLink> link);

  std::shared_ptr<const internal::ScheduleLink> link_;
};

}  // namespace reprise
