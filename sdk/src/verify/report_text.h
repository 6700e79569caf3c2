// A verification's report for people.
#pragma once
#include <string>

#include "reprise/verify.h"

namespace reprise::internal {

// `replay`: the command that replays one run, "shop replay --store shop.db".
std::string report_text(const VerifyReport& report,
                        const std::string& store,
                        const std::string& replay);

}  // namespace reprise::internal
