#include "sdk/src/topics/topic_messages.h"

#include "proto/log.pb.h"
#include "reprise/context.h"
#include "sdk/src/checks.h"
#include "sdk/src/topics/topic_name.h"
#include "sdk/src/workflow/durable.h"

namespace reprise::internal {
namespace {

void send(replay::Execution& run, base::FunctionRef<void(proto::SignalSent&)> fill, CallSite site) {
  require_startable(run);
  const auto message = run.send_signal(fill, to_base(site));
  await_delivery(run, *message);
}

}  // namespace

void TopicMessages::send_wait(Context& ctx,
                              const std::string& channel,
                              const TopicWait& wait,
                              CallSite site) {
  const auto fill = [&](proto::SignalSent& sent) {
    sent.set_workflow_id(channel);
    sent.set_name(std::string(kTopicWait.name()));
    sent.set_input(encode_arguments(kTopicWait(wait).args));
    sent.mutable_start()->set_workflow(std::string(kTopicRun.name()));
    sent.mutable_start()->set_task_queue(std::string(kTopicQueue));
    sent.mutable_start()->set_input(encode_arguments(kTopicRun({}).args));
  };
  send(ctx.durable(), fill, site);
}

bool TopicMessages::deliver(Context& ctx,
                            const std::string& channel,
                            const TopicWait& to,
                            const TopicPayload& message) {
  const auto fill = [&](proto::SignalSent& sent) {
    sent.set_workflow_id(to.workflow_id);
    sent.set_run_id(to.run_id.bytes);
    sent.set_name(channel);
    sent.set_input(message.bytes);
  };
  try {
    send(ctx.durable(), fill, CallSite::current());
    return true;
  } catch (const ExternalFailure&) {
    return false;
  }
}

void TopicMessages::ask(Context& ctx,
                        const std::string& channel,
                        const TopicWait& wait,
                        const PendingBase& message,
                        CallSite site) {
  const replay::Execution& run = ctx.durable();
  const std::uint64_t set_aside = run.signals_set_aside();
  send_wait(ctx, channel, wait, site);
  ctx.wait_until([&] { return message.ready() || run.signals_set_aside() != set_aside; }, site);
}

TopicWait TopicMessages::waiting_run(Context& ctx) {
  const RunInfo info = ctx.info();
  const auto id = base::RunId::parse(info.run_id);
  return {.workflow_id = info.workflow_id,
          .run_id = {id ? std::string(id->bytes()) : std::string()},
          .wait = ctx.uuid()};
}

void await_topic_message(Context& ctx,
                         const std::string& channel,
                         PendingBase& message,
                         CallSite site) {
  if (message.ready()) return;
  TopicWait wait = TopicMessages::waiting_run(ctx);
  try {
    while (!message.ready()) TopicMessages::ask(ctx, channel, wait, message, site);
    return;
  } catch (const CancelledFailure&) {
    // Below: nothing can be sent in a cancelled scope.
  }
  const Shield shield(ctx);
  wait.given_up = true;
  try {
    TopicMessages::send_wait(ctx, channel, wait, site);
  } catch (const ExternalFailure&) {
    // The topic run takes no messages now: it will find out when it sends one.
  }
  throw_cancelled();
}

}  // namespace reprise::internal
