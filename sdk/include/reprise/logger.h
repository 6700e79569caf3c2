// Log lines of workflow code.
#pragma once
#include <reprise/internal/opaque.h>
#include <reprise/options.h>
#include <string_view>

namespace reprise {

class Context;

namespace internal {
struct WorkflowHost;
}  // namespace internal

// Log lines of workflow code: written once, not again on replay. Usable wherever its Context is,
// and in steps and query handlers. Records no event; a line that cannot be written throws nothing.
class Logger {
 public:
  void debug(std::string_view line) const { write(LogLevel::kDebug, line); }
  void info(std::string_view line) const { write(LogLevel::kInfo, line); }
  void warning(std::string_view line) const { write(LogLevel::kWarning, line); }
  void error(std::string_view line) const { write(LogLevel::kError, line); }

 private:
  friend class Context;
  Logger(replay::Execution& execution, const internal::WorkflowHost& host)
      : execution_(&execution), host_(&host) {}
  void write(LogLevel level, std::string_view line) const;

  replay::Execution* execution_;
  const internal::WorkflowHost* host_;
};

}  // namespace reprise
