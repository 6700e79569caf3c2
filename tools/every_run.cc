#include "tools/every_run.h"

namespace reprise::tools {

base::Status visit_every_run(runtime::StoreReader& reader,
                             base::FunctionRef<bool(const runtime::StoreReader::Run&)> visit) {
  bool more = true;
  for (const runtime::RunStatus status : kEveryStatus) {
    const auto visited = reader.visit(status, true, [&](const runtime::StoreReader::Run& run) {
      more = visit(run);
      return more;
    });
    if (!visited || !more) return visited;
  }
  return {};
}

}  // namespace reprise::tools
