// The archive as it is at one moment: keys of its tables in their order, and summaries of runs.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "base/visitor.h"
#include "store/record.h"

namespace reprise::store {

// Moves over the keys of a table. Views are valid until it moves again. nullopt: there is no such
// key.
class KeyCursor {
 public:
  using Key = base::Result<std::optional<std::string_view>>;

  KeyCursor() = default;
  virtual ~KeyCursor() = default;
  KeyCursor(const KeyCursor&) = delete;
  KeyCursor& operator=(const KeyCursor&) = delete;

  virtual Key at_or_after(std::string_view key) = 0;
  virtual Key before(std::string_view key) = 0;  // the last one; empty: of all
  // After one of these, or of the two above, has found one.
  virtual Key next() = 0;
  virtual Key previous() = 0;
};

// Belongs to one thread, and its cursors do not outlive it. While it lives, pages that the archive
// frees are not used again: it should be short.
class ArchiveMoment {
 public:
  enum class Table : std::uint8_t { kFields, kIndex, kIds };

  ArchiveMoment() = default;
  virtual ~ArchiveMoment() = default;
  ArchiveMoment(const ArchiveMoment&) = delete;
  ArchiveMoment& operator=(const ArchiveMoment&) = delete;

  virtual Seq through() const = 0;
  // Of the table kFields, if it has all runs (Archive::begin_fields()); 0: it has not, or there is
  // none.
  virtual std::uint64_t fields_version() const = 0;
  virtual base::Result<std::unique_ptr<KeyCursor>> keys(Table table) = 0;
  // Valid until the next call. nullopt: there is no such run. kStoreDamaged: it does not verify.
  virtual base::Result<std::optional<std::string_view>> summary(RunNumber run) = 0;
  // Those of this run and of later ones, in their order; one that does not verify is empty.
  virtual base::Status summaries(RunNumber from,
                                 base::Visitor<RunNumber, std::string_view> visit) = 0;
};

}  // namespace reprise::store
