#include "runtime/visibility/subject.h"

#include <bit>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "runtime/visibility/fields.h"

namespace reprise::runtime::visibility {
namespace {

constexpr std::int64_t kNsPerMs = 1'000'000;

// Reads what attributes are encoded as (docs/adr/0004-payloads-are-cbor.md); other CBOR is no
// attribute.
class AttributeReader {
 public:
  explicit AttributeReader(std::string_view payload) : rest_(payload) {}

  bool at_end() const { return rest_.empty(); }

  bool boolean(bool* value) {
    const int byte = take();
    *value = byte == 0xf5;
    return byte == 0xf4 || byte == 0xf5;
  }

  bool integer(std::int64_t* value) {
    unsigned major = 0;
    std::uint64_t argument = 0;
    if (!head(&major, &argument) || major > 1) return false;
    if (argument > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      return false;
    }
    const auto magnitude = static_cast<std::int64_t>(argument);
    *value = major == 0 ? magnitude : -1 - magnitude;
    return true;
  }

  bool floating(double* value) {
    const int byte = take();
    std::uint64_t bits = 0;
    if (byte == 0xf9 && big_endian(2, &bits)) {
      *value = from_half(static_cast<std::uint16_t>(bits));
    } else if (byte == 0xfa && big_endian(4, &bits)) {
      *value = static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
    } else if (byte == 0xfb && big_endian(8, &bits)) {
      *value = std::bit_cast<double>(bits);
    } else {
      return false;
    }
    return true;
  }

  bool text(std::string_view* value) {
    unsigned major = 0;
    std::uint64_t size = 0;
    if (!head(&major, &size) || major != 3 || size > rest_.size()) return false;
    *value = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return true;
  }

  bool texts(std::vector<std::string_view>* values) {
    unsigned major = 0;
    std::uint64_t count = 0;
    if (!head(&major, &count) || major != 4 || count > rest_.size()) return false;
    values->reserve(count);
    for (; count > 0; --count) {
      std::string_view value;
      if (!text(&value)) return false;
      values->push_back(value);
    }
    return true;
  }

 private:
  int take() {
    if (rest_.empty()) return -1;
    const auto byte = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    return byte;
  }

  bool big_endian(std::size_t bytes, std::uint64_t* value) {
    if (rest_.size() < bytes) return false;
    *value = 0;
    for (std::size_t i = 0; i < bytes; ++i)
      *value = *value << 8 | static_cast<std::uint64_t>(take());
    return true;
  }

  bool head(unsigned* major, std::uint64_t* argument) {
    const int byte = take();
    if (byte < 0) return false;
    *major = static_cast<unsigned>(byte) >> 5;
    const unsigned low = static_cast<unsigned>(byte) & 31;
    if (low < 24) {
      *argument = low;
      return true;
    }
    return low <= 27 && big_endian(std::size_t{1} << (low - 24), argument);
  }

  static double from_half(std::uint16_t half) {
    const int exponent = half >> 10 & 31;
    const int fraction = half & 1023;
    double value = exponent == 0    ? std::ldexp(fraction, -24)
                   : exponent != 31 ? std::ldexp(fraction + 1024, exponent - 25)
                   : fraction == 0  ? std::numeric_limits<double>::infinity()
                                    : std::numeric_limits<double>::quiet_NaN();
    return (half & 0x8000) != 0 ? -value : value;
  }

  std::string_view rest_;
};

std::int64_t to_ns(std::int64_t ms) {
  std::int64_t ns = 0;
  if (!__builtin_mul_overflow(ms, kNsPerMs, &ns)) return ns;
  return ms < 0 ? std::numeric_limits<std::int64_t>::min()
                : std::numeric_limits<std::int64_t>::max();
}

RunValue of_text(std::string_view text) {
  RunValue value;
  value.text = text;
  return value;
}

RunValue of_integer(FieldType type, std::int64_t integer) {
  RunValue value;
  value.type = type;
  value.integer = integer;
  return value;
}

std::optional<RunValue> text_if_any(std::string_view text) {
  return text.empty() ? std::nullopt : std::optional(of_text(text));
}

std::optional<RunValue> time_if_any(std::int64_t ms) {
  return ms == 0 ? std::nullopt : std::optional(of_integer(FieldType::kTime, ms));
}

}  // namespace

std::optional<RunValue> decode_attribute(const proto::SettingRecorded& setting) {
  const auto type = type_of(setting.type());
  if (!type) return std::nullopt;
  RunValue value;
  value.type = *type;
  AttributeReader in(setting.value());
  bool good = false;
  switch (*type) {
    case FieldType::kBool:
      good = in.boolean(&value.truth);
      break;
    case FieldType::kInt:
    case FieldType::kTime:
      good = in.integer(&value.integer);
      break;
    case FieldType::kDouble:
      good = in.floating(&value.number);
      break;
    case FieldType::kText:
      good = in.text(&value.text);
      break;
    case FieldType::kTexts:
      good = in.texts(&value.texts);
      break;
    case FieldType::kDuration:
    case FieldType::kStatus:
      break;
  }
  return good && in.at_end() ? std::optional(std::move(value)) : std::nullopt;
}

Subject::Subject(const RunDescription& run)
    : described_(&run),
      run_id_(run.run_id),
      workflow_id_(run.workflow_id),
      workflow_(run.workflow),
      task_queue_(run.task_queue),
      status_(run.status),
      started_ms_(base::to_ms(run.started)),
      closed_ms_(run.closed ? base::to_ms(*run.closed) : 0),
      delayed_until_(run.delayed_until ? base::to_ms(*run.delayed_until) : 0),
      events_(run.history_events) {
  if (run.parent) {
    parent_id_ = run.parent->workflow_id;
    parent_run_text_ = run.parent->run_id.to_string();
  }
  if (run.parked) parked_ = base::to_string(run.parked->code);
}

Subject::Subject(const proto::RunSummary& run, std::string_view parked)
    : summary_(&run),
      run_id_(base::RunId::from_bytes(run.run_id()).value_or(base::RunId())),
      parked_(parked),
      workflow_id_(run.workflow_id()),
      workflow_(run.workflow()),
      task_queue_(run.task_queue()),
      status_(event::status_of(run.status())),
      started_ms_(run.started_ms()),
      closed_ms_(run.closed_ms()),
      events_(run.events()) {
  // As they are stored: the common values are empty.
  if (workflow_id_.empty()) workflow_id_ = run_id_text_ = run_id_.to_string();
  if (task_queue_.empty()) task_queue_ = "default";
  if (run.has_parent()) {
    const auto parent = base::RunId::from_bytes(run.parent().run_id()).value_or(base::RunId());
    parent_run_text_ = parent.to_string();
    parent_text_ = run.parent().workflow_id();
    if (parent_text_.empty()) parent_text_ = parent_run_text_;
    parent_id_ = parent_text_;
  }
  if (run.has_terms() && event::is_open(status_)) delayed_until_ = run.terms().delayed_until_ms();
}

std::optional<RunValue> Subject::attribute(std::string_view name) const {
  const proto::SettingRecorded* found = nullptr;
  for_each_setting([&](const proto::SettingRecorded& setting) {
    if (setting.name() == name) found = &setting;
  });
  return found == nullptr ? std::nullopt : decode_attribute(*found);
}

std::optional<RunValue> Subject::value(const Field& field) const {
  switch (field.id) {
    case FieldId::kWorkflowId:
      return of_text(workflow_id_);
    case FieldId::kRunId:
      if (run_id_text_.empty()) run_id_text_ = run_id_.to_string();
      return of_text(run_id_text_);
    case FieldId::kWorkflowType:
      return of_text(workflow_);
    case FieldId::kStatus:
      return of_integer(FieldType::kStatus, static_cast<std::int64_t>(status_));
    case FieldId::kStartTime:
      return of_integer(FieldType::kTime, started_ms_);
    case FieldId::kCloseTime:
      return time_if_any(closed_ms_);
    case FieldId::kExecutionTime:
      return of_integer(FieldType::kTime, delayed_until_ > 0 ? delayed_until_ : started_ms_);
    case FieldId::kExecutionDuration:
      if (closed_ms_ == 0) return std::nullopt;
      return of_integer(FieldType::kDuration, to_ns(base::sub_sat(closed_ms_, started_ms_)));
    case FieldId::kTaskQueue:
      return of_text(task_queue_);
    case FieldId::kHistoryLength:
      return of_integer(FieldType::kInt, static_cast<std::int64_t>(events_));
    case FieldId::kParentId:
      return text_if_any(parent_id_);
    case FieldId::kParentRunId:
      return text_if_any(parent_run_text_);
    case FieldId::kParkedReason:
      return text_if_any(parked_);
    case FieldId::kAttribute:
      return attribute(field.name);
  }
  return std::nullopt;
}

}  // namespace reprise::runtime::visibility
