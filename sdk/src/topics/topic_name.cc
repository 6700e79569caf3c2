#include "sdk/src/topics/topic_name.h"

#include <string>

#include "base/error.h"
#include "reprise/topic.h"
#include "sdk/src/checks.h"
#include "sdk/src/errors.h"

namespace reprise::internal {
namespace {

// So that topic and key are told apart. In UTF-8 no other character has these bytes.
void append_name(std::string_view topic, std::string* out) {
  for (const char c : topic) {
    if (c == '/') {
      *out += "%2F";
    } else if (c == '%') {
      *out += "%25";
    } else {
      *out += c;
    }
  }
}

}  // namespace

std::string topic_channel(std::string_view topic, std::string_view key) {
  check_id("the topic's name", topic);
  check_id("the topic's key", key);
  std::string channel(kTopicPrefix);
  append_name(topic, &channel);
  const std::size_t bytes = channel.size() - kTopicPrefix.size() + key.size();
  if (bytes > kMaxTopicBytes) {
    throw InvalidOption(code_text(base::ErrorCode::kInvalidId),
                        "the topic's name and key have " + std::to_string(bytes) +
                            " bytes together; at most " + std::to_string(kMaxTopicBytes) +
                            " are allowed");
  }
  channel += '/';
  channel += key;
  return channel;
}

}  // namespace reprise::internal
