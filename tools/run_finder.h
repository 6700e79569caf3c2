// Finds a run by what the user typed.
#pragma once
#include <string>

#include "runtime/engine/store_reader.h"

namespace reprise::tools {

// The part of a run id that lists show: its last twelve digits, which are random; the first ones
// are the time.
std::string short_run_id(const base::RunId& id);

// By workflow id (the newest run that has it), by run id, or by at least four of the run id's last
// digits. kNotFound: none, or several have those digits.
base::Result<runtime::StoreReader::Run> find_run(runtime::StoreReader& reader,
                                                 const std::string& text);

}  // namespace reprise::tools
