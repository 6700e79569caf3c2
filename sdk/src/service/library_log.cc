#include "sdk/src/service/library_log.h"

#include <algorithm>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <google/protobuf/stubs/common.h>

// Later versions log by way of Abseil, which has sinks of its own.
#if GOOGLE_PROTOBUF_VERSION < 4022000
#define REPRISE_PROTOBUF_LOGS 1
#include <google/protobuf/stubs/logging.h>
#endif

namespace reprise::internal {
namespace {

using Sink = std::shared_ptr<const LogSink>;

// Protobuf's handler is a plain function, so its state is global too.
struct Sinks {
  std::mutex mutex;
  std::vector<Sink> all;
};

Sinks& sinks() {
  static auto* const kSinks = new Sinks;  // lines may come while the process ends
  return *kSinks;
}

#ifdef REPRISE_PROTOBUF_LOGS

namespace pb = google::protobuf;

pb::LogHandler* handler_before = nullptr;

LogLevel level_of(pb::LogLevel level) {
  switch (level) {
    case pb::LOGLEVEL_INFO:
      return LogLevel::kInfo;
    case pb::LOGLEVEL_WARNING:
      return LogLevel::kWarning;
    case pb::LOGLEVEL_ERROR:
    case pb::LOGLEVEL_FATAL:
      return LogLevel::kError;
  }
  return LogLevel::kError;
}

void take(pb::LogLevel level, const char* file, int line, const std::string& message) {
  Sink sink;
  {
    const std::lock_guard lock(sinks().mutex);
    if (!sinks().all.empty()) sink = sinks().all.back();
  }
  if (sink != nullptr) return (*sink)(level_of(level), "protobuf: " + message);
  if (handler_before != nullptr) handler_before(level, file, line, message);
}

// Once: protobuf reads its handler without a lock, so it is never removed.
void install() {
  static const bool kInstalled = [] {
    handler_before = pb::SetLogHandler(&take);
    return true;
  }();
  (void)kInstalled;
}

#else

void install() {}

#endif

}  // namespace

LibraryLog::LibraryLog(LogSink log) : log_(std::make_shared<const LogSink>(std::move(log))) {
  install();
  const std::lock_guard lock(sinks().mutex);
  sinks().all.push_back(log_);
}

LibraryLog::~LibraryLog() {
  const std::lock_guard lock(sinks().mutex);
  std::erase(sinks().all, log_);
}

}  // namespace reprise::internal
