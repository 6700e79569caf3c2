// Turns a failed file operation into an error for the user: one of our codes, and what to do.
#pragma once
#include <string>
#include <string_view>

#include "base/error.h"

namespace reprise::store {

// `doing` completes "cannot ... PATH": "open", "write".
base::Error file_error(int error_number, std::string_view doing, const std::string& path);

}  // namespace reprise::store
