#include "replay/class_name.h"

#include <cstdlib>
#include <cxxabi.h>
#include <memory>

#include "base/type_name.h"

namespace reprise::replay {

std::string class_name(const std::exception& error) {
  return class_name(typeid(error));
}

std::string class_name(const std::type_info& type) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(
      abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), &std::free);
  return status == 0 ? base::short_type_name(name.get()) : type.name();
}

}  // namespace reprise::replay
