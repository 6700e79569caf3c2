#include "tools/run_finder.h"

#include <algorithm>
#include <vector>

#include "tools/every_run.h"

namespace reprise::tools {
namespace {

using runtime::StoreReader;

constexpr std::size_t kFewestDigits = 4;
constexpr std::size_t kUuidDigits = 36;

bool may_end_a_run_id(const std::string& text) {
  return text.size() >= kFewestDigits && text.size() < kUuidDigits &&
         text.find_first_not_of("0123456789abcdef-") == std::string::npos;
}

}  // namespace

std::string short_run_id(const base::RunId& id) {
  return id.to_string().substr(kUuidDigits - 12);
}

base::Result<StoreReader::Run> find_run(StoreReader& reader, const std::string& text) {
  auto found = reader.find(text);
  const bool none = !found && found.error().code == base::ErrorCode::kNotFound;
  if (!none || !may_end_a_run_id(text)) return found;
  std::vector<StoreReader::Run> candidates;
  const auto visited = visit_every_run(reader, [&](const StoreReader::Run& run) {
    if (run->id.to_string().ends_with(text)) candidates.push_back(run);
    return base::go_on_if(candidates.size() < 3);
  });
  if (!visited) return visited.error();
  if (candidates.size() == 1) return candidates.front();
  if (candidates.empty()) return found;
  return base::Error{base::ErrorCode::kNotFound,
                     "several runs have an id that ends with '" + text + "', among them " +
                         candidates[0]->id.to_string() + " and " + candidates[1]->id.to_string() +
                         "; give more digits"};
}

}  // namespace reprise::tools
