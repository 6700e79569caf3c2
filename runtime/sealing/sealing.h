// What is sealed of a store, and how (docs/codecs.md): of a turn the contents of its secret fields,
// together; and values that stand by themselves in more than one file. Names, ids and what is
// sorted or searched by stay as they are, so that runs are found, folded and archived without keys.
#pragma once
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "proto/log.pb.h"
#include "runtime/sealing/codec.h"

namespace reprise::sealing {

// Is this a value that Sealing::seal_value() has made? No payload and no text begins like one.
bool is_sealed(std::string_view value);
// False: no field of that serialized turn is such a value.
bool may_have_sealed_values(std::string_view turn);

// Thread-safe.
class Sealing {
 public:
  Sealing() = default;  // seals nothing, and opens nothing
  // `codecs` have passed check_codecs().
  explicit Sealing(Codecs codecs) : codecs_(std::move(codecs)) {}

  bool seals() const { return !codecs_.empty(); }

  // ---- what is written ----
  // Appends a serialized Turn as it is to be recorded: without codecs, or if nothing in it is
  // secret, as it is. Errors: those of the codecs; then `record` has a part of it.
  base::Status seal_turn(std::string_view turn, std::string* record) const;
  // Of a field that is sealed alone. What is sealed already, as what another run or an earlier
  // engine has recorded, is sealed anew: without codecs it becomes open. It stays as it is if it
  // does not open.
  base::Result<std::string> seal_value(std::string_view value) const;

  // ---- what is read ----
  // kStoreDamaged: it is no turn. kKeyMissing, kSealBroken: it was sealed, and does not open here.
  base::Status read_turn(std::string_view record, proto::Turn* turn) const;
  // What is not sealed is returned as it is.
  base::Result<std::string> open_value(std::string value) const;

  // ---- for people ----
  // The same with a text in the place of each content that does not open: "<sealed, key k1>". Not
  // for code, which would take that for content. kStoreDamaged.
  base::Status show_turn(std::string_view record, proto::Turn* turn) const;
  // A place holder (base/place_holder.h) with such a text, or a text.
  std::string show_value(std::string value) const;
  std::string show_text(std::string text) const;

 private:
  base::Result<std::string> open_turn(std::string_view record, std::string_view sealed) const;
  base::Result<std::string> open_values(std::string_view record) const;
  base::Status seal_nothing(std::string_view turn, std::string* record) const;

  Codecs codecs_;
};

}  // namespace reprise::sealing
