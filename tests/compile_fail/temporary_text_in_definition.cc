#include "shop.h"

// The name must live as long as the definition, which a temporary does not.
#ifdef MISUSE
inline constexpr reprise::Query<int()> count{std::string("count")};
#else
inline constexpr reprise::Query<int()> count{"count"};
#endif
