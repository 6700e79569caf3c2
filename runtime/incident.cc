#include "runtime/incident.h"

#include <cctype>

#include "base/shell_word.h"

namespace reprise::runtime {
namespace {

bool is_digit(char c) {
  return std::isdigit(static_cast<unsigned char>(c)) != 0;
}

// The last code before the file's name ends at the colon, and digits follow.
bool is_place(std::string_view text, std::size_t colon) {
  if (colon == 0 || colon + 1 >= text.size() || !is_digit(text[colon + 1])) return false;
  const std::size_t word = text.find_last_of(" \t\n('", colon);
  const std::string_view file = text.substr(word + 1, colon - word - 1);
  for (const char* const ending : {".cc", ".cpp", ".cxx", ".h", ".hpp", ".c"}) {
    if (file.ends_with(ending)) return true;
  }
  return false;
}

Incident incident_of(const LimitState& state, base::Time now) {
  Incident incident{.kind = Incident::Kind::kBreakerOpen,
                    .code = base::ErrorCode::kActivityFailing,
                    .cause = state.last_failure,
                    .task_queue = state.task_queue,
                    .activity = state.activity,
                    .failures = state.failures,
                    .held_back_by = state.held_back};
  if (state.opened) incident.since_ms = base::to_ms(*state.opened);
  if (state.open_for_another > base::Duration(0)) {
    incident.until_ms = base::to_ms(base::add_sat(now, state.open_for_another));
  }
  if (!state.held_back.empty()) incident.held_back = state.waiting;
  return incident;
}

}  // namespace

std::string_view to_string(Incident::Kind kind) {
  switch (kind) {
    case Incident::Kind::kQuarantined:
      return "quarantined";
    case Incident::Kind::kParked:
      return "parked";
    case Incident::Kind::kActivityFailing:
      return "activity failing";
    case Incident::Kind::kBreakerOpen:
      break;
  }
  return "breaker open";
}

std::string command_for(const Incident& incident, std::string_view directory) {
  const auto with = [&](std::string_view verb) {
    return "reprise " + std::string(verb) + " " + base::shell_word(std::string(directory));
  };
  switch (incident.kind) {
    case Incident::Kind::kQuarantined:
      return with("check");
    case Incident::Kind::kParked:
      return with("retry") + " " + incident.run_id.to_string();
    case Incident::Kind::kActivityFailing:
      return with("cancel") + " " + incident.run_id.to_string();
    case Incident::Kind::kBreakerOpen:
      break;
  }
  return with("limits");
}

std::vector<Incident> incidents_of(const std::vector<LimitState>& limits, base::Time now) {
  std::vector<Incident> found;
  for (const LimitState& state : limits) {
    switch (state.breaker) {
      case BreakerState::kNone:
      case BreakerState::kClosed:
        break;
      case BreakerState::kOpen:
      case BreakerState::kHalfOpen:
        found.push_back(incident_of(state, now));
        break;
    }
  }
  return found;
}

std::string place_in_report(std::string_view report) {
  const std::size_t now = report.find("the code now");
  for (const std::size_t from : {now == std::string_view::npos ? 0 : now, std::size_t{0}}) {
    for (std::size_t colon = report.find(':', from); colon != std::string_view::npos;
         colon = report.find(':', colon + 1)) {
      if (!is_place(report, colon)) continue;
      const std::size_t word = report.find_last_of(" \t\n('", colon);
      std::size_t end = colon + 1;
      while (end < report.size() && is_digit(report[end])) ++end;
      return std::string(report.substr(word + 1, end - word - 1));
    }
  }
  return {};
}

}  // namespace reprise::runtime
