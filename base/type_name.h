// Short names of types, for people: the compiler's spell out default arguments.
#pragma once
#include <string>
#include <string_view>

namespace reprise::base {

// "std::map<std::__cxx11::basic_string<char>, int, std::less<...>, std::allocator<...> >" is
// "std::map<std::string, int>".
std::string short_type_name(std::string_view name);

// The parameters of "std::tuple<std::string, int>" are "(std::string, int)"; empty: not a tuple.
std::string argument_list(std::string_view tuple);

}  // namespace reprise::base
