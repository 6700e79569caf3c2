// Client::publish(): an update of the topic's run for that key, which is started if need be.
#include <utility>

#include "base/printable_text.h"
#include "reprise/client.h"
#include "sdk/src/checks.h"
#include "sdk/src/errors.h"
#include "sdk/src/topics/topic_name.h"
#include "sdk/src/topics/topic_types.h"

namespace reprise {

std::size_t Client::publish_payload(std::string_view topic,
                                    std::string_view key,
                                    std::string message,
                                    const PublishOptions& options) const {
  const std::string channel = internal::topic_channel(topic, key);
  internal::check(topic, options);
  if (message.size() > kMaxTopicMessageBytes) {
    throw PayloadError(internal::code_text(base::ErrorCode::kPayloadTooLarge),
                       "the message of topic '" + base::printable_text(topic) + "': " +
                           std::to_string(message.size()) + " bytes when encoded; the limit is " +
                           std::to_string(kMaxTopicMessageBytes));
  }
  const internal::TopicMessage published{{std::move(message)}, options.id, options.keep};
  const StartOptions start{.id = channel, .task_queue = internal::kTopicQueue};
  return update_with_start(internal::kPublish(published), internal::kTopicRun({}), start).result();
}

}  // namespace reprise
