// Codecs that refuse signals, and code that reads signals.
#pragma once
#include <memory>
#include <stdexcept>
#include <string>

#include "tests/support/scripted_run.h"

namespace reprise::signals_test {

using testing::Execution;
using testing::Outcome;
using testing::result_of;
using testing::ScriptedRun;

inline int times_read = 0;

inline bool read_as(std::string_view wanted,
                    std::string_view payload,
                    std::shared_ptr<void>* value,
                    std::string* why_not) {
  ++times_read;
  if (!payload.starts_with(wanted)) {
    *why_not = "no " + std::string(wanted);
    return false;
  }
  *value = std::make_shared<std::string>(payload.substr(wanted.size()));
  return true;
}

inline bool read_number(std::string_view payload,
                        std::shared_ptr<void>* value,
                        std::string* why_not) {
  return read_as("n", payload, value, why_not);
}
inline bool read_text(std::string_view payload,
                      std::shared_ptr<void>* value,
                      std::string* why_not) {
  return read_as("t", payload, value, why_not);
}
inline bool read_anything(std::string_view payload,
                          std::shared_ptr<void>* value,
                          std::string* why_not) {
  return read_as("", payload, value, why_not);
}
inline bool read_with_a_bug(std::string_view, std::shared_ptr<void>*, std::string*) {
  throw std::logic_error("a bug of the codec's");
}

inline std::string value_of(const replay::Operation& taken) {
  return taken.signal->value.value
             ? *static_cast<const std::string*>(taken.signal->value.value.get())
             : "unread";
}

inline replay::OperationRef next(Execution& run, replay::ReadSignal read = read_number) {
  return run.next_signal("s", testing::at(7), read);
}

inline std::string take(Execution& run, const replay::OperationRef& signal) {
  run.wait(*signal);
  const std::string value = value_of(*signal);
  (void)signal->take_outcome();
  return value;
}

inline Outcome take_one(Execution& run) {
  return Outcome::success(take(run, next(run)));
}

}  // namespace reprise::signals_test
