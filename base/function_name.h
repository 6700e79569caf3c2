// Short names of functions, for people: the compiler's are longer than a line.
#pragma once
#include <string>
#include <string_view>

namespace reprise::base {

// Without parameters, return type and qualifiers: "void shop::buy<int>(Order const&) const" is
// "shop::buy<int>", and a lambda in it "shop::buy<int>::{lambda#1}".
std::string plain_name(std::string_view demangled);

}  // namespace reprise::base
