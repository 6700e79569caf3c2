// A payload as a person reads it.
#pragma once
#include <string>
#include <string_view>

namespace reprise::replay {

// JSON for what JSON can say, else hexadecimal; "nothing" when it is empty. Long ones are cut. Not
// on a strand: it needs stack.
std::string readable_payload(std::string_view payload);

}  // namespace reprise::replay
