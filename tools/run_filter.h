// Which runs a command is about: --status, --type, --since.
#pragma once
#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "base/function_ref.h"
#include "base/time.h"
#include "base/visitor.h"
#include "runtime/engine/store_reader.h"

namespace reprise::tools {

class RunFilter {
 public:
  // Adds the options; `clock` gives the present, for durations before now.
  RunFilter(CLI::App& command, const base::Clock& clock);

  // The newest runs that match, the newest one first; `limit` 0: all. All of them are in memory.
  base::Result<std::vector<runtime::StoreReader::Run>> newest(runtime::StoreReader& reader,
                                                              std::size_t limit) const;
  // All that match, in no order.
  base::Status visit(runtime::StoreReader& reader,
                     base::FunctionRef<void(const runtime::StoreReader::Run&)> visit) const;

 private:
  // Of runs with one status, the newest first, until `visit` has seen enough.
  base::Status visit(runtime::StoreReader& reader,
                     runtime::RunStatus status,
                     base::Visitor<const runtime::StoreReader::Run&> visit) const;

  const base::Clock& clock_;
  std::string status_;
  std::string type_;
  std::string id_prefix_;
  std::string since_;
};

}  // namespace reprise::tools
