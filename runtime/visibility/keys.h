// Keys that sort as bytes: those of the index, by which runs are found, and those by which the
// results of a filter are sorted and pages of them continue. docs/log_format.md has the former.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/visibility/ast.h"
#include "runtime/visibility/fields.h"
#include "runtime/visibility/subject.h"

namespace reprise::runtime::visibility {

// Another number: another way to make these keys, and an index with the old ones is built again.
inline constexpr std::uint64_t kIndexVersion = 1;

// Text in a key: at most this much of it, so that the key stays short.
inline constexpr std::size_t kIndexedTextBytes = 64;

// A run's place among the entries with one value: by start, then by its number, which the store
// adds.
inline constexpr std::size_t kPlaceBytes = 16;
struct Place {
  std::int64_t started_ms = 0;
  std::uint64_t number = 0;

  friend auto operator<=>(const Place&, const Place&) = default;
};
std::string place_bytes(const Place& place);
Place place_of(std::string_view sixteen);

// All entries with one value begin with one of these.
std::string status_prefix(event::RunStatus status);
std::string workflow_prefix(std::string_view workflow);
std::string run_id_prefix(const base::RunId& id);
std::string parent_prefix(std::string_view workflow_id);
// Of all values of one type, and of one value. Texts: nothing but the text counts.
std::string attribute_prefix(std::string_view name, FieldType type);
std::string attribute_prefix(std::string_view name, const RunValue& scalar);
// Of all texts that begin like this.
std::string attribute_text_begin(std::string_view name, FieldType type, std::string_view text);
// Is the whole text in its key? Otherwise entries of other texts have the same one.
inline bool is_whole(std::string_view text) {
  return text.size() <= kIndexedTextBytes;
}

std::string status_entry(event::RunStatus status, std::int64_t started_ms);
// The entries of a run, without its number, each once; not those of its attributes.
std::vector<std::string> fixed_entries(const Subject& run);
// Those of its attributes.
std::vector<std::string> attribute_entries(const Subject& run);

// Under which types a name was ever published: entries that belong to no run (number 0).
std::string known_prefix(std::string_view attribute);  // of one name
std::string_view all_known_prefix();
std::vector<std::string> known_entries(const Subject& run);
// nullopt: such an entry is of something newer.
std::optional<FieldType> known_type(std::string_view entry);
// Empty: the name is not whole in it.
std::string known_name(std::string_view entry);

// By which the results of the query are sorted, ascending, byte by byte. Different runs have
// different keys. What a run does not have comes last in either direction.
std::string sort_key(const Query& query, const Subject& run, std::uint64_t number);
// The place in such a key of a query that is in order of starts; nullopt: it is not one.
std::optional<Place> place_of_sort_key(const Query& query, std::string_view key);
std::string sort_key(const Query& in_order_of_starts, const Place& place);

}  // namespace reprise::runtime::visibility
