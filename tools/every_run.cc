#include "tools/every_run.h"

namespace reprise::tools {

base::Status visit_every_run(runtime::StoreReader& reader,
                             base::Visitor<const runtime::StoreReader::Run&> visit) {
  bool more = true;
  const auto take = [&](const runtime::StoreReader::Run& run) {
    base::Visited seen = visit(run);
    more = seen.goes_on();
    return seen;
  };
  for (const runtime::RunStatus status : kEveryStatus) {
    if (auto visited = reader.visit(status, true, take); !visited || !more) return visited;
  }
  return {};
}

}  // namespace reprise::tools
