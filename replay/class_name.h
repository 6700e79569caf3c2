// The readable name of an exception's dynamic type, for reports.
#pragma once
#include <exception>
#include <string>

namespace reprise::replay {

std::string class_name(const std::exception& error);

}  // namespace reprise::replay
