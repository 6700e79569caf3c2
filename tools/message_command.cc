#include "tools/message_command.h"

#include <cstdio>
#include <exception>
#include <memory>
#include <string>

#include "sdk/src/history/json.h"
#include "sdk/src/history/payload_json.h"
#include "tools/engine_call.h"
#include "tools/run_text.h"

namespace reprise::tools {
namespace {

struct MessageOptions {
  explicit MessageOptions(CLI::App& command)
      : store(command, StoreArguments::About::kMessage), call(command) {}

  StoreArguments store;
  EngineCall call;
  std::string id;  // of an update
};

internal::Json read_argument(const MessageOptions& options,
                             const std::string& text,
                             std::size_t number) {
  try {
    return internal::parse_json(text, text);
  } catch (const std::exception& error) {
    give_up(options.store.command(),
            "argument " + std::to_string(number) + ", " + text + ", is no JSON: " + error.what() +
                ". A text has double quotes of its own: '\"ann\"'",
            kCannotRead);
  }
}

// Arguments are encoded as an array, as in the SDK.
std::string encode_arguments(const MessageOptions& options) {
  internal::Json all = internal::Json::array();
  for (const std::string& text : options.store.arguments()) {
    all.push_back(read_argument(options, text, all.size() + 1));
  }
  try {
    return internal::payload_from_json(all);
  } catch (const std::exception& error) {
    give_up(options.store.command(), std::string("the arguments are no payload: ") + error.what(),
            kCannotRead);
  }
}

void fill_message(const MessageOptions& options, proto::ControlMessage* message) {
  message->set_name(options.store.name());
  message->set_input(encode_arguments(options));
}

void print_answer(const std::string& payload) {
  if (!payload.empty()) print_json(nlohmann::json(internal::payload_to_json(payload)));
}

void send_signal(const MessageOptions& options) {
  proto::ControlRequest request;
  fill_message(options, request.mutable_signal());
  const auto answer = options.call.ask(options.store, std::move(request));
  std::printf("%s: signal %s is recorded%s\n", title_of(*answer.run).c_str(),
              safe_text(options.store.name()).c_str(),
              answer.by_engine ? "" : "; the run sees it when an engine runs");
}

void send_query(const MessageOptions& options) {
  proto::ControlRequest request;
  fill_message(options, request.mutable_query());
  print_answer(options.call.ask(options.store, std::move(request)).payload);
}

void send_update(const MessageOptions& options) {
  proto::ControlRequest request;
  fill_message(options, request.mutable_update());
  request.mutable_update()->set_id(options.id);
  print_answer(options.call.ask(options.store, std::move(request)).payload);
}

std::shared_ptr<MessageOptions> add_message(CLI::App& app,
                                            const char* name,
                                            const char* description,
                                            const char* footer,
                                            void (*send)(const MessageOptions&)) {
  CLI::App* const command = app.add_subcommand(name, description);
  const auto options = std::make_shared<MessageOptions>(*command);
  command->footer(std::string(footer) + "\n" + kEngineCallExitCodes);
  command->callback([options, send] { send(*options); });
  return options;
}

}  // namespace

void add_message_commands(CLI::App& app) {
  (void)add_message(
      app, "signal", "Sends a signal to a run: reprise signal DIR RUN NAME [ARGUMENT]...",
      "The arguments are JSON: reprise signal shop.db order-7 approve '{\"by\":\"ann\"}'. It is\n"
      "recorded when the command ends, whether an engine runs or not.",
      send_signal);
  (void)add_message(app, "query", "Asks a run's code: reprise query DIR RUN NAME [ARGUMENT]...",
                    "The answer is printed as JSON. It takes an engine that has the run's code.",
                    send_query);
  const auto update = add_message(
      app, "update", "Has a run handle an update: reprise update DIR RUN NAME [ARGUMENT]...",
      "What the handler returns is printed as JSON. It takes an engine that has the run's code. "
      "An\n"
      "update that is not answered in time goes on; its answer is in the history. With --id the\n"
      "command can be given again: the update is handled once, and answered again.",
      send_update);
  app.get_subcommand("update")->add_option("--id", update->id,
                                           "updates with the same id are one update");
}

}  // namespace reprise::tools
