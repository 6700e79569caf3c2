// Finds the run that somebody means.
#pragma once
#include <string>

#include "runtime/engine/store_reader.h"

namespace reprise::tools {

// What lists show of a run id: its last twelve digits, which are random, where the first ones are
// the time.
std::string short_run_id(const base::RunId& id);

// By workflow id (the newest run that has it), by run id, or by at least four of the run id's last
// digits. kNotFound: none, or several have those digits.
base::Result<runtime::StoreReader::Run> find_run(runtime::StoreReader& reader,
                                                 const std::string& text);

}  // namespace reprise::tools
