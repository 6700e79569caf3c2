#include "shop.h"

void use(reprise::Context& ctx) {
#ifdef MISUSE
  ctx.answer(shop::stage, [] { return shop::Stage::kWaiting; });
#else
  const auto answer = ctx.answer(shop::stage, [] { return shop::Stage::kWaiting; });
#endif
}
