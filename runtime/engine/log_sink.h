// The caller's log sink, made safe: a logger that fails is no reason to fail.
#pragma once
#include "runtime/engine/engine.h"

namespace reprise::runtime {

// Throws nothing. The first line that `sink` throws at goes to standard error, with what was
// thrown; later ones are counted, and the count goes there when the sink is destroyed. Thread-safe
// if `sink` is.
LogSink never_throwing(LogSink sink);

// spdlog's default logger.
LogSink spdlog_sink();

// The process cannot go on: says why in the log, and on standard error if the log throws, and ends
// it with exit code 70 (EX_SOFTWARE).
[[noreturn]] void end_process(const LogSink& log, const base::Error& why);

}  // namespace reprise::runtime
