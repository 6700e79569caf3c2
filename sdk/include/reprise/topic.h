// Messages that reach runs by a business key instead of a workflow id.
#pragma once
#include <chrono>
#include <cstddef>
#include <reprise/call_site.h>
#include <reprise/options.h>
#include <reprise/time.h>
#include <string>
#include <string_view>

namespace reprise {

class Context;
class PendingBase;

// A named stream of messages of one type. A message is published under a key, and reaches each run
// that waits for a message of that topic and key: Client::publish(), Context::receive(). Define it
// as `inline constexpr` in a header that publishers and workflows share. Thread-safe; owns nothing.
// The name, UTF-8, is recorded in histories; with the key it has at most kMaxTopicBytes bytes.
// docs/language/topics.md.
template <class T>
class Topic {
 public:
  constexpr explicit Topic(std::string_view name) : name_(name) {}
  constexpr std::string_view name() const { return name_; }

 private:
  std::string_view name_;
};

// The bytes of a topic's name and a key together. A '/' or '%' in the name counts three.
inline constexpr std::size_t kMaxTopicBytes = 900;

// One encoded message: a payload with room for what comes with it.
inline constexpr std::size_t kMaxTopicMessageBytes = kMaxPayloadBytes - 4'096;

// How Client::publish() publishes.
struct PublishOptions {
  // Messages of one topic and key with the same id are one message: the second call returns what
  // the first one did. Remembered for `keep`. 1 to kMaxIdBytes bytes of UTF-8; empty: none.
  std::string id{};
  // How long a message that no run waits for is kept, for the first run that does. 0: it is not.
  // At least 0.
  Duration keep = std::chrono::hours(1);
};

namespace internal {

// The signal by which messages with that key reach a run. InvalidOption RP3003.
std::string topic_channel(std::string_view topic, std::string_view key);

// Waits until `message`, the next signal of the channel, is there, and asks for one. Throws
// CancelledFailure, ExternalFailure.
void await_topic_message(Context& ctx,
                         const std::string& channel,
                         PendingBase& message,
                         CallSite site);

}  // namespace internal
}  // namespace reprise
