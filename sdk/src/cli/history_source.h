// The source of a command's history: --history FILE, or --store DIR --run ID.
#pragma once
#include <CLI/CLI.hpp>
#include <string>

#include "reprise/history.h"
#include "sdk/src/cli/command_codecs.h"

namespace reprise::internal {

struct HistorySource {
  std::string file;
  std::string store;
  std::string run;     // workflow id or run id
  CommandCodecs codecs;
  bool whole = false;  // replay what is before the last checkpoint too

  void add_options(CLI::App& command);
  // Reads a store beside the engine that may be using it. Throws Error.
  History read() const;
};

}  // namespace reprise::internal
