#include "shop.h"

// The name must live as long as the definition: a constant made of a temporary is no constant.
#ifdef MISUSE
inline constexpr reprise::Query<int()> count{std::string("count")};
#else
inline constexpr reprise::Query<int()> count{"count"};
#endif
