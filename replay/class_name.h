// The readable name of an exception's dynamic type, for reports.
#pragma once
#include <exception>
#include <string>
#include <typeinfo>

namespace reprise::replay {

std::string class_name(const std::exception& error);
std::string class_name(const std::type_info& type);

}  // namespace reprise::replay
