#include "runtime/engine/log_sink.h"

#include <atomic>
#include <cstdlib>
#include <exception>
#include <memory>
#include <spdlog/spdlog.h>
#include <string>
#include <unistd.h>
#include <utility>

namespace reprise::runtime {
namespace {

constexpr int kExitFatal = 70;  // EX_SOFTWARE

void write_to_stderr(std::string line) {
  line = "reprise: " + std::move(line) + "\n";
  if (::write(STDERR_FILENO, line.data(), line.size()) < 0) {
    // There is nowhere else to say it.
  }
}

// What is being handled now.
std::string thrown_text() {
  try {
    throw;
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "no std::exception";
  }
}

class GuardedSink {
 public:
  explicit GuardedSink(LogSink sink) : sink_(std::move(sink)) {}
  ~GuardedSink() {
    if (failures_ > 1) {
      write_to_stderr("the log sink has thrown " + std::to_string(failures_) +
                      " times; as many lines are missing from the log");
    }
  }
  GuardedSink(const GuardedSink&) = delete;
  GuardedSink& operator=(const GuardedSink&) = delete;

  void write(LogLevel level, std::string_view line) {
    try {
      sink_(level, line);
    } catch (...) {
      if (failures_++ > 0) return;
      write_to_stderr("the log sink has thrown (" + thrown_text() +
                      "); this line is written here, later ones are lost while it throws: " +
                      std::string(line));
    }
  }

 private:
  const LogSink sink_;
  std::atomic<std::uint64_t> failures_{0};
};

}  // namespace

LogSink never_throwing(LogSink sink) {
  return [guarded = std::make_shared<GuardedSink>(std::move(sink))](
             LogLevel level, std::string_view line) { guarded->write(level, line); };
}

LogSink spdlog_sink() {
  return [](LogLevel level, std::string_view line) {
    switch (level) {
      case LogLevel::kDebug:
        return spdlog::debug("{}", line);
      case LogLevel::kInfo:
        return spdlog::info("{}", line);
      case LogLevel::kWarning:
        return spdlog::warn("{}", line);
      case LogLevel::kError:
        return spdlog::error("{}", line);
    }
  };
}

// A process that goes on after a failed commit would acknowledge nothing: every caller would wait
// for ever. Ending it makes the failure visible, and loses nothing acknowledged.
void end_process(const LogSink& log, const base::Error& why) {
  const std::string line = "the store cannot be written, ending the process with exit code " +
                           std::to_string(kExitFatal) + ": " + why.text();
  try {
    log(LogLevel::kError, line);
    if (auto* logger = spdlog::default_logger_raw(); logger != nullptr) logger->flush();
  } catch (...) {
    write_to_stderr(line + " (the log sink has thrown: " + thrown_text() + ")");
  }
  std::_Exit(kExitFatal);
}

}  // namespace reprise::runtime
