// says: a table's key is a bool, an integer, an enum, a std::string, a duration or a
#include "shop.h"

#ifdef MISUSE
constexpr reprise::Table<double, int> prices{"prices"};
#else
constexpr reprise::Table<int, double> prices{"prices"};
#endif

void use(reprise::Transaction& rows) {
  rows.put(prices, 1, 2);
}
