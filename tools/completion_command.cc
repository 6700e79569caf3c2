#include "tools/completion_command.h"

#include <cstdio>
#include <exception>
#include <memory>
#include <string>

#include "runtime/completion_token.h"
#include "sdk/src/history/json.h"
#include "sdk/src/history/payload_json.h"
#include "tools/engine_call.h"

namespace reprise::tools {
namespace {

struct CompletionOptions {
  explicit CompletionOptions(CLI::App& command)
      : store(command, StoreArguments::About::kToken), call(command) {}

  StoreArguments store;
  EngineCall call;
  std::string json{};
  std::string message = "failed by reprise fail";
  std::string type{};
  bool no_retry = false;
  bool cancelled = false;
};

// Empty: none was given.
std::string payload_given(const CompletionOptions& options) {
  if (options.json.empty()) return {};
  try {
    return internal::payload_from_json(internal::parse_json(options.json, options.json));
  } catch (const std::exception& error) {
    give_up(options.store.command(),
            options.json + " is no JSON: " + error.what() +
                ". A text has double quotes of its own: '\"ann\"'",
            kCannotRead);
  }
}

void ask_about_attempt(const CompletionOptions& options,
                       const std::string& token,
                       const proto::ControlRequest& request,
                       const char* what) {
  const auto answer = options.call.ask_as_it_is(options.store, request);
  const auto attempt = runtime::read_token(token);  // it has been verified
  std::printf("%s: attempt %u of activity #%u %s%s\n",
              attempt ? safe_text(attempt->run.workflow_id).c_str() : "",
              attempt ? attempt->attempt : 0, attempt ? attempt->operation : 0, what,
              answer.by_engine ? "" : "; the run goes on when an engine runs");
}

void complete_attempt(const CompletionOptions& options) {
  const std::string token = options.store.token();
  proto::ControlRequest request;
  request.mutable_complete()->set_token(token);
  request.mutable_complete()->set_payload(payload_given(options));
  ask_about_attempt(options, token, request, "is completed");
}

void fail_attempt(const CompletionOptions& options) {
  const std::string token = options.store.token();
  proto::ControlRequest request;
  request.mutable_fail()->set_token(token);
  request.mutable_fail()->set_message(options.message);
  request.mutable_fail()->set_type(options.type);
  request.mutable_fail()->set_non_retryable(options.no_retry);
  request.mutable_fail()->set_cancelled(options.cancelled);
  ask_about_attempt(options, token, request, "has failed");
}

void send_attempt_heartbeat(const CompletionOptions& options) {
  const std::string token = options.store.token();
  proto::ControlRequest request;
  request.mutable_heartbeat()->set_token(token);
  request.mutable_heartbeat()->set_payload(payload_given(options));
  ask_about_attempt(options, token, request, "goes on");
}

struct Command {
  const char* name;
  const char* description;
  const char* footer;
  void (*act)(const CompletionOptions&);
};

std::shared_ptr<CompletionOptions> add_completion(CLI::App& app, const Command& added) {
  CLI::App* const command = app.add_subcommand(added.name, added.description);
  const auto options = std::make_shared<CompletionOptions>(*command);
  command->footer(std::string(added.footer) + "\n" + kEngineCallExitCodes);
  command->callback([options, act = added.act] { act(*options); });
  return options;
}

}  // namespace

void add_completion_commands(CLI::App& app) {
  const auto complete = add_completion(
      app, {"complete", "Completes an activity that waits for it: reprise complete DIR TOKEN",
            "The token is what Completion::token() gave. Recorded when the command ends, whether "
            "an\n"
            "engine runs or not. Other users of the machine can see a command line: give the "
            "token\n"
            "on the standard input where that matters.",
            complete_attempt});
  app.get_subcommand("complete")
      ->add_option("--json", complete->json, "the result, if the activity returns one");
  const auto fail = add_completion(
      app, {"fail", "Fails the attempt of an activity: reprise fail DIR TOKEN",
            "It is retried as if its function had thrown an ApplicationFailure.", fail_attempt});
  CLI::App* const failing = app.get_subcommand("fail");
  failing->add_option("--message", fail->message, "why, for the history and the code");
  failing->add_option("--type", fail->type, "for code that tells failures apart");
  failing->add_flag("--no-retry", fail->no_retry, "no further attempt is made");
  failing->add_flag("--cancelled", fail->cancelled,
                    "the activity was cancelled, and its attempt has stopped");
  const auto heartbeat = add_completion(
      app, {"heartbeat", "Says that an attempt goes on: reprise heartbeat DIR TOKEN",
            "Moves the limit ActivityOptions::heartbeat of an attempt that is left open.",
            send_attempt_heartbeat});
  app.get_subcommand("heartbeat")
      ->add_option("--json", heartbeat->json, "how far it has come, for the next attempt");
}

}  // namespace reprise::tools
