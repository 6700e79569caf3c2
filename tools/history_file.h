// The files that export writes and import reads.
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"

namespace reprise::tools {

// "-": stdin. The error is kInvalidOption.
base::Result<std::string> read_file(const std::string& path);

// Empty or "-": stdout. An existing file keeps its content until the new one is complete; a new
// file is removed if it cannot be completed. Devices and pipes are written to, and never removed.
base::Status write_file(const std::string& path, std::string_view bytes);

}  // namespace reprise::tools
