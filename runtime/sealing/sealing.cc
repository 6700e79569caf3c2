#include "runtime/sealing/sealing.h"

#include <cstdint>
#include <vector>

#include "base/place_holder.h"
#include "base/printable_text.h"
#include "proto/parse.h"
#include "runtime/sealing/envelope.h"
#include "runtime/sealing/secret_fields.h"
#include "runtime/sealing/varint.h"

namespace reprise::sealing {
namespace {

using base::Error;
using base::ErrorCode;

// 0xff begins no CBOR item and no UTF-8.
constexpr std::string_view kSealedValue = "\xffRPS1";

// An envelope of the one opens nowhere as the other.
constexpr std::string_view kTurnPlace = "turn";
constexpr std::string_view kValuePlace = "value";

constexpr int kSealedTag = proto::Turn::kSealedFieldNumber << 3 | 2;

Error no_turn() {
  return {ErrorCode::kStoreDamaged, "a turn is no valid event data"};
}

Error broken_part(std::string_view what) {
  return {ErrorCode::kSealBroken, "the sealed part of a turn " + std::string(what)};
}

base::Result<std::vector<std::string_view>> contents_of(std::string_view list) {
  std::vector<std::string_view> contents;
  while (!list.empty()) {
    const auto length = take_varint(&list);
    if (!length || *length > list.size()) return broken_part("is no list of contents");
    contents.push_back(list.substr(0, *length));
    list.remove_prefix(*length);
  }
  return contents;
}

// Why it does not open, in few words.
std::string mark_of(std::string_view envelope, const Error& why) {
  if (why.code != ErrorCode::kKeyMissing) return std::string(base::kDamagedContent);
  const auto view = look_at(envelope);
  if (!view || view->codecs.empty()) return "<sealed>";
  if (!view->key_id.empty()) return "<sealed, key " + base::printable_text(view->key_id) + ">";
  return "<sealed, codec " + base::printable_text(view->codecs.back()) + ">";
}

std::string_view envelope_in(std::string_view value) {
  return value.substr(kSealedValue.size());
}

}  // namespace

bool is_sealed(std::string_view value) {
  return value.starts_with(kSealedValue);
}

bool may_have_sealed_values(std::string_view turn) {
  return turn.find(kSealedValue) != std::string_view::npos;
}

base::Status Sealing::seal_turn(std::string_view turn, std::string* record) const {
  if (!seals()) return seal_nothing(turn, record);
  const std::size_t begin = record->size();
  std::string contents;
  std::uint64_t count = 0;
  bool any = false;
  const auto take = [&](const SecretField& field, std::string_view content,
                        std::string* out) -> base::Status {
    any = true;
    if (field.secrecy == Secrecy::kAlone) {
      const auto sealed = seal_value(content);
      if (!sealed) return sealed.error();
      *out += *sealed;
      return {};
    }
    append_varint(content.size(), &contents);
    contents += content;
    append_varint(++count, out);
    return {};
  };
  if (const base::Status rewritten = rewrite_turn(turn, take, record); !rewritten) {
    return rewritten;
  }
  if (!any) {
    record->resize(begin);
    record->append(turn);
    return {};
  }
  const auto envelope = seal(codecs_, contents, kTurnPlace);
  if (!envelope) return envelope.error();
  append_varint(kSealedTag, record);
  append_varint(envelope->size(), record);
  record->append(*envelope);
  return {};
}

// Values that were copied from where they are sealed are recorded open, if they open.
base::Status Sealing::seal_nothing(std::string_view turn, std::string* record) const {
  if (!may_have_sealed_values(turn)) {
    record->append(turn);
    return {};
  }
  const auto take = [&](const SecretField& field, std::string_view content,
                        std::string* out) -> base::Status {
    const bool alone = field.secrecy == Secrecy::kAlone;
    *out += alone ? *seal_value(content) : std::string(content);
    return {};
  };
  return rewrite_turn(turn, take, record);
}

base::Result<std::string> Sealing::seal_value(std::string_view value) const {
  if (is_sealed(value)) {
    const auto opened = open_value(std::string(value));
    return opened ? seal_value(*opened) : std::string(value);
  }
  if (!seals() || value.empty()) return std::string(value);
  const auto envelope = seal(codecs_, value, kValuePlace);
  if (!envelope) return envelope.error();
  return std::string(kSealedValue) + *envelope;
}

base::Result<std::string> Sealing::open_value(std::string value) const {
  if (!is_sealed(value)) return value;
  return unseal(codecs_, envelope_in(value), kValuePlace);
}

base::Result<std::string> Sealing::open_turn(std::string_view record,
                                             std::string_view sealed) const {
  const auto opened = unseal(codecs_, sealed, kTurnPlace);
  if (!opened) return opened.error();
  auto contents = contents_of(*opened);
  if (!contents) return contents.error();
  std::size_t used = 0;
  const auto put_back = [&](const SecretField& field, std::string_view place,
                            std::string* out) -> base::Status {
    if (field.secrecy == Secrecy::kAlone) {
      const auto value = open_value(std::string(place));
      if (!value) return value.error();
      *out += *value;
      return {};
    }
    // In their order: a content belongs to one place.
    const auto number = take_varint(&place);
    if (!number || !place.empty() || *number != used + 1 || *number > contents->size()) {
      return broken_part("does not fit the turn");
    }
    *out += (*contents)[used++];
    return {};
  };
  std::string turn;
  turn.reserve(record.size() + opened->size());
  if (const base::Status put = rewrite_turn(record, put_back, &turn); !put) return put.error();
  if (used != contents->size()) return broken_part("does not fit the turn");
  return turn;
}

// A turn without a sealed part may have values that did not open when it was recorded.
base::Result<std::string> Sealing::open_values(std::string_view record) const {
  const auto open = [&](const SecretField& field, std::string_view content,
                        std::string* out) -> base::Status {
    if (field.secrecy != Secrecy::kAlone) {
      *out += content;
      return {};
    }
    const auto value = open_value(std::string(content));
    if (!value) return value.error();
    *out += *value;
    return {};
  };
  std::string turn;
  if (const base::Status opened = rewrite_turn(record, open, &turn); !opened) {
    return opened.error();
  }
  return turn;
}

base::Status Sealing::read_turn(std::string_view record, proto::Turn* turn) const {
  const std::string_view sealed = sealed_part(record);
  if (sealed.empty() && !may_have_sealed_values(record)) {
    return proto::parse(record, turn) ? base::Status() : no_turn();
  }
  const auto opened = sealed.empty() ? open_values(record) : open_turn(record, sealed);
  if (!opened) return opened.error();
  return proto::parse(*opened, turn) ? base::Status() : no_turn();
}

base::Status Sealing::show_turn(std::string_view record, proto::Turn* turn) const {
  const base::Status read = read_turn(record, turn);
  if (read || read.error().code == ErrorCode::kStoreDamaged) return read;
  const std::string_view part = sealed_part(record);
  const std::string mark = part.empty() ? std::string() : mark_of(part, read.error());
  const auto show = [&](const SecretField& field, std::string_view content,
                        std::string* out) -> base::Status {
    if (field.secrecy == Secrecy::kAlone) {
      const std::string value(content);
      *out += field.text ? show_text(value) : show_value(value);
    } else if (part.empty()) {
      *out += content;
    } else {
      *out += field.text ? mark : base::place_holder_of(mark);
    }
    return {};
  };
  std::string shown;
  const base::Status rewritten = rewrite_turn(record, show, &shown);
  return rewritten && proto::parse(shown, turn) ? base::Status() : no_turn();
}

std::string Sealing::show_text(std::string text) const {
  if (!is_sealed(text)) return text;
  auto opened = open_value(text);
  return opened ? std::move(opened).value() : mark_of(envelope_in(text), opened.error());
}

std::string Sealing::show_value(std::string value) const {
  if (!is_sealed(value)) return value;
  auto opened = open_value(value);
  if (opened) return std::move(opened).value();
  return base::place_holder_of(mark_of(envelope_in(value), opened.error()));
}

}  // namespace reprise::sealing
