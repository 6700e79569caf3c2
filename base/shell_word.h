// Command lines that are printed to be copied.
#pragma once
#include <string>

namespace reprise::base {

// The argument for a shell to read again as one word, whatever is in it.
std::string shell_word(const std::string& argument);

}  // namespace reprise::base
