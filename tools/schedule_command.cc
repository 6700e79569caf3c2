#include "tools/schedule_command.h"

#include <algorithm>
#include <cstdio>
#include <exception>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "base/whole_number.h"
#include "reprise/error.h"
#include "sdk/src/schedule/new_schedule.h"
#include "sdk/src/schedule/state.h"
#include "sdk/src/settings.h"
#include "tools/engine_call.h"
#include "tools/own_run_arguments.h"
#include "tools/run_text.h"
#include "tools/schedule_text.h"
#include "tools/table.h"
#include "tools/time_text.h"

namespace reprise::tools {
namespace {

// ---- what is common to them
// -------------------------------------------------------------------------

constexpr OwnRuns kScheduleRuns{"schedule", internal::kSchedulePrefix, /*closed_too=*/false};

struct ScheduleCommand {
  ScheduleCommand(CLI::App& command, std::string words, const base::Clock& now)
      : arguments(command, kScheduleRuns, std::move(words)), clock(now) {}

  OwnRunArguments arguments;
  const base::Clock& clock;
  std::optional<EngineCall> call{};
  bool json = false;
  ColourMode colour = ColourMode::kAuto;
  // Of create:
  ScheduleSpec spec{};
  SchedulePolicy policy{};
  StartOptions options{};
  std::string task_queue;
  // Of others:
  std::string note;
  std::size_t count = 10;
};
using CommandPtr = std::shared_ptr<ScheduleCommand>;

std::string run_of(const std::string& id) {
  return std::string(internal::kSchedulePrefix) + id;
}

ScheduleDescription described(const ScheduleCommand& asked,
                              const runtime::StoreReader& reader,
                              const runtime::RunState& run) {
  try {
    ScheduleDescription schedule = internal::describe_schedule(
        run.workflow_id, internal::to_public(run.settings().list()), asked.clock.now());
    if (const base::Error* parked = reader.parked(run); parked != nullptr) {
      schedule.parked = parked->text();
    }
    return schedule;
  } catch (const Error& error) {  // what it publishes, or its time zone, cannot be read here
    ScheduleDescription schedule;
    schedule.id = run.workflow_id.substr(internal::kSchedulePrefix.size());
    schedule.parked = error.what();
    return schedule;
  }
}

void add_update(proto::ControlRequest& request, std::string_view name, std::string input) {
  request.mutable_update()->set_name(std::string(name));
  request.mutable_update()->set_input(std::move(input));
}

// Its run exists; what it answers.
std::string update(const ScheduleCommand& asked, std::string_view name, std::string input) {
  {
    const auto reader = asked.arguments.open();  // closed before the store is opened for writing
    (void)asked.arguments.find(*reader);
  }
  proto::ControlRequest request;
  request.set_workflow_id(run_of(asked.arguments.id()));
  add_update(request, name, std::move(input));
  return asked.call
      ->ask_of(asked.arguments.directory(), asked.arguments.command(), asked.arguments.codecs(),
               request)
      .payload;
}

template <class R, class... A>
std::string update(const ScheduleCommand& asked, const Message<kind::Update, R, A...>& message) {
  return update(asked, message.name, internal::encode_arguments(message.args));
}

void say(const ScheduleCommand& asked, const std::string& what) {
  std::printf("schedule %s: %s\n", safe_text(asked.arguments.id()).c_str(), what.c_str());
}

// ---- create
// -----------------------------------------------------------------------------------------

void create(const ScheduleCommand& asked) {
  const std::string id = asked.arguments.id();
  const std::string workflow = asked.arguments.word(1);
  (void)asked.arguments.open();
  StartOptions options = asked.options;
  options.task_queue = asked.task_queue;
  proto::ControlRequest request;
  try {
    const auto start = internal::start_of_schedule(
        {id, asked.spec, workflow, asked.arguments.encoded_from(2), options, asked.policy});
    request.set_workflow_id(start.workflow_id);
    auto& schedule = *request.mutable_create_schedule();
    schedule.set_workflow(start.workflow);
    schedule.set_task_queue(start.task_queue);
    schedule.set_input(start.input);
    for (const auto& setting : start.settings) {
      schedule.add_settings(setting.SerializeAsString());
    }
  } catch (const Error& error) {
    asked.arguments.wrong(error.what());
  }
  const auto answer = asked.call->ask_of(asked.arguments.directory(), asked.arguments.command(),
                                         asked.arguments.codecs(), request);
  say(asked,
      std::string("created") + (answer.by_engine ? "" : "; it starts runs when an engine runs"));
}

// ---- looking
// ----------------------------------------------------------------------------------------

void list(const ScheduleCommand& asked) {
  const auto reader = asked.arguments.open();
  std::vector<ScheduleDescription> all;
  const auto add = [&](const runtime::StoreReader::Run& run) {
    if (!run->workflow_id.starts_with(internal::kSchedulePrefix)) return;
    all.push_back(described(asked, *reader, *run));
  };
  if (const auto read = reader->visit(runtime::RunStatus::kRunning, false, add); !read) {
    give_up(asked.arguments.command(), read.error());
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  if (asked.json) {
    nlohmann::json out = nlohmann::json::array();
    for (const auto& schedule : all) out.push_back(schedule_json(schedule));
    return print_json(out);
  }
  if (all.empty()) {
    std::fprintf(stderr, "there is no schedule\n");
    return;
  }
  Table table({{"SCHEDULE", false, true},
               {"WORKFLOW", false, true},
               {"WHEN", false, true},
               {"NEXT"},
               {"UNDER WAY", true},
               {"STARTED", true},
               {"FAILED", true}});
  for (const auto& schedule : all) {
    Table::Cell next("-");
    if (!schedule.next.empty()) next = utc_seconds(base::to_ms(schedule.next.front()));
    if (schedule.paused) next = {"paused", Colour::kYellow};
    if (!schedule.parked.empty()) next = {"parked", Colour::kRed};
    table.add({safe_text(schedule.id), safe_text(schedule.workflow), when_text(schedule.spec), next,
               std::to_string(schedule.running_count), std::to_string(schedule.started),
               std::to_string(schedule.failed)});
  }
  table.print(Paint(asked.colour), terminal_width());
}

ScheduleDescription look_at(const ScheduleCommand& asked) {
  const auto reader = asked.arguments.open();
  return described(asked, *reader, *asked.arguments.find(*reader));
}

void describe(const ScheduleCommand& asked) {
  const ScheduleDescription schedule = look_at(asked);
  if (asked.json) return print_json(schedule_json(schedule));
  print_schedule(schedule, Paint(asked.colour));
}

void next(const ScheduleCommand& asked) {
  const ScheduleDescription schedule = look_at(asked);
  const auto times = internal::next_due(schedule.id, schedule.spec, asked.clock.now(), asked.count);
  for (const Time time : times) std::printf("%s\n", utc_iso(base::to_ms(time)).c_str());
}

// ---- changing
// ---------------------------------------------------------------------------------------

void pause(const ScheduleCommand& asked) {
  update(asked, internal::kPauseSchedule(asked.note));
  say(asked, "paused");
}

void resume(const ScheduleCommand& asked) {
  update(asked, internal::kResumeSchedule());
  say(asked, "resumed");
}

void trigger(const ScheduleCommand& asked) {
  using Started = std::pair<std::string, std::string>;
  const auto started =
      internal::decode_result<Started>(update(asked, internal::kTriggerSchedule()));
  say(asked, "run " + safe_text(started.first) + " is started");
}

Time time_of(const ScheduleCommand& asked, std::size_t index) {
  const std::string text = asked.arguments.word(index);
  const auto ms = parse_since(text, base::to_ms(asked.clock.now()));
  if (ms) return base::from_ms(*ms);
  asked.arguments.wrong("'" + text + "' is neither 90s, 30m, 2h, 7d nor a date");
}

void backfill(const ScheduleCommand& asked) {
  update(asked, internal::kBackfillSchedule(time_of(asked, 1), time_of(asked, 2)));
  say(asked, "what was due then is started");
}

void erase(const ScheduleCommand& asked) {
  {
    const auto reader = asked.arguments.open();
    (void)asked.arguments.find(*reader);
  }
  proto::ControlRequest request;
  request.set_workflow_id(run_of(asked.arguments.id()));
  request.mutable_terminate()->set_reason("the schedule was erased");
  (void)asked.call->ask_of(asked.arguments.directory(), asked.arguments.command(),
                           asked.arguments.codecs(), request);
  say(asked, "erased");
}

// ---- the command line
// -------------------------------------------------------------------------------

CommandPtr add(CLI::App& group,
               const base::Clock& clock,
               const char* name,
               const char* description,
               const char* words,
               void (*act)(const ScheduleCommand&)) {
  CLI::App* const command = group.add_subcommand(name, description);
  const auto asked = std::make_shared<ScheduleCommand>(*command, words, clock);
  command->callback([asked, act] { act(*asked); });
  return asked;
}

// One that asks the engine.
CommandPtr add_call(CLI::App& group,
                    const base::Clock& clock,
                    const char* name,
                    const char* description,
                    const char* words,
                    void (*act)(const ScheduleCommand&)) {
  const auto asked = add(group, clock, name, description, words, act);
  CLI::App& command = *group.get_subcommand(name);
  asked->call.emplace(command);
  command.footer(kEngineCallExitCodes);
  return asked;
}

void add_duration(CLI::App& command,
                  const std::string& name,
                  Duration& to,
                  const std::string& description) {
  command
      .add_option_function<std::string>(
          name, [&to](const std::string& text) { to = Duration(*parse_duration(text)); },
          description + ": 90s, 30m, 6h, 1d12h")
      ->check([](const std::string& text) {
        return parse_duration(text) ? "" : "'" + text + "' is not a duration such as 90s or 1h30m";
      });
}

void add_bound(CLI::App& command,
               const std::string& name,
               std::optional<Time>& to,
               const std::string& description) {
  command
      .add_option_function<std::string>(
          name, [&to](const std::string& text) { to = base::from_ms(*parse_since(text, 0)); },
          description + ", a time in UTC: 2026-11-21T12:43")
      ->check([](const std::string& text) {
        const bool date = text.size() >= 8 && parse_since(text, 0);
        return date ? "" : "'" + text + "' is not a time such as 2026-11-21T12:43";
      });
}

void add_overlap(CLI::App& command, Overlap& to) {
  std::vector<std::string> names;
  for (auto overlap = Overlap::kSkip; overlap <= Overlap::kAllow;
       overlap = static_cast<Overlap>(static_cast<int>(overlap) + 1)) {
    names.emplace_back(to_string(overlap));
  }
  command
      .add_option_function<std::string>(
          "--overlap",
          [&to, names](const std::string& name) {
            const auto at = std::find(names.begin(), names.end(), name) - names.begin();
            to = static_cast<Overlap>(at);
          },
          "what happens while runs of the schedule are under way")
      ->check(CLI::IsMember(names));
}

void add_create(CLI::App& group, const base::Clock& clock) {
  const auto asked = add_call(group, clock, "create",
                              "Creates a schedule, which starts a workflow whenever it is due",
                              "ID WORKFLOW [ARGUMENT]...", create);
  CLI::App& command = *group.get_subcommand("create");
  command
      .add_option("--cron", asked->spec.cron,
                  "minute, hour, day of month, month, day of week, as one word; may be repeated")
      ->delimiter('\0')
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command.add_option("--time-zone", asked->spec.time_zone, "of the cron expressions: an IANA name")
      ->capture_default_str();
  add_duration(command, "--every", asked->spec.every, "the interval");
  add_duration(command, "--phase", asked->spec.phase, "by which the interval is moved");
  add_duration(command, "--jitter", asked->spec.jitter, "by which each time is moved at most");
  add_bound(command, "--from", asked->spec.from, "not before");
  add_bound(command, "--until", asked->spec.until, "not after");
  add_overlap(command, asked->policy.overlap);
  add_duration(command, "--catch-up", asked->policy.catch_up, "how long ago may be made up for");
  command.add_flag("--pause-on-failure", asked->policy.pause_on_failure,
                   "a run that fails pauses the schedule");
  command.add_option("--task-queue", asked->task_queue, "of the runs; if not given: default");
  command.add_option("--run-id-prefix", asked->options.id,
                     "of the runs' workflow ids; if not given: ID");
  add_duration(command, "--run-timeout", asked->options.run_timeout, "the limit of one run");
}

}  // namespace

void add_schedule_command(CLI::App& app, const base::Clock& clock) {
  CLI::App& group = *app.add_subcommand("schedule", "Schedules: workflows that start by the clock");
  group.require_subcommand(1);
  add_create(group, clock);
  const auto listed = add(group, clock, "list", "Lists schedules", "", list);
  const auto shown = add(group, clock, "describe", "What is known of a schedule", "ID", describe);
  for (const auto& [name, asked] : {std::pair("list", listed), std::pair("describe", shown)}) {
    CLI::App& command = *group.get_subcommand(name);
    command.add_flag("--json", asked->json, "for programs");
    add_colour_option(command, asked->colour);
  }
  const auto times = add(group, clock, "next", "When a schedule is due next, in UTC", "ID", next);
  group.get_subcommand("next")
      ->add_option("--count", times->count, "how many times, at most 1,000")
      ->capture_default_str()
      ->check([](const std::string& text) { return base::fault_of_number(text, 1); });
  const auto paused = add_call(group, clock, "pause", "Starts nothing until resume", "ID", pause);
  group.get_subcommand("pause")->add_option("--note", paused->note, "why");
  add_call(group, clock, "resume", "Ends a pause", "ID", resume);
  add_call(group, clock, "trigger", "Starts a run now, whatever the schedule says", "ID", trigger);
  add_call(group, clock, "backfill",
           "Starts a run for each time that was due: from and to as 7d, 2h or 2026-11-21T12:43",
           "ID FROM TO", backfill);
  add_call(group, clock, "erase", "Ends a schedule; its runs go on", "ID", erase);
}

}  // namespace reprise::tools
