#include "tools/history_form.h"

#include <memory>
#include <unistd.h>

#include "reprise/error.h"
#include "reprise/history.h"
#include "runtime/history/history.h"

namespace reprise::tools {
namespace {

std::string to_json(const proto::History& history, bool compact) {
  const std::shared_ptr<const proto::History> not_owned(std::shared_ptr<void>(), &history);
  return History(not_owned).to_json(compact ? JsonLayout::kCompact : JsonLayout::kIndented);
}

}  // namespace

void add_form_options(CLI::App& command, HistoryForm& form) {
  command
      .add_option_function<std::string>(
          "--format", [&form](const std::string& name) { form.binary = name == "binary"; },
          "json, for people, is the default")
      ->check(CLI::IsMember({"json", "binary"}));
  command.add_flag("--compact", form.compact, "JSON with one event on each line");
}

std::string objection_to(const HistoryForm& form, const std::string& output) {
  if (!form.binary) return {};
  if (form.compact) return "--compact is for the JSON form";
  const bool to_terminal = (output.empty() || output == "-") && ::isatty(STDOUT_FILENO) == 1;
  return to_terminal ? "the binary form is nothing for a terminal; say --output FILE" : "";
}

std::string encode(const proto::History& history, const HistoryForm& form) {
  return form.binary ? runtime::encode_history(history) : to_json(history, form.compact);
}

base::Result<History> decode(std::string_view bytes) try {
  return History::parse(bytes);
} catch (const HistoryError& error) {
  const std::string_view text = error.what();
  return base::Error{base::ErrorCode::kNoHistory,
                     std::string(text.substr(error.code().size() + 1))};
}

}  // namespace reprise::tools
