// Must this thread not wait for room in an engine? Many depend on some threads, as all requests of
// other processes do on that of the control socket: what they ask a full engine for is refused at
// once.
#pragma once
#include "runtime/thread_mark.h"

namespace reprise::runtime {

using NoWaiting = ThreadMark<struct NoWaitingHere>;

}  // namespace reprise::runtime
