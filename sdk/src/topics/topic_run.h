// One key of a topic: a run of the library's own, written against the public interface. It knows
// which runs wait for a message, keeps messages while none does, and ends when it has nothing left
// to keep or to remember.
//
//   Client::publish()  ── update ──► topic run ── signal ──► each run that waits
//   Context::receive() ── signal ──►
//
// Both start it if it is not there. Its workflow id, and the name of the signal that it sends, is
// topic_channel().
#pragma once
#include "sdk/src/topics/topic_types.h"

namespace reprise {

class Context;

namespace internal {

// Kept messages of one key have at most so many bytes together, and so have the ids that are
// remembered: the state must fit into a payload.
inline constexpr std::size_t kMostKeptBytes = std::size_t{1} << 20;
inline constexpr std::size_t kMostIdBytes = std::size_t{1} << 19;

void run_topic(Context& ctx, const TopicState& state);

}  // namespace internal
}  // namespace reprise
