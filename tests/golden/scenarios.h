// The scenarios of the golden histories: runs of every sample and of the golden workflows.
#pragma once
#include <reprise/history.h>
#include <reprise/replayer.h>
#include <string_view>
#include <vector>

namespace golden {

struct Scenario {
  std::string_view name;  // of the files
  reprise::History (*record)();
  bool indented = false;  // keep the indented form too
};

// Names and their meanings last for ever: only add new ones.
const std::vector<Scenario>& scenarios();

// All workflows that have golden histories, as the code is now.
void implement_all(reprise::Replayer& replayer);

}  // namespace golden
