// Who has created a schedule is the principal of the runs that it starts. A run of the engine's own
// has that among its headers, which stay with it, and passes them on to its children.
#pragma once
#include <string>

#include "base/reserved.h"
#include "event/headers.h"

namespace reprise::runtime {

// Clients and interceptors cannot set it: the name is reserved.
inline constexpr const char* kCreatorHeader = "reprise:principal";

inline void note_creator(const std::string& principal, event::Headers* headers) {
  if (!principal.empty()) headers->insert_or_assign(kCreatorHeader, principal);
}

// Empty: nobody has said.
inline std::string take_creator(event::Headers* headers) {
  const auto node = headers->extract(kCreatorHeader);
  return node.empty() ? std::string() : node.mapped();
}

}  // namespace reprise::runtime
