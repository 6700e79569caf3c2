#include "runtime/engine/run_places.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace reprise::runtime {
namespace {

using Found = Places::Found;

constexpr std::int64_t kFirstTime = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kLastTime = std::numeric_limits<std::int64_t>::max();
constexpr std::uint64_t kLastNumber = std::numeric_limits<std::uint64_t>::max();

bool comes_before(const Place& a, const Place& b, Direction direction) {
  return direction == Direction::kNewestFirst ? b < a : a < b;
}

class Entries final : public Places {
 public:
  Entries(std::unique_ptr<store::KeyCursor> cursor, std::string prefix, Direction direction)
      : cursor_(std::move(cursor)), prefix_(std::move(prefix)), direction_(direction) {}

  Found seek(const Place& from) override {
    std::string key = prefix_ + visibility::place_bytes(from);
    if (direction_ == Direction::kOldestFirst) return place_at(cursor_->at_or_after(key));
    key += '\0';  // so that the key itself is before it
    return place_at(cursor_->before(key));
  }
  Found next() override {
    return place_at(direction_ == Direction::kOldestFirst ? cursor_->next() : cursor_->previous());
  }

 private:
  Found place_at(const store::KeyCursor::Key& key) const {
    if (!key) return key.error();
    const bool is_one = *key && (*key)->size() == prefix_.size() + visibility::kPlaceBytes &&
                        (*key)->starts_with(prefix_);
    if (!is_one) return std::optional<Place>();
    return std::optional(visibility::place_of((*key)->substr(prefix_.size())));
  }

  const std::unique_ptr<store::KeyCursor> cursor_;
  const std::string prefix_;
  const Direction direction_;
};

class Listed final : public Places {
 public:
  Listed(std::vector<Place> places, Direction direction)
      : places_(std::move(places)), direction_(direction) {
    std::sort(places_.begin(), places_.end(),
              [&](const Place& a, const Place& b) { return comes_before(a, b, direction); });
    places_.erase(std::unique(places_.begin(), places_.end()), places_.end());
  }

  Found seek(const Place& from) override {
    const auto found = std::lower_bound(
        places_.begin() + static_cast<std::ptrdiff_t>(at_), places_.end(), from,
        [&](const Place& a, const Place& b) { return comes_before(a, b, direction_); });
    at_ = static_cast<std::size_t>(found - places_.begin());
    return here();
  }
  Found next() override {
    if (at_ < places_.size()) ++at_;
    return here();
  }

 private:
  Found here() const { return at_ < places_.size() ? std::optional(places_[at_]) : std::nullopt; }

  std::vector<Place> places_;
  const Direction direction_;
  std::size_t at_ = 0;
};

// A heap of the parts by the places at which they are.
class Union final : public Places {
 public:
  Union(std::vector<PlacesPtr> parts, Direction direction)
      : parts_(std::move(parts)), direction_(direction) {}

  Found seek(const Place& from) override {
    if (!begun_) {
      begun_ = true;
      for (const PlacesPtr& part : parts_) {
        if (base::Status added = add(*part, part->seek(from)); !added) return added.error();
      }
      return here();
    }
    while (!heap_.empty() && comes_before(heap_.front().place, from, direction_)) {
      Places& part = take_first();
      if (base::Status added = add(part, part.seek(from)); !added) return added.error();
    }
    return here();
  }

  Found next() override {
    if (heap_.empty()) return std::optional<Place>();
    const Place last = heap_.front().place;
    while (!heap_.empty() && heap_.front().place == last) {
      Places& part = take_first();
      if (base::Status added = add(part, part.next()); !added) return added.error();
    }
    return here();
  }

 private:
  struct At {
    Place place;
    Places* part;
  };

  Found here() const { return heap_.empty() ? std::nullopt : std::optional(heap_.front().place); }
  auto later() const {
    return [this](const At& a, const At& b) { return comes_before(b.place, a.place, direction_); };
  }
  base::Status add(Places& part, const Found& found) {
    if (!found) return found.error();
    if (!*found) return {};
    heap_.push_back({**found, &part});
    std::push_heap(heap_.begin(), heap_.end(), later());
    return {};
  }
  Places& take_first() {
    std::pop_heap(heap_.begin(), heap_.end(), later());
    Places& part = *heap_.back().part;
    heap_.pop_back();
    return part;
  }

  const std::vector<PlacesPtr> parts_;
  const Direction direction_;
  std::vector<At> heap_;
  bool begun_ = false;
};

// Each part in turn is moved to the place of the one before it, until all are at the same one.
class Intersection final : public Places {
 public:
  Intersection(std::vector<PlacesPtr> parts, Direction direction)
      : parts_(std::move(parts)), direction_(direction) {}

  Found seek(const Place& from) override { return settle(from); }
  Found next() override {
    const auto from = last_ ? place_after(*last_, direction_) : std::nullopt;
    if (!from) return std::optional<Place>();
    return settle(*from);
  }

 private:
  Found settle(Place at) {
    last_.reset();
    std::size_t agreed = 0;
    for (std::size_t i = 0; agreed < parts_.size(); i = (i + 1) % parts_.size()) {
      const Found found = parts_[i]->seek(at);
      if (!found || !*found) return found;
      agreed = **found == at ? agreed + 1 : 1;
      at = **found;
    }
    last_ = at;
    return last_;
  }

  const std::vector<PlacesPtr> parts_;
  const Direction direction_;
  std::optional<Place> last_;
};

class Within final : public Places {
 public:
  Within(PlacesPtr places, const Place& first, const Place& last, Direction direction)
      : places_(std::move(places)), first_(first), last_(last), direction_(direction) {}

  Found seek(const Place& from) override {
    return unless_past(places_->seek(comes_before(from, first_, direction_) ? first_ : from));
  }
  Found next() override { return unless_past(places_->next()); }

 private:
  Found unless_past(Found found) const {
    if (found && *found && comes_before(last_, **found, direction_)) return std::optional<Place>();
    return found;
  }

  const PlacesPtr places_;
  const Place first_;
  const Place last_;
  const Direction direction_;
};

}  // namespace

PlacesPtr entries_with(std::unique_ptr<store::KeyCursor> cursor,
                       std::string prefix,
                       Direction direction) {
  return std::make_unique<Entries>(std::move(cursor), std::move(prefix), direction);
}

PlacesPtr listed_places(std::vector<Place> places, Direction direction) {
  return std::make_unique<Listed>(std::move(places), direction);
}

PlacesPtr union_of(std::vector<PlacesPtr> parts, Direction direction) {
  if (parts.size() == 1) return std::move(parts.front());
  return std::make_unique<Union>(std::move(parts), direction);
}

PlacesPtr intersection_of(std::vector<PlacesPtr> parts, Direction direction) {
  if (parts.size() == 1) return std::move(parts.front());
  return std::make_unique<Intersection>(std::move(parts), direction);
}

PlacesPtr started_within(PlacesPtr places,
                         std::int64_t from_ms,
                         std::int64_t to_ms,
                         Direction direction) {
  if (from_ms > to_ms) return listed_places({}, direction);
  Place first{from_ms, 0};
  Place last{to_ms, kLastNumber};
  if (direction == Direction::kNewestFirst) std::swap(first, last);
  return std::make_unique<Within>(std::move(places), first, last, direction);
}

Place first_place(Direction direction) {
  return direction == Direction::kNewestFirst ? Place{kLastTime, kLastNumber}
                                              : Place{kFirstTime, 0};
}

std::optional<Place> place_after(const Place& place, Direction direction) {
  Place after = place;
  if (direction == Direction::kOldestFirst) {
    if (after.number++ != kLastNumber) return after;
    after.number = 0;
    return after.started_ms++ == kLastTime ? std::nullopt : std::optional(after);
  }
  if (after.number-- != 0) return after;
  after.number = kLastNumber;
  return after.started_ms-- == kFirstTime ? std::nullopt : std::optional(after);
}

}  // namespace reprise::runtime
