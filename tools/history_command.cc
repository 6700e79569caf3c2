#include "tools/history_command.h"

#include <cstdio>
#include <memory>

#include "event/catalogue.h"
#include "event/payload_text.h"
#include "event/text.h"
#include "runtime/fold/run_state.h"
#include "tools/event_text.h"
#include "tools/history_form.h"
#include "tools/store_arguments.h"
#include "tools/time_text.h"

namespace reprise::tools {
namespace {

struct HistoryOptions {
  explicit HistoryOptions(CLI::App& command) : store(command, StoreArguments::About::kRun) {}

  StoreArguments store;
  bool full = false;
  bool json = false;
};

// Collects the lines: printing could block on the reader, and the history is read inside a
// transaction.
class Lines {
 public:
  explicit Lines(std::size_t longest) : longest_(longest) {}

  void add(const proto::Turn& turn) {
    for (const proto::Event& input : turn.inputs()) {
      // Workflow code never sees the engine's bookkeeping.
      const bool deferred = turn.without_code() && !event::is_bookkeeping(input);
      add(turn, input, deferred ? "  (deferred)" : "");
    }
    for (const proto::Event& command : turn.commands()) add(turn, command, "");
  }
  const std::string& text() const { return text_; }

 private:
  void add(const proto::Turn& turn, const proto::Event& event, const char* remark) {
    std::string site = event::place_of(event);
    if (!site.empty()) site = "  at " + site;
    const std::string details = details_of(event, longest_);
    char number[32];
    std::snprintf(number, sizeof number, "%6llu  ", static_cast<unsigned long long>(++number_));
    text_ += number + utc_millis(turn.time_ms()) + "  " + kind_of(event);
    if (!details.empty()) text_ += " " + details;
    text_ += site + remark + "\n";
  }

  const std::size_t longest_;
  std::uint64_t number_ = 0;
  std::string text_;
};

void print_lines(const HistoryOptions& options,
                 const runtime::StoreReader& reader,
                 const runtime::RunState& run) {
  const auto history = reader.history(run);
  if (!history) give_up(options.store.command(), history.error().text(), kNotThere);
  const std::string text = encode(*history, {.compact = true});
  std::fwrite(text.data(), 1, text.size(), stdout);
}

void print(const HistoryOptions& options) {
  const auto reader = options.store.open();
  const auto run = options.store.find(*reader);
  if (options.json) return print_lines(options, *reader, *run);
  Lines lines(options.full ? event::kWholePayload : event::kShortPayload);
  const auto read =
      reader->visit_turns(*run, [&](store::Seq, const proto::Turn& turn) { lines.add(turn); });
  std::fwrite(lines.text().data(), 1, lines.text().size(), stdout);
  if (!read) give_up(options.store.command(), read.error().text(), kNotThere);
}

}  // namespace

void add_history_command(CLI::App& app) {
  CLI::App* const command =
      app.add_subcommand("history", "Prints the events of a run, each on a line");
  const auto options = std::make_shared<HistoryOptions>(*command);
  CLI::Option* const json =
      command->add_flag("--json", options->json, "exactly and without loss: as export --compact");
  command->add_flag("--full", options->full, "payloads whole, however long they are")
      ->excludes(json);
  command->footer(
      "The numbers are those that mismatch reports name. Times are of turns, and UTC.\n"
      "Exit codes: 0 printed; 1 no such run, or its history does not verify: what comes before "
      "the\n"
      "damage is printed; 2 the store cannot be read.");
  command->callback([options] { print(*options); });
}

}  // namespace reprise::tools
