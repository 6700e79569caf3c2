#include "tools/history_form.h"

#include <unistd.h>

#include <google/protobuf/util/json_util.h>

#include "runtime/history/history.h"

namespace reprise::tools {
namespace {

std::string to_json(const proto::History& history, bool compact) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = !compact;
  options.preserve_proto_field_names = true;
  std::string text;
  const auto done = google::protobuf::util::MessageToJsonString(history, &text, options);
  REPRISE_CHECK(done.ok(), "a history without a JSON form");
  return compact ? text + "\n" : text;
}

base::Result<proto::History> from_json(std::string_view text) {
  proto::History history;
  const auto done = google::protobuf::util::JsonStringToMessage(
      google::protobuf::StringPiece(text.data(), text.size()), &history);
  if (!done.ok()) {
    return base::Error{base::ErrorCode::kNoHistory,
                       "this is no history of a run: " + std::string(done.message())};
  }
  // Checks the format, as of the other form.
  return runtime::decode_history(runtime::encode_history(history));
}

}  // namespace

void add_form_options(CLI::App& command, HistoryForm& form) {
  command
      .add_option_function<std::string>(
          "--format", [&form](const std::string& name) { form.binary = name == "binary"; },
          "json, for people, is the default")
      ->check(CLI::IsMember({"json", "binary"}));
  command.add_flag("--compact", form.compact, "JSON in few lines");
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

base::Result<proto::History> decode(std::string_view bytes) {
  const std::size_t first = bytes.find_first_not_of(" \t\r\n");
  const bool json = first != std::string_view::npos && bytes[first] == '{';
  return json ? from_json(bytes.substr(first)) : runtime::decode_history(bytes);
}

}  // namespace reprise::tools
