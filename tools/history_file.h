// The files that export writes and import reads.
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"

namespace reprise::tools {

// "-": stdin. The error is kInvalidOption.
base::Result<std::string> read_file(const std::string& path);

// Empty or "-": stdout. A file that was there keeps its content until the new one is whole; one
// that was not there is not there afterwards if it could not be written whole. Devices and pipes
// are written to, and never removed.
base::Status write_file(const std::string& path, std::string_view bytes);

}  // namespace reprise::tools
