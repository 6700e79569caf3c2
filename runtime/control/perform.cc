#include "runtime/control/perform.h"

#include <optional>
#include <utility>

#include "base/utf8.h"
#include "proto/parse.h"
#include "runtime/control/frame.h"

namespace reprise::runtime {
namespace {

using ControlVerb = proto::ControlRequest::VerbCase;

proto::ControlReply new_control_reply() {
  proto::ControlReply reply;
  reply.set_version(kControlVersion);
  return reply;
}

base::Error other_control_version(std::uint32_t version) {
  return {base::ErrorCode::kControl,
          "the engine speaks version " + std::to_string(kControlVersion) +
              " of the control protocol, the request is of version " + std::to_string(version) +
              "; use the reprise command of the engine's release"};
}

base::Error unknown_control_verb() {
  return {base::ErrorCode::kControl,
          "the engine does not know this request; use the reprise command of the engine's release"};
}

base::Result<RunKey> control_key(const proto::ControlRequest& request) {
  RunKey key{request.workflow_id(), {}};
  if (request.run_id().empty()) return key;
  key.run_id = base::RunId::from_bytes(request.run_id());
  if (key.run_id) return key;
  return base::Error{base::ErrorCode::kInvalidId,
                     "a run id has 16 bytes, this one " + std::to_string(request.run_id().size())};
}

Reply<void> done_reply(ControlAnswer answer) {
  return [answer = std::move(answer)](const base::Status& status) {
    if (!status) return answer(control_error_reply(status.error()));
    proto::ControlReply reply = new_control_reply();
    reply.mutable_done();
    answer(std::move(reply));
  };
}

Reply<std::string> payload_reply(ControlAnswer answer) {
  return [answer = std::move(answer)](base::Result<std::string> payload) {
    if (!payload) return answer(control_error_reply(payload.error()));
    proto::ControlReply reply = new_control_reply();
    reply.set_payload(std::move(*payload));
    answer(std::move(reply));
  };
}

Reply<replay::Outcome> outcome_reply(ControlAnswer answer) {
  return [answer = std::move(answer)](base::Result<replay::Outcome> outcome) {
    if (!outcome) return answer(control_error_reply(outcome.error()));
    proto::ControlReply reply = new_control_reply();
    if (outcome->ok()) {
      reply.set_payload(outcome->take_payload());
    } else {
      (void)outcome->failure().SerializeToString(reply.mutable_failure());
    }
    answer(std::move(reply));
  };
}

proto::Failure control_failure(const proto::ControlFailure& told) {
  proto::Failure failure;
  failure.set_kind(proto::Failure::APPLICATION);
  failure.set_message(base::to_text(told.message()));
  failure.set_type(base::to_text(told.type()));
  failure.set_non_retryable(told.non_retryable());
  if (told.cancelled()) {
    failure.set_kind(proto::Failure::CANCELLED);
    failure.clear_type();
  }
  return failure;
}

Reply<StartedRun> started_reply(ControlAnswer answer) {
  return [done = done_reply(std::move(answer))](const base::Result<StartedRun>& started) {
    done(started ? base::Status() : base::Status(started.error()));
  };
}

verb::Start start_of_schedule(const proto::ControlSchedule& schedule,
                              RunKey key,
                              ControlAnswer answer) {
  verb::Start start;
  start.run.workflow = schedule.workflow();
  start.run.workflow_id = std::move(key.workflow_id);
  start.run.task_queue = schedule.task_queue();
  start.run.input = schedule.input();
  for (const std::string& setting : schedule.settings()) {
    // What does not parse is an empty setting, which is refused.
    (void)proto::parse(setting, &start.run.settings.emplace_back());
  }
  start.reply = started_reply(std::move(answer));
  return start;
}

// nullopt: there is no such verb.
std::optional<ClientRequest> client_request(const proto::ControlRequest& request,
                                            RunKey key,
                                            ControlAnswer answer) {
  switch (request.verb_case()) {
    case ControlVerb::kSignal:
      return verb::Signal{.key = std::move(key),
                          .name = request.signal().name(),
                          .input = request.signal().input(),
                          .reply = done_reply(std::move(answer)),
                          .checked = true};
    case ControlVerb::kQuery:
      return verb::Query{std::move(key), request.query().name(), request.query().input(),
                         payload_reply(std::move(answer))};
    case ControlVerb::kUpdate:
      return verb::Update{.key = std::move(key),
                          .name = request.update().name(),
                          .input = request.update().input(),
                          .reply = outcome_reply(std::move(answer)),
                          .id = request.update().id()};
    case ControlVerb::kCancel:
      return verb::Cancel{std::move(key), request.cancel().reason(), done_reply(std::move(answer))};
    case ControlVerb::kTerminate:
      return verb::Terminate{std::move(key), request.terminate().reason(),
                             done_reply(std::move(answer))};
    case ControlVerb::kRetry:
      return verb::Retry{std::move(key), done_reply(std::move(answer))};
    case ControlVerb::kComplete:
      return verb::Complete{.token = request.complete().token(),
                            .result = request.complete().payload(),
                            .reply = done_reply(std::move(answer))};
    case ControlVerb::kFail:
      return verb::Fail{.token = request.fail().token(),
                        .failure = control_failure(request.fail()),
                        .reply = done_reply(std::move(answer))};
    case ControlVerb::kHeartbeat:
      return verb::Heartbeat{.token = request.heartbeat().token(),
                             .details = request.heartbeat().payload(),
                             .reply = done_reply(std::move(answer))};
    case ControlVerb::kCreateSchedule:
      return start_of_schedule(request.create_schedule(), std::move(key), std::move(answer));
    case ControlVerb::VERB_NOT_SET:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

proto::ControlReply control_error_reply(const base::Error& error) {
  proto::ControlReply reply = new_control_reply();
  reply.mutable_error()->set_code(static_cast<int>(error.code));
  reply.mutable_error()->set_message(error.message);
  return reply;
}

bool asks_code(const proto::ControlRequest& request) {
  return request.verb_case() == ControlVerb::kQuery || request.verb_case() == ControlVerb::kUpdate;
}

void perform(ClientService& service, const proto::ControlRequest& request, ControlAnswer answer) {
  if (request.version() != kControlVersion) {
    return answer(control_error_reply(other_control_version(request.version())));
  }
  auto key = control_key(request);
  if (!key) return answer(control_error_reply(key.error()));
  auto asked = client_request(request, std::move(*key), answer);
  if (!asked) return answer(control_error_reply(unknown_control_verb()));
  service.ask(std::move(*asked));
}

}  // namespace reprise::runtime
