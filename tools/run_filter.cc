#include "tools/run_filter.h"

#include <algorithm>
#include <map>

#include "tools/every_run.h"
#include "tools/time_text.h"

namespace reprise::tools {

using runtime::RunStatus;
using runtime::StoreReader;

namespace {

std::map<std::string, RunStatus> statuses() {
  std::map<std::string, RunStatus> names;
  for (const RunStatus status : kEveryStatus) {
    names.emplace(std::string(to_string(status)), status);
  }
  return names;
}

std::string names_of(const std::map<std::string, RunStatus>& statuses) {
  std::string names;
  for (const auto& [name, status] : statuses) names += (names.empty() ? "" : ", ") + name;
  return names;
}

}  // namespace

RunFilter::RunFilter(CLI::App& command, const base::Clock& clock) : clock_(clock) {
  const auto names = statuses();
  command.add_option("--status", status_, "runs with this status only: " + names_of(names))
      ->transform(CLI::CheckedTransformer(names, CLI::ignore_case).description(""));
  command.add_option("--type", type_, "runs of this workflow only");
  command.add_option("--id-prefix", id_prefix_, "runs whose workflow id begins with this only");
  command
      .add_option("--since", since_,
                  "runs that started since then only: 90s, 30m, 2h or 7d ago, or a time in UTC "
                  "(2026-11-21, 2026-11-21T12:43)")
      ->check([](const std::string& text) {
        return parse_since(text, 0) ? "" : "'" + text + "' is neither 90s, 30m, 2h, 7d nor a date";
      });
}

base::Status RunFilter::visit(StoreReader& reader,
                              RunStatus status,
                              base::FunctionRef<bool(const StoreReader::Run&)> visit) const {
  if (status_ && *status_ != status) return {};
  const auto since = parse_since(since_, base::to_ms(clock_.now()));
  return reader.visit(status, true, [&](const StoreReader::Run& run) {
    const bool matches = (type_.empty() || *run->workflow == type_) &&
                         run->workflow_id.starts_with(id_prefix_) &&
                         (!since || run->started_ms >= *since);
    return !matches || visit(run);
  });
}

base::Status RunFilter::visit(StoreReader& reader,
                              base::FunctionRef<void(const StoreReader::Run&)> visit_one) const {
  for (const RunStatus status : kEveryStatus) {
    const auto visited = visit(reader, status, [&](const StoreReader::Run& run) {
      visit_one(run);
      return true;
    });
    if (!visited) return visited;
  }
  return {};
}

base::Result<std::vector<StoreReader::Run>> RunFilter::newest(StoreReader& reader,
                                                              std::size_t limit) const {
  std::vector<StoreReader::Run> runs;
  for (const RunStatus status : kEveryStatus) {
    std::size_t found = 0;
    const auto visited = visit(reader, status, [&](const StoreReader::Run& run) {
      runs.push_back(run);
      return limit == 0 || ++found < limit;
    });
    if (!visited) return visited.error();
  }
  std::sort(runs.begin(), runs.end(),
            [](const auto& a, const auto& b) { return a->number > b->number; });
  if (limit != 0 && runs.size() > limit) runs.resize(limit);
  return runs;
}

}  // namespace reprise::tools
