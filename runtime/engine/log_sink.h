// The caller's log sink, made safe: a failing logger must not make the engine fail.
#pragma once
#include "runtime/engine/engine.h"

namespace reprise::runtime {

// Throws nothing. The first line for which `sink` throws goes to standard error, with the
// exception; later ones are counted, and the count goes there when this is destroyed. Thread-safe
// if `sink` is.
LogSink never_throwing(LogSink sink);

// spdlog's default logger.
LogSink spdlog_sink();

// The process cannot go on: writes the reason to the log, or to standard error if the log throws,
// and ends with exit code 70 (EX_SOFTWARE).
[[noreturn]] void end_process(const LogSink& log, const base::Error& why);

}  // namespace reprise::runtime
