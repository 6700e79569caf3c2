// Turns the error values of the layers below into the exceptions of the public surface.
#pragma once
#include <string>
#include <utility>

#include "base/error.h"
#include "base/result.h"
#include "reprise/error.h"

namespace reprise::internal {

inline std::string code_text(base::ErrorCode code) {
  return base::to_string(code);
}

[[noreturn]] void throw_error(const base::Error& error);

template <class T>
T value_or_throw(base::Result<T> result) {
  if (!result) throw_error(result.error());
  return std::move(result).value();
}
inline void value_or_throw(const base::Status& status) {
  if (!status) throw_error(status.error());
}

}  // namespace reprise::internal
