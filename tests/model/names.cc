#include "tests/model/names.h"

#include <set>

#include "tests/support/odd_text.h"

namespace reprise::model {
namespace {

// Changes of an id that still look the same, or nearly so, to a person, a shell, a file system or a
// careless comparison.
std::vector<std::string> look_alikes(const std::string& id) {
  return {id,
          id + " ",
          " " + id,
          id + std::string(1, '\0'),
          id + "\n",
          id + id,
          id + "\xe2\x80\x8b",      // a space without width
          id + "\xe2\x80\xae",      // from right to left
          id + "e\xcc\x81",         // one letter in two forms
          id + "\xc3\xa9",          //
          id + "\xf0\x9f\x98\x80",  // four bytes
          id + "\xf0\x9f\x98\x81",
          id + "/../" + id,
          id + "%00",
          id + "A",
          id + "a",
          id + "\xd0\x90"};  // the Cyrillic one
}

std::string of_size(const std::string& id, std::size_t size) {
  return id.size() >= size ? id : std::string(size - id.size(), '.') + id;
}

// Definitions of one kind must differ.
std::string different(std::set<std::string>& taken, std::string name) {
  while (!taken.insert(name).second) name += "'";
  return name;
}

}  // namespace

Names names_of(std::uint64_t seed) {
  Random random(seed ^ 0xfeedULL);
  Names names;
  const auto base = testing::utf8_of(random, 1 + random.below(6));
  const auto alike = look_alikes(base);
  std::set<std::string> taken;
  for (std::string* name : {&names.workflows[0], &names.workflows[1], &names.workflows[2],
                            &names.workflows[3], &names.workflows[4], &names.workflows[5]}) {
    *name = different(taken, alike[random.below(alike.size())]);
  }
  taken.clear();
  for (std::string* name : {&names.queues[0], &names.queues[1], &names.note, &names.finish,
                            &names.add, &names.echo, &names.seen, &names.activity, &names.step}) {
    *name = different(taken, random.below(2) == 0 ? alike[random.below(alike.size())]
                                                  : testing::any_name(random));
  }
  return names;
}

std::vector<std::string> ids_of(Random& random, std::size_t count) {
  std::set<std::string> taken;
  std::vector<std::string> ids;
  while (ids.size() < count) {
    const std::string base = testing::utf8_of(random, 1 + random.below(4));
    auto alike = look_alikes(base);
    alike.push_back(of_size(base, testing::kLongestId));
    alike.push_back(of_size(base, testing::kLongestId - 1));
    for (const std::string& id : alike) {
      if (ids.size() < count && taken.insert(id).second) ids.push_back(id);
    }
  }
  return ids;
}

std::string value_of(Random& random, std::uint64_t number) {
  const std::string tag = std::to_string(number) + ":";
  constexpr std::uint64_t kOneLargeOf = 60;
  if (random.below(kOneLargeOf) == 0) {
    return tag + std::string(testing::kLargestString - random.below(2) - tag.size(), '\x80');
  }
  return tag + testing::any_text(random);
}

std::string reason_of(Random& random, std::uint64_t number) {
  return random.below(8) == 0 ? std::string()
                              : std::to_string(number) + ":" + testing::any_text(random);
}

}  // namespace reprise::model
