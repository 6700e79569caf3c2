// Names of types for people: those of the compiler spell out what every reader knows.
#pragma once
#include <string>
#include <string_view>

namespace reprise::base {

// "std::map<std::__cxx11::basic_string<char>, int, std::less<...>, std::allocator<...> >" is
// "std::map<std::string, int>".
std::string short_type_name(std::string_view name);

// The parameters of "std::tuple<std::string, int>" are "(std::string, int)"; empty: it is no tuple.
std::string argument_list(std::string_view tuple);

}  // namespace reprise::base
