// Who asked for what an input records (ClientOptions::principal).
#pragma once
#include <string>

namespace reprise::runtime {

// An empty one costs no memory: a setter of protobuf would make a string for it.
template <class Input>
void record_principal(const std::string& principal, Input* input) {
  if (!principal.empty()) input->set_principal(principal);
}

}  // namespace reprise::runtime
