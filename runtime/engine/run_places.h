// Runs that an index finds, in the order of their starts: entries with one value, and their unions
// and intersections.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/visibility/keys.h"
#include "store/moment.h"

namespace reprise::runtime {

using visibility::Place;

enum class Direction : bool { kOldestFirst, kNewestFirst };

// Moves over places, each once.
class Places {
 public:
  using Found = base::Result<std::optional<Place>>;

  Places() = default;
  virtual ~Places() = default;
  Places(const Places&) = delete;
  Places& operator=(const Places&) = delete;

  // The first one that is `from` or comes after it. Only forward: `from` is not before the place
  // that was found last.
  virtual Found seek(const Place& from) = 0;
  // The one after that.
  virtual Found next() = 0;
};
using PlacesPtr = std::unique_ptr<Places>;

// Entries of the table of fields that begin with `prefix`, followed by a place.
PlacesPtr entries_with(std::unique_ptr<store::KeyCursor> cursor,
                       std::string prefix,
                       Direction direction);
// They are in any order, and may be there more than once.
PlacesPtr listed_places(std::vector<Place> places, Direction direction);
// One or more.
PlacesPtr union_of(std::vector<PlacesPtr> parts, Direction direction);
PlacesPtr intersection_of(std::vector<PlacesPtr> parts, Direction direction);
// Those of runs that were started at these times, both included.
PlacesPtr started_within(PlacesPtr places,
                         std::int64_t from_ms,
                         std::int64_t to_ms,
                         Direction direction);

// Before all others.
Place first_place(Direction direction);
// The one after `place`, whether a run has it or not; nullopt: there is none.
std::optional<Place> place_after(const Place& place, Direction direction);

}  // namespace reprise::runtime
