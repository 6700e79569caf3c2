#include "tests/round_trip/values.h"

#include <iterator>

#include "reprise/cbor.h"
#include "reprise/failure.h"
#include "reprise/options.h"
#include "tests/support/odd_text.h"

namespace reprise::round_trip {
namespace {

using nlohmann::json;

static_assert(testing::kLongestId == kMaxIdBytes);
static_assert(testing::kLargestString == kMaxPayloadBytes - 1 - 5);

json any_json(Random& random, int levels) {
  if (levels == 0) {
    switch (random.below(7)) {
      case 0:
        return nullptr;
      case 1:
        return random.next();
      case 2:
        return -static_cast<std::int64_t>(random.below(INT64_MAX)) - 1;
      case 3:
        return 0.1;
      case 4:
        return json::binary({0, 0xff, 0x80});
      default:
        return testing::utf8_of(random, random.below(5));
    }
  }
  json inner = any_json(random, levels - 1);
  if (random.below(2) == 0) return json::array({std::move(inner)});
  return {{testing::any_bytes(random, random.below(4)), std::move(inner)}};
}

}  // namespace

Plan plan_of(std::uint64_t seed, int number) {
  Random random(seed);
  Plan plan;
  plan.seed = seed;
  plan.end = static_cast<End>(random.below(4));
  constexpr int kCauses[] = {0, 1, 31, 32, 33, 120, 450};
  plan.causes = kCauses[random.below(std::size(kCauses))];
  plan.update_fails = random.below(2) == 0;
  plan.id = testing::any_name(random, "#" + std::to_string(number));
  for (std::string* name : {&plan.workflow, &plan.queue, &plan.activity, &plan.step, &plan.signal,
                            &plan.query, &plan.update, &plan.change}) {
    *name = testing::any_name(random);
  }
  plan.type = testing::any_text(random);
  plan.message = testing::any_text(random).c_str();  // what an exception says ends at the first NUL
  plan.reason = testing::any_text(random);
  plan.text = testing::any_text(random);
  plan.signalled = random.below(6) == 0
                       ? std::string(testing::kLargestString - random.below(2), '\x80')
                       : testing::any_text(random);
  // The list of arguments around it is a level too.
  constexpr int kLevels[] = {0, 1, 3, CborReader::kMaxDepth - 2, CborReader::kMaxDepth - 1};
  plan.json = any_json(random, kLevels[random.below(std::size(kLevels))]);
  return plan;
}

}  // namespace reprise::round_trip
