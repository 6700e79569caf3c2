#include "shop.h"

// On replay there is nothing to refer to.
std::string_view run(reprise::Context& ctx, const std::string& text) {
#ifdef MISUSE
  return ctx.step("view", [&] { return std::string_view(text); });
#else
  static const std::string kept = ctx.step("view", [&] { return text; });
  return kept;
#endif
}
