// Is this a shard's thread, at work for the shard? Waiting there for an engine's answer would never
// end, whatever the code: workflows, queries, steps on the shard, sinks of log lines, destructors.
#pragma once
#include "runtime/thread_mark.h"

namespace reprise::runtime {

using ShardThread = ThreadMark<struct MovesAShard>;

}  // namespace reprise::runtime
