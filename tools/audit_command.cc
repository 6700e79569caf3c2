#include "tools/audit_command.h"

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/whole_number.h"
#include "event/payload_json.h"
#include "event/text.h"
#include "runtime/history/audit_trail.h"
#include "tools/event_text.h"
#include "tools/run_text.h"
#include "tools/store_arguments.h"
#include "tools/time_text.h"

namespace reprise::tools {
namespace {

using nlohmann::json;
using runtime::AuditEntry;

struct AuditOptions {
  explicit AuditOptions(CLI::App& command) : store(command, StoreArguments::About::kRun) {}

  StoreArguments store;
  std::size_t limit = 100;
  bool technical = false;
  bool full = false;
  bool json = false;

  std::size_t longest() const { return full ? event::kWholePayload : event::kShortPayload; }
};

// ---- how an entry is shown --------------------------------------------------------------------

std::string who_text(const AuditEntry& entry) {
  std::string text(to_string(entry.actor));
  const std::string& name = entry.principal.empty() ? entry.other_run : entry.principal;
  return name.empty() ? text : text + " " + safe_text(name);
}

// The name of an operation that the event itself does not have.
std::string operation_name(const AuditEntry& entry) {
  const bool has_one = event::row_of(entry.event).called != nullptr;
  return has_one || entry.name.empty() ? "" : " " + safe_text(entry.name);
}

void print_text(const AuditEntry& entry, const AuditOptions& options) {
  const std::string details = details_of(entry.event, options.longest(), Principal::kLeftOut);
  const std::string site = event::place_of(entry.event);
  std::printf("%6llu  %s  %-16s  %s%s%s%s\n", static_cast<unsigned long long>(entry.number),
              utc_millis(entry.time_ms).c_str(), who_text(entry).c_str(),
              kind_of(entry.event).c_str(), operation_name(entry).c_str(),
              details.empty() ? "" : (" " + details).c_str(),
              site.empty() ? "" : ("  at " + site).c_str());
}

// As in histories: "input", "result", "value", "heartbeat".
std::string payload_name(const event::Row& row, const proto::Event& event) {
  const google::protobuf::Message& body = row.body(event);
  const std::string& payload = row.payload(event);
  for (int i = 0; i < body.GetDescriptor()->field_count(); ++i) {
    const auto* const field = body.GetDescriptor()->field(i);
    if (field->type() != google::protobuf::FieldDescriptor::TYPE_BYTES) continue;
    std::string scratch;
    if (&body.GetReflection()->GetStringReference(body, field, &scratch) == &payload) {
      return field->name();
    }
  }
  return "payload";
}

json entry_json(const AuditEntry& entry) {
  const proto::Event& event = entry.event;
  const event::Row& row = event::row_of(event);
  json line = {{"event", entry.number},
               {"time", utc_iso(entry.time_ms)},
               {"kind", kind_of(event)},
               {"by", to_string(entry.actor)}};
  if (!entry.principal.empty()) line["principal"] = entry.principal;
  if (!entry.other_run.empty()) line["run"] = entry.other_run;
  if (!entry.name.empty()) line["name"] = entry.name;
  if (row.id != nullptr && row.id(event) != 0) line["operation"] = row.id(event);
  if (event.has_attempt_failed()) line["attempt"] = event.attempt_failed().attempt();
  if (event.has_decision_recorded()) line["outcome"] = event.decision_recorded().outcome();
  if (row.remark != nullptr && !row.remark(event).empty()) line["reason"] = row.remark(event);
  if (row.payload != nullptr && !row.payload(event).empty()) {
    line[payload_name(row, event)] = event::payload_json(row.payload(event));
  }
  const proto::Failure* const failure = row.failure != nullptr ? row.failure(event) : nullptr;
  if (failure != nullptr && failure->ByteSizeLong() != 0) line["failure"] = failure_text(*failure);
  line["text"] = details_of(event, event::kShortPayload, Principal::kLeftOut);
  if (const std::string site = event::place_of(event); !site.empty()) line["called_at"] = site;
  return line;
}

// ---- a history from its end -------------------------------------------------------------------

// Where a part of the history begins: after that record.
struct Mark {
  store::ChainEnd after;
  std::uint64_t events = 0;  // before it
};

// Records can only be read forwards. So the run is read once for places to begin from and for the
// names of its operations; then part by part, from the last one on. One part is in memory at a
// time.
class BackwardsReader {
 public:
  BackwardsReader(const runtime::StoreReader& reader, const runtime::RunState& run)
      : reader_(reader), run_(run) {}

  base::Status look_through() {
    marks_.push_back({{.run = run_.number}, 0});
    std::uint64_t events = 0;
    std::size_t bytes = 0;
    const auto take = [&](const store::ChainEnd& end, const proto::Turn& turn) {
      for (const auto& input : turn.inputs()) names_.note(event::row_of(input), input);
      for (const auto& command : turn.commands()) names_.note(event::row_of(command), command);
      events += static_cast<std::uint64_t>(turn.inputs_size() + turn.commands_size());
      bytes += turn.ByteSizeLong();
      if (events - marks_.back().events >= kPartEvents || bytes >= kPartBytes) {
        marks_.push_back({end, events});
        bytes = 0;
      }
    };
    return reader_.visit_turns_after(marks_.front().after, run_, take);
  }

  // `visit` returns false when it has seen enough.
  template <class Visit>
  base::Status visit(bool technical, const Visit& visit) {
    store::Seq until = run_.last_seq;
    base::Status damage;
    for (; !marks_.empty(); marks_.pop_back()) {
      std::vector<AuditEntry> part;
      const Mark& mark = marks_.back();
      // What comes before damage is shown.
      const base::Status read = read_part(mark, until, technical, &part);
      if (!read && damage) damage = read;
      for (auto entry = part.rbegin(); entry != part.rend(); ++entry) {
        if (!visit(*entry)) return damage;
      }
      until = mark.after.seq;
    }
    return damage;
  }

 private:
  static constexpr std::uint64_t kPartEvents = 4'096;
  static constexpr std::size_t kPartBytes = 4 << 20;

  base::Status read_part(const Mark& mark,
                         store::Seq until,
                         bool technical,
                         std::vector<AuditEntry>* part) const {
    std::uint64_t number = mark.events;
    const auto add = [&](const proto::Event& event, std::int64_t time_ms) {
      ++number;
      const event::Row& row = event::row_of(event);
      if (!technical && runtime::is_technical(row)) return;
      part->push_back(runtime::make_audit_entry(row, event, time_ms, number, names_));
    };
    const auto take = [&](const store::ChainEnd& end, const proto::Turn& turn) -> base::Visited {
      if (end.seq > until) return base::Next::kStop;
      for (const auto& input : turn.inputs()) add(input, turn.time_ms());
      for (const auto& command : turn.commands()) add(command, turn.time_ms());
      return base::go_on_if(end.seq < until);
    };
    return reader_.visit_turns_after(mark.after, run_, take);
  }

  const runtime::StoreReader& reader_;
  const runtime::RunState& run_;
  runtime::OperationNames names_;
  std::vector<Mark> marks_;
};

void audit(const AuditOptions& options) {
  const auto reader = options.store.open();
  const auto run = options.store.find(*reader);
  BackwardsReader history(*reader, *run);
  const base::Status whole = history.look_through();
  std::size_t shown = 0;
  bool more = false;
  const auto print = [&](const AuditEntry& entry) {
    if (options.limit != 0 && shown == options.limit) return !(more = true);
    ++shown;
    if (options.json) {
      std::printf("%s\n", dump(entry_json(entry)).c_str());
    } else {
      print_text(entry, options);
    }
    return true;
  };
  const base::Status read = history.visit(options.technical, print);
  std::fflush(stdout);
  if (!whole) give_up(options.store.command(), whole.error().text(), kNotThere);
  if (!read) give_up(options.store.command(), read.error().text(), kNotThere);
  if (more && !options.json) {
    std::fprintf(stderr, "the newest %zu; there are more: --limit 0 shows them all\n", shown);
  }
}

}  // namespace

void add_audit_command(CLI::App& app) {
  CLI::App* const command = app.add_subcommand(
      "audit", "Who did what to a run, and what it did: the newest first, each on a line");
  const auto options = std::make_shared<AuditOptions>(*command);
  command->add_flag("--json", options->json, "JSON lines: an object for each, with whole payloads");
  command->add_flag("--technical", options->technical,
                    "timers, heartbeats, values of side effects and the like too");
  command->add_flag("--full", options->full, "payloads whole, however long they are")
      ->excludes("--json");
  command->add_option("--limit", options->limit, "how many at most; 0: all")
      ->capture_default_str()
      ->check([](const std::string& text) { return base::fault_of_number(text, 0); });
  command->footer(
      "Who: client (and its principal, if it has said), run (another one), code (the run's own),\n"
      "worker (an attempt), engine (a limit, a delay, the end of a process).\n"
      "Exit codes: 0 printed; 1 no such run, or its history does not verify; 2 the store cannot "
      "be\n"
      "read.");
  command->callback([options] { audit(*options); });
}

}  // namespace reprise::tools
