#include "shop.h"

void use(reprise::Context& ctx) {
#ifdef MISUSE
  const auto answer = ctx.answer(shop::stage, [] { return std::string("waiting"); });
#else
  const auto answer = ctx.answer(shop::stage, [] { return shop::Stage::kWaiting; });
#endif
}
