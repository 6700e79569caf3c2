// A payload in readable form.
#pragma once
#include <string>
#include <string_view>

namespace reprise::replay {

// As JSON if JSON can express it, else hexadecimal; "nothing" when it is empty. Long ones are cut.
// Not on a strand: it needs stack.
std::string readable_payload(std::string_view payload);

}  // namespace reprise::replay
