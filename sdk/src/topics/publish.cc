// Client::publish(): an update of the topic's run for that key, which is started if need be.
#include <utility>

#include "base/printable_text.h"
#include "reprise/client.h"
#include "sdk/src/checks.h"
#include "sdk/src/client/run_link.h"
#include "sdk/src/errors.h"
#include "sdk/src/topics/topic_name.h"
#include "sdk/src/topics/topic_types.h"

namespace reprise {
namespace {

runtime::StartRequest start_of_topic_run(const std::string& channel) {
  runtime::StartRequest request;
  request.workflow = std::string(internal::kTopicRun.name());
  request.workflow_id = channel;
  request.task_queue = std::string(internal::kTopicQueue);
  request.input = internal::encode_arguments(internal::kTopicRun({}).args);
  return request;
}

}  // namespace

std::size_t Client::publish_payload(std::string_view topic,
                                    std::string_view key,
                                    std::string message,
                                    const PublishOptions& options) const {
  internal::forbid_in_workflow();
  const std::string channel = internal::topic_channel(topic, key);
  internal::check(topic, options);
  if (message.size() > kMaxTopicMessageBytes) {
    throw PayloadError(internal::code_text(base::ErrorCode::kPayloadTooLarge),
                       "the message of topic '" + base::printable_text(topic) + "': " +
                           std::to_string(message.size()) + " bytes when encoded; the limit is " +
                           std::to_string(kMaxTopicMessageBytes));
  }
  const internal::TopicMessage published{{std::move(message)}, options.id, options.keep};
  auto sent = internal::UpdateLink::start(
      *service_, options_, start_of_topic_run(channel), internal::kPublish.name(),
      internal::encode_arguments(internal::kPublish(published).args), /*id=*/{});
  return UpdateHandle<std::uint64_t>(SentUpdate(std::move(sent))).result();
}

}  // namespace reprise
