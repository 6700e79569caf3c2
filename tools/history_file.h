// The files that export writes and import reads.
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"

namespace reprise::tools {

// "-": stdin. The error is kInvalidOption.
base::Result<std::string> read_file(const std::string& path);

// Empty or "-": stdout. What could not be written whole is removed again.
base::Status write_file(const std::string& path, std::string_view bytes);

}  // namespace reprise::tools
