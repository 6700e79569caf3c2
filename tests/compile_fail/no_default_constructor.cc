#include <reprise/json.h>

#include "shop.h"

struct Letter {
  explicit Letter(std::string whom) : to(std::move(whom)) {}
  std::string to;
};
inline void to_json(nlohmann::json& json, const Letter& letter) {
  json = letter.to;
}
inline void from_json(const nlohmann::json& json, Letter& letter) {
  letter.to = json;
}
inline constexpr reprise::Activity<void(Letter)> send{"send"};

void use(reprise::Context& ctx, const shop::Order& order) {
#ifdef MISUSE
  ctx.call(send(Letter("Ann")));
  (void)order;
  // says: Reprise cannot encode this type
#else
  ctx.call(shop::charge(order));
#endif
}
