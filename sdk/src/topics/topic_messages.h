// What runs say to the run of a topic's key, and what it says to them: messages between runs, whose
// payloads are not typed here.
#pragma once
#include <string>
#include <string_view>

#include "reprise/call_site.h"
#include "sdk/src/topics/topic_types.h"

namespace reprise {

class Context;
class PendingBase;

namespace internal {

struct TopicMessages {
  // Asks for a message, or no longer. Starts the topic run if it is not there. Waits until that is
  // recorded; ExternalFailure, CancelledFailure.
  static void send_wait(Context& ctx,
                        const std::string& channel,
                        const TopicWait& wait,
                        CallSite site);
  // The same, and waits for the message, or until a signal of this run was set aside: that may have
  // been the message. Then it must be asked for again, which changes nothing if it was not.
  static void ask(Context& ctx,
                  const std::string& channel,
                  const TopicWait& wait,
                  const PendingBase& message,
                  CallSite site);
  // Hands the message over. False: that run has ended.
  static bool deliver(Context& ctx,
                      const std::string& channel,
                      const TopicWait& to,
                      const TopicPayload& message);
  // This run, as one that waits.
  static TopicWait waiting_run(Context& ctx);
};

}  // namespace internal
}  // namespace reprise
