// Is this the thread that moves a shard, and is it doing so now? Whoever waits for an engine's
// answer there waits for ever, whatever code it is that waits: workflows, queries, steps on the
// shard, sinks of log lines, destructors.
#pragma once
#include "runtime/thread_mark.h"

namespace reprise::runtime {

using ShardThread = ThreadMark<struct MovesAShard>;

}  // namespace reprise::runtime
