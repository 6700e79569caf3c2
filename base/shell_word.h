// Words of command lines that are printed for copying.
#pragma once
#include <string>

namespace reprise::base {

// The argument, quoted so that a shell reads it as one word, whatever is in it.
std::string shell_word(const std::string& argument);

}  // namespace reprise::base
