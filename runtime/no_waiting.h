// Is this thread one that must not wait for room in an engine? Many requests may depend on one
// thread, as those of other processes do on the control socket's: a full engine refuses its
// requests at once.
#pragma once
#include "runtime/thread_mark.h"

namespace reprise::runtime {

using NoWaiting = ThreadMark<struct NoWaitingHere>;

}  // namespace reprise::runtime
