#include "runtime/sealing/secret_fields.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include "proto/fields.h"
#include "proto/log.pb.h"
#include "proto/parse.h"
#include "runtime/sealing/varint.h"

namespace reprise::sealing {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

// What the walk does at a field of a message.
struct Plan {
  struct Field {
    SecretField secret{};
    const Plan* inside = nullptr;  // a message with secret fields somewhere in it
    bool left_out = false;
  };
  std::vector<Field> fields;  // by number
  int plain_if_set = 0;       // number of a field: if it is not zero nothing here is secret

  const Field* find(int number) const {
    const auto index = static_cast<std::size_t>(number);
    return index < fields.size() ? &fields[index] : nullptr;
  }
};

// Messages contain themselves (a failure its cause), so all of them are known first.
class Plans {
 public:
  Plans() {
    collect(proto::Turn::descriptor());
    for (bool more = true; more;) {
      more = false;
      for (const auto& [type, plan] : plans_) {
        if (!secretive_.contains(type) && is_secretive(*type))
          more = secretive_.insert(type).second;
      }
    }
    for (const auto& [type, plan] : plans_) fill(*type, plan.get());
    Plan& turn = *plans_.at(proto::Turn::descriptor());
    turn.fields.resize(std::max<std::size_t>(turn.fields.size(), kSealed + 1));
    turn.fields[kSealed].left_out = true;
  }
  const Plan& turn() const { return *plans_.at(proto::Turn::descriptor()); }

  static constexpr int kSealed = proto::Turn::kSealedFieldNumber;

 private:
  void collect(const Descriptor* type) {
    if (!plans_.emplace(type, std::make_unique<Plan>()).second) return;
    for (int i = 0; i < type->field_count(); ++i) {
      if (const Descriptor* const inside = type->field(i)->message_type()) collect(inside);
    }
  }
  bool is_secretive(const Descriptor& type) const {
    for (int i = 0; i < type.field_count(); ++i) {
      if (secrecy_of(*type.field(i)) != Secrecy::kPlain) return true;
      if (secretive_.contains(type.field(i)->message_type())) return true;
    }
    return false;
  }
  void fill(const Descriptor& type, Plan* plan) const {
    for (int i = 0; i < type.field_count(); ++i) {
      const FieldDescriptor& field = *type.field(i);
      const auto number = static_cast<std::size_t>(field.number());
      plan->fields.resize(std::max(plan->fields.size(), number + 1));
      const Secrecy secrecy = secrecy_of(field);
      if (secrecy != Secrecy::kPlain) {
        plan->fields[number].secret = {secrecy, proto::is_text(field)};
      } else if (secretive_.contains(field.message_type())) {
        plan->fields[number].inside = plans_.at(field.message_type()).get();
      }
    }
    if (&type == proto::SettingRecorded::descriptor()) {
      plan->plain_if_set = proto::SettingRecorded::kTypeFieldNumber;
    }
  }

  std::map<const Descriptor*, std::unique_ptr<Plan>> plans_;
  std::set<const Descriptor*> secretive_;
};

const Plans& plans() {
  static const Plans all;
  return all;
}

CodedInputStream stream(std::string_view bytes) {
  return CodedInputStream(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                          static_cast<int>(bytes.size()));
}

base::Status broken() {
  return base::Error{base::ErrorCode::kSealBroken, "a turn of the log is no valid event data"};
}

// The next field of a message: its tag and, if it has one, its content.
struct Element {
  std::uint32_t tag = 0;
  std::string_view whole;    // with the tag
  std::string_view content;  // of bytes, texts and messages

  int number() const { return WireFormatLite::GetTagFieldNumber(tag); }
  bool has_content() const {
    return WireFormatLite::GetTagWireType(tag) == WireFormatLite::WIRETYPE_LENGTH_DELIMITED;
  }
};

// Calls `take` for each field, until it returns false. False: it is no message.
template <class Take>
bool for_each_field(std::string_view message, const Take& take) {
  CodedInputStream in = stream(message);
  in.SetRecursionLimit(proto::kMostLevels);
  while (in.CurrentPosition() < static_cast<int>(message.size())) {
    const auto begin = static_cast<std::size_t>(in.CurrentPosition());
    Element element;
    element.tag = in.ReadTag();
    if (element.tag == 0) return false;
    if (element.has_content()) {
      std::uint32_t length = 0;
      if (!in.ReadVarint32(&length) || length > message.size()) return false;
      const auto at = static_cast<std::size_t>(in.CurrentPosition());
      if (!in.Skip(static_cast<int>(length))) return false;
      element.content = message.substr(at, length);
    } else if (!WireFormatLite::SkipField(&in, element.tag)) {
      return false;
    }
    const auto end = static_cast<std::size_t>(in.CurrentPosition());
    element.whole = message.substr(begin, end - begin);
    if (!take(element)) return true;
  }
  return true;
}

bool is_plain(const Plan& plan, std::string_view message) {
  bool set = false;
  (void)for_each_field(message, [&](const Element& element) {
    if (element.number() != plan.plain_if_set || element.has_content()) return true;
    CodedInputStream in = stream(element.whole);
    std::uint64_t value = 0;
    in.ReadTag();
    set = in.ReadVarint64(&value) && value != 0;
    return true;
  });
  return set;
}

class Rewriting {
 public:
  Rewriting(Replace replace, std::string* out) : replace_(replace), out_(*out) {}

  base::Status message(const Plan& plan, std::string_view in, int levels) {
    if (levels == 0) return broken();
    if (plan.plain_if_set != 0 && is_plain(plan, in)) {
      out_ += in;
      return {};
    }
    base::Status status;
    const bool whole = for_each_field(in, [&](const Element& element) {
      const Plan::Field* const field = plan.find(element.number());
      if (field == nullptr || !element.has_content()) {
        out_ += element.whole;
      } else if (field->left_out) {
        return true;
      } else if (field->inside != nullptr) {
        status = inside(*field->inside, element, levels - 1);
      } else if (field->secret.secrecy != Secrecy::kPlain && !element.content.empty()) {
        status = secret(field->secret, element);
      } else {
        out_ += element.whole;
      }
      return status.has_value();
    });
    return whole ? status : broken();
  }

 private:
  base::Status inside(const Plan& plan, const Element& element, int levels) {
    return with_length(element, [&] { return message(plan, element.content, levels); });
  }
  base::Status secret(const SecretField& field, const Element& element) {
    return with_length(element, [&] { return replace_(field, element.content, &out_); });
  }

  // What `write` appends, with its length before it, which mostly takes as many bytes as that of
  // what it replaces.
  template <class Write>
  base::Status with_length(const Element& element, const Write& write) {
    append_varint(element.tag, &out_);
    const std::size_t at = out_.size();
    append_varint(element.content.size(), &out_);
    const std::size_t begin = out_.size();
    if (base::Status status = write(); !status) return status;
    std::string length;
    append_varint(out_.size() - begin, &length);
    out_.replace(at, begin - at, length);
    return {};
  }

  const Replace replace_;
  std::string& out_;
};

}  // namespace

Secrecy secrecy_of(const FieldDescriptor& field) {
  if (field.options().GetExtension(proto::secret)) return Secrecy::kInTurn;
  return field.options().GetExtension(proto::sealed_alone) ? Secrecy::kAlone : Secrecy::kPlain;
}

base::Status rewrite_turn(std::string_view turn, Replace replace, std::string* out) {
  return Rewriting(replace, out).message(plans().turn(), turn, proto::kMostLevels);
}

std::string_view sealed_part(std::string_view turn) {
  std::string_view sealed;
  const bool whole = for_each_field(turn, [&](const Element& element) {
    if (element.number() == Plans::kSealed && element.has_content()) sealed = element.content;
    return true;
  });
  return whole ? sealed : std::string_view();
}

}  // namespace reprise::sealing
