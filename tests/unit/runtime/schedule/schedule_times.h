// Times in tests of schedules, as text.
#pragma once
#include <date/date.h>
#include <sstream>
#include <string>

#include "base/time.h"

namespace reprise::schedule {

inline base::Time at(const std::string& text) {
  std::istringstream in(text);
  base::Time time;
  in >> date::parse("%FT%TZ", time);
  return time;
}

inline std::string text_of(base::Time time) {
  return date::format("%FT%TZ", date::floor<std::chrono::seconds>(time));
}

}  // namespace reprise::schedule
