// What tests of paused, reset and forked runs look at: the kinds and numbers of events, and the
// codes of errors.
#pragma once
#include <cctype>
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "reprise/reprise.h"

namespace reprise::operated {

// The kinds of the events of the run, in order; kinds of failures are in capitals.
inline std::vector<std::string> kinds_of(const RunHandle& run) {
  const std::string json = run.history().to_json(JsonLayout::kCompact);
  const std::string key = "\"kind\":\"";
  std::vector<std::string> kinds;
  for (auto at = json.find(key); at != json.npos; at = json.find(key, at)) {
    at += key.size();
    const std::string kind = json.substr(at, json.find('"', at) - at);
    if (std::islower(static_cast<unsigned char>(kind[1])) != 0) kinds.push_back(kind);
  }
  return kinds;
}

// The number of the n-th event of that kind.
inline std::uint64_t event_of(const RunHandle& run, const std::string& kind, int n = 1) {
  const auto kinds = kinds_of(run);
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    if (kinds[i] == kind && --n == 0) return i + 1;
  }
  ADD_FAILURE() << "no " << kind;
  return 0;
}

template <class Call>
std::string code_of(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return std::string(error.code());
  }
  return "done";
}

}  // namespace reprise::operated
