// Finding runs by a filter (runtime/visibility/parser.h): what is asked, and the answers.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/run_description.h"

namespace reprise::runtime {

inline constexpr std::size_t kMaxPageSize = 1'000;
inline constexpr std::size_t kMaxGroups = 10'000;

// The runs that an engine knows better than its archive does: runtime/engine/recent_runs.h.
struct RecentRuns;

struct FindRequest {
  std::string filter;  // with its order; empty: every run, the newest start first
  std::size_t page_size = 100;
  std::string page_token{};  // empty: the first page
};

struct FoundRuns {
  std::vector<RunDescription> runs;
  std::vector<std::uint64_t> numbers;  // of these runs in their store: for tools
  std::string next_page_token;         // empty: there are no more
  // No index limits which runs are read: all of them were.
  bool scanned = false;
  std::uint64_t examined = 0;  // how many runs were read in the archive
};

struct CountRequest {
  std::string filter;
  std::string group_by{};  // a field; empty: none
};

struct RunGroup {
  std::string value;
  bool none = false;  // the runs that do not have the field
  std::uint64_t count = 0;
};

struct RunCounts {
  std::uint64_t total = 0;
  std::vector<RunGroup> groups;  // the largest first
  bool scanned = false;
  std::uint64_t examined = 0;
};

}  // namespace reprise::runtime
