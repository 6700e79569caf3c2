// How the engine treats a request before its shard gets it: one row for each verb.
#pragma once
#include <optional>
#include <string_view>

#include "event/setting.h"
#include "runtime/client_request.h"
#include "runtime/engine/admission.h"

namespace reprise::runtime {

struct VerbRule {
  std::string_view name;  // of the request, where the client gives it none
  // What it counts as while it is under way. nullopt: it is not counted, and always admitted.
  std::optional<Admission::Kind> kind{};
  // It counts until the run has it, not until it is answered: a handler may take days.
  bool leaves_when_taken = false;
};

template <class Verb>
inline constexpr VerbRule kVerbRule{};  // every verb has one of its own

template <>
inline constexpr VerbRule kVerbRule<verb::Start>{"start", Admission::Kind::kStart};
template <>
inline constexpr VerbRule kVerbRule<verb::Watch>{"watch"};
template <>
inline constexpr VerbRule kVerbRule<verb::Unwatch>{"unwatch"};
template <>
inline constexpr VerbRule kVerbRule<verb::Signal>{"signal", Admission::Kind::kWrite};
template <>
inline constexpr VerbRule kVerbRule<verb::Query>{"query", Admission::Kind::kQuestion};
template <>
inline constexpr VerbRule kVerbRule<verb::Update>{"update", Admission::Kind::kWrite, true};
template <>
inline constexpr VerbRule kVerbRule<verb::Cancel>{"cancel", Admission::Kind::kEnd};
template <>
inline constexpr VerbRule kVerbRule<verb::Terminate>{"terminate", Admission::Kind::kEnd};
template <>
inline constexpr VerbRule kVerbRule<verb::Retry>{"retry", Admission::Kind::kEnd};
template <>
inline constexpr VerbRule kVerbRule<verb::Pause>{"pause", Admission::Kind::kEnd};
template <>
inline constexpr VerbRule kVerbRule<verb::Resume>{"resume", Admission::Kind::kEnd};
template <>
inline constexpr VerbRule kVerbRule<verb::Reset>{"reset", Admission::Kind::kEnd};
template <>
inline constexpr VerbRule kVerbRule<verb::Fork>{"fork", Admission::Kind::kEnd};
template <>
inline constexpr VerbRule kVerbRule<verb::ReadInput>{"input", Admission::Kind::kQuestion};
template <>
inline constexpr VerbRule kVerbRule<verb::Complete>{"complete", Admission::Kind::kWrite};
template <>
inline constexpr VerbRule kVerbRule<verb::Fail>{"fail", Admission::Kind::kWrite};
template <>
inline constexpr VerbRule kVerbRule<verb::Heartbeat>{"heartbeat", Admission::Kind::kWrite};
template <>
inline constexpr VerbRule kVerbRule<verb::Get>{"get", Admission::Kind::kQuestion};
template <>
inline constexpr VerbRule kVerbRule<verb::Describe>{"describe", Admission::Kind::kQuestion};
template <>
inline constexpr VerbRule kVerbRule<verb::List>{"list", Admission::Kind::kQuestion};
template <>
inline constexpr VerbRule kVerbRule<verb::RecentRuns>{"recent runs", Admission::Kind::kQuestion};
template <>
inline constexpr VerbRule kVerbRule<verb::FindRuns>{"find runs", Admission::Kind::kQuestion};
template <>
inline constexpr VerbRule kVerbRule<verb::CountRuns>{"count runs", Admission::Kind::kQuestion};
template <>
inline constexpr VerbRule kVerbRule<verb::History>{"history", Admission::Kind::kQuestion};

template <>
inline constexpr VerbRule kVerbRule<verb::ReadRows>{"read rows", Admission::Kind::kQuestion};

template <>
inline constexpr VerbRule kVerbRule<verb::Limits>{"limits", Admission::Kind::kQuestion};
template <>
inline constexpr VerbRule kVerbRule<verb::FindTroubles>{"troubles", Admission::Kind::kQuestion};
template <>
inline constexpr VerbRule kVerbRule<verb::Explain>{"incidents", Admission::Kind::kQuestion};
template <>
inline constexpr VerbRule kVerbRule<verb::FindHistory>{"find history", Admission::Kind::kQuestion};
template <>
inline constexpr VerbRule kVerbRule<verb::Audit>{"audit", Admission::Kind::kQuestion};

// What is checked, and the id that decides its shard.
struct VerbText {
  std::string_view workflow_id{};
  std::string_view name{};
  std::string_view payload{};  // the part of the client's data that it records
};

template <class Verb>
VerbText text_of(const Verb& asked) {
  VerbText text{asked.key.workflow_id, kVerbRule<Verb>.name, {}};
  if constexpr (requires { asked.name; }) text.name = asked.name;
  if constexpr (requires { asked.input; }) text.payload = asked.input;
  if constexpr (requires { asked.reason; }) text.payload = asked.reason;
  return text;
}
inline VerbText text_of(const verb::Start& asked) {
  return {asked.run.workflow_id, asked.run.workflow, asked.run.input};
}

inline VerbText text_of(const verb::Complete& asked) {
  return {asked.attempt.run.workflow_id, kVerbRule<verb::Complete>.name, asked.result};
}
inline VerbText text_of(const verb::Fail& asked) {
  return {asked.attempt.run.workflow_id, kVerbRule<verb::Fail>.name, asked.failure.message()};
}
inline VerbText text_of(const verb::Heartbeat& asked) {
  return {asked.attempt.run.workflow_id, kVerbRule<verb::Heartbeat>.name, asked.details};
}

// Questions record nothing.
template <class Verb>
std::size_t counted_bytes([[maybe_unused]] const Verb& asked) {
  if constexpr (kVerbRule<Verb>.kind == Admission::Kind::kQuestion)
    return 0;
  else if constexpr (requires { asked.headers; })
    return text_of(asked).payload.size() + event::bytes_of(asked.headers);
  else
    return text_of(asked).payload.size();
}
inline std::size_t counted_bytes(const verb::Start& asked) {
  std::size_t bytes = asked.run.input.size() + event::bytes_of(asked.run.headers);
  if (const auto& signal = asked.run.signal) {
    bytes += signal->input.size() + event::bytes_of(signal->headers);
  }
  if (const auto& update = asked.run.update) {
    bytes += update->input.size() + event::bytes_of(update->headers);
  }
  for (const auto& setting : asked.run.settings) {
    bytes += event::setting_bytes(setting.name(), setting.value().size());
  }
  return bytes;
}

}  // namespace reprise::runtime
