#include <map>

#include "shop.h"

struct Secret {
  int* pointer = nullptr;
};
inline constexpr reprise::Workflow<std::map<std::string, std::vector<Secret>>(int)> keep{"keep"};
inline constexpr reprise::Workflow<int(int)> count{"count"};

void use(const reprise::Client& client) {
#ifdef MISUSE
  client.start(keep(1)).result();
  // says: Reprise cannot encode this type
#else
  client.start(count(1)).result();
#endif
}
