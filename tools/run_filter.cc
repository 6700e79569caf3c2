#include "tools/run_filter.h"

#include <algorithm>

#include "base/reserved.h"
#include "tools/every_run.h"
#include "tools/time_text.h"

namespace reprise::tools {

using runtime::RunStatus;
using runtime::StoreReader;

namespace {

std::vector<std::string> status_names() {
  std::vector<std::string> names;
  for (const RunStatus status : kEveryStatus) names.emplace_back(to_string(status));
  return names;
}

// The engine's own runs are shown to those who name them.
bool is_hidden(const runtime::RunState& run, const std::string& id_prefix) {
  return base::is_reserved(*run.workflow) && !base::is_reserved(id_prefix);
}

}  // namespace

RunFilter::RunFilter(CLI::App& command, const base::Clock& clock) : clock_(clock) {
  command.add_option("--status", status_, "runs with this status only")
      ->transform(CLI::IsMember(status_names(), CLI::ignore_case));
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
                              base::Visitor<const StoreReader::Run&> visit) const {
  if (!status_.empty() && status_ != to_string(status)) return {};
  const auto since = parse_since(since_, base::to_ms(clock_.now()));
  return reader.visit(status, true, [&](const StoreReader::Run& run) {
    const bool matches = (type_.empty() ? !is_hidden(*run, id_prefix_) : *run->workflow == type_) &&
                         run->workflow_id.starts_with(id_prefix_) &&
                         (!since || run->started_ms >= *since);
    return matches ? visit(run) : base::Next::kGoOn;
  });
}

base::Status RunFilter::visit(StoreReader& reader,
                              base::FunctionRef<void(const StoreReader::Run&)> visit_one) const {
  for (const RunStatus status : kEveryStatus) {
    if (auto visited = visit(reader, status, visit_one); !visited) return visited;
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
      return base::go_on_if(limit == 0 || ++found < limit);
    });
    if (!visited) return visited.error();
  }
  std::sort(runs.begin(), runs.end(),
            [](const auto& a, const auto& b) { return a->number > b->number; });
  if (limit != 0 && runs.size() > limit) runs.resize(limit);
  return runs;
}

}  // namespace reprise::tools
