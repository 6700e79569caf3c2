#include "tools/audit_command.h"

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/place_holder.h"
#include "base/whole_number.h"
#include "event/payload_json.h"
#include "event/text.h"
#include "runtime/engine/audit_reader.h"
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
  for (const std::string& name : {entry.other_run, entry.principal}) {
    if (!name.empty()) text += " " + safe_text(name);
  }
  return text;
}

// The name of an operation that the event itself does not have.
std::string operation_name(const AuditEntry& entry) {
  const bool has_one = event::row_of(entry.event).called != nullptr;
  return has_one || entry.name.empty() ? "" : " " + safe_text(entry.name);
}

void print_text(const AuditEntry& entry, const AuditOptions& options) {
  const std::string details = details_of(entry.event, options.longest(), Principal::kLeftOut);
  const std::string site = event::place_of(entry.event);
  std::printf("%6llu  %s  %-16s  %s%s%s%s%s\n", static_cast<unsigned long long>(entry.number),
              utc_millis(entry.time_ms).c_str(), who_text(entry).c_str(),
              kind_of(entry.event).c_str(), operation_name(entry).c_str(),
              details.empty() ? "" : (" " + details).c_str(),
              site.empty() ? "" : ("  at " + site).c_str(),
              entry.copied_from.empty() ? "" : ("  copied from run " + entry.copied_from).c_str());
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
  if (!entry.copied_from.empty()) line["copied_from"] = entry.copied_from;
  if (row.id != nullptr && row.id(event) != 0) line["operation"] = row.id(event);
  if (event.has_attempt_failed()) line["attempt"] = event.attempt_failed().attempt();
  if (event.has_decision_recorded()) line["outcome"] = event.decision_recorded().outcome();
  if (row.remark != nullptr && !row.remark(event).empty()) line["reason"] = row.remark(event);
  if (row.payload != nullptr && !row.payload(event).empty()) {
    if (const auto holder = base::place_holder_text(row.payload(event))) {
      line["sealed"] = *holder;
    } else {
      line[runtime::payload_name(row, event)] = event::payload_json(row.payload(event));
    }
  }
  const proto::Failure* const failure = row.failure != nullptr ? row.failure(event) : nullptr;
  if (failure != nullptr && failure->ByteSizeLong() != 0) line["failure"] = failure_text(*failure);
  line["text"] = details_of(event, event::kShortPayload, Principal::kLeftOut);
  if (const std::string site = event::place_of(event); !site.empty()) line["called_at"] = site;
  return line;
}

void audit(const AuditOptions& options) {
  const auto reader = options.store.open();
  const auto run = options.store.find(*reader);
  runtime::AuditReader history(reader->store(), reader->sealing(), runtime::stored_history(*run));
  const base::Status whole = history.look_through();
  std::size_t shown = 0;
  bool more = false;
  const auto print = [&](const AuditEntry& entry) {
    if (options.limit != 0 && shown == options.limit) return base::go_on_if(!(more = true));
    ++shown;
    if (options.json) {
      std::printf("%s\n", dump(entry_json(entry)).c_str());
    } else {
      print_text(entry, options);
    }
    return base::Next::kGoOn;
  };
  const base::Status read = history.visit(0, options.technical, print);
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
