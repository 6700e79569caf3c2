#include "sdk/src/history/history_json.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>
#include <vector>

#include <google/protobuf/descriptor.h>

#include "base/function_ref.h"
#include "base/printable_text.h"
#include "event/catalogue.h"
#include "reprise/error.h"
#include "runtime/history/history.h"
#include "sdk/src/errors.h"
#include "sdk/src/history/json.h"
#include "sdk/src/history/json_time.h"
#include "sdk/src/history/message_json.h"

namespace reprise::internal {
namespace {

using proto::Event;
using proto::Turn;

// Members of the header and of event lines that are not fields of a message. No field of History,
// Turn or Event may have such a name; a test checks that.
constexpr std::string_view kFormat = "format";
constexpr std::string_view kEvents = "events";
constexpr std::string_view kNumber = "number";
constexpr std::string_view kTurn = "turn";
constexpr std::string_view kTime = "time";
constexpr std::string_view kDeferred = "deferred";
constexpr std::string_view kRole = "role";
constexpr std::string_view kKind = "kind";
constexpr std::string_view kData = "data";
constexpr std::string_view kInput = "input";
constexpr std::string_view kCommand = "command";

// The fields that are members of the header, of a turn's object or of an event's as they are. The
// others are written in another way.
bool is_of_header(const Field& field) {
  return field.number() != proto::History::kFormatFieldNumber &&
         field.number() != proto::History::kTurnsFieldNumber;
}
bool is_of_turn(const Field& field) {
  return field.number() != Turn::kTimeMsFieldNumber &&
         field.number() != Turn::kWithoutCodeFieldNumber &&
         field.number() != Turn::kInputsFieldNumber && field.number() != Turn::kCommandsFieldNumber;
}
bool is_of_event(const Field& field) {
  return field.containing_oneof() == nullptr;
}

// ---- to JSON ----------------------------------------------------------------------------------

Json header_of(const proto::History& history) {
  Json header = Json::object();
  add_member(&header, kFormat, history.format());
  add_fields(history, is_of_header, &header);
  return header;
}

void add_turn(const Turn& turn, int number, Json* line) {
  add_member(line, kTurn, number);
  add_member(line, kTime, time_to_json(turn.time_ms()));
  if (turn.without_code()) add_member(line, kDeferred, true);
}

// Fields of a turn other than its time and its events; empty: none.
Json rest_of(const Turn& turn) {
  Json rest = Json::object();
  add_fields(turn, is_of_turn, &rest);
  return rest;
}

const Field* kind_of(const Event& event) {
  return event.GetReflection()->GetOneofFieldDescriptor(event, Event::descriptor()->oneof_decl(0));
}

void add_event(const Event& event, std::string_view role, Json* line) {
  add_member(line, kRole, std::string(role));
  const Field* kind = kind_of(event);
  if (kind != nullptr) add_member(line, kKind, std::string(event::row_of(event).name));
  add_fields(event, is_of_event, line);
  if (kind == nullptr) return;
  add_member(line, kData, message_to_json(event.GetReflection()->GetMessage(event, kind)));
}

// Calls `visit` with one object per event, and one per turn that needs it: a turn without events,
// or with other data.
void for_each_line(const proto::History& history, base::FunctionRef<void(Json)> visit) {
  std::uint64_t number = 0;
  for (int t = 0; t < history.turns_size(); ++t) {
    const Turn& turn = history.turns(t);
    Json rest = rest_of(turn);
    if (!rest.empty() || runtime::count_events(turn) == 0) {
      Json line = Json::object();
      add_turn(turn, t + 1, &line);
      for (auto& [key, value] : rest.get_ref<Json::object_t&>()) {
        add_member(&line, key, std::move(value));
      }
      visit(std::move(line));
    }
    const auto visit_all = [&](const auto& events, std::string_view role) {
      for (const Event& event : events) {
        Json line = Json::object();
        add_member(&line, kNumber, ++number);
        add_turn(turn, t + 1, &line);
        add_event(event, role, &line);
        visit(std::move(line));
      }
    };
    visit_all(turn.inputs(), kInput);
    visit_all(turn.commands(), kCommand);
  }
}

// ---- from JSON --------------------------------------------------------------------------------

// Takes the objects in order and makes the history of them.
class Reader {
 public:
  void take_header(const Json& header) {
    for (const auto& [key, value] : header.get_ref<const Json::object_t&>()) {
      if (key == kFormat) {
        history_.set_format(static_cast<std::uint32_t>(
            unsigned_of(value, std::numeric_limits<std::uint32_t>::max(), kFormat)));
      } else if (key != kEvents) {
        set_field(key, value, is_of_header, &history_);
      }
    }
    if (history_.format() == runtime::kHistoryFormat) return;
    throw Malformed("it has format " + std::to_string(history_.format()) +
                    ", and this version reads format " + std::to_string(runtime::kHistoryFormat));
  }

  void take(const Json& object) {
    if (!object.is_object()) throw Malformed("an event is no object: " + describe_json(object));
    const Line line = sorted(object);
    enter_turn(line);
    if (line.number != nullptr) {
      take_event(line);
    } else {
      for (const auto* member : line.others)
        set_field(member->first, member->second, is_of_turn, turn_);
    }
  }

  // The position, for messages: "event 7".
  std::string last() const { return "event " + std::to_string(events_); }
  proto::History& history() { return history_; }

 private:
  using Member = Json::object_t::value_type;
  struct Line {
    const Json* number = nullptr;
    const Json* turn = nullptr;
    const Json* time = nullptr;
    const Json* deferred = nullptr;
    const Json* role = nullptr;
    const Json* kind = nullptr;
    const Json* data = nullptr;
    std::vector<const Member*> others{};
  };

  static Line sorted(const Json& object) {
    Line line;
    const std::pair<std::string_view, const Json**> places[] = {
        {kNumber, &line.number},     {kTurn, &line.turn}, {kTime, &line.time},
        {kDeferred, &line.deferred}, {kRole, &line.role}, {kKind, &line.kind},
        {kData, &line.data}};
    for (const Member& member : object.get_ref<const Json::object_t&>()) {
      const auto place = std::find_if(std::begin(places), std::end(places), [&](const auto& known) {
        return known.first == member.first;
      });
      if (place == std::end(places)) {
        line.others.push_back(&member);
      } else {
        *place->second = &member.second;
      }
    }
    return line;
  }

  static const Json& required(const Json* value, std::string_view key) {
    if (value == nullptr) throw Malformed("'" + std::string(key) + "' is missing");
    return *value;
  }

  void enter_turn(const Line& line) {
    const auto last = static_cast<std::uint64_t>(history_.turns_size());
    const std::uint64_t number = unsigned_of(required(line.turn, kTurn), last + 1, kTurn);
    const std::int64_t time = time_from_json(required(line.time, kTime), kTime);
    const bool deferred = line.deferred != nullptr && boolean_of(*line.deferred, kDeferred);
    if (number == last + 1) {
      turn_ = history_.add_turns();
      turn_->set_time_ms(time);
      turn_->set_without_code(deferred);
      return;
    }
    if (number < last || last == 0 || line.number == nullptr) {
      throw Malformed("turn " + std::to_string(number) + " is out of order");
    }
    if (turn_->time_ms() != time || turn_->without_code() != deferred) {
      throw Malformed("turn " + std::to_string(number) + " has two times, or is deferred and not");
    }
  }

  void take_event(const Line& line) {
    const std::uint64_t number =
        unsigned_of(*line.number, std::numeric_limits<std::uint64_t>::max(), kNumber);
    if (number != events_ + 1) {
      throw Malformed("here is number " + std::to_string(number) + " where " +
                      std::to_string(events_ + 1) + " should be: an event is missing or moved");
    }
    ++events_;
    Event* event = add_event(text_of(required(line.role, kRole), kRole));
    for (const auto* member : line.others)
      set_field(member->first, member->second, is_of_event, event);
    if (line.kind == nullptr) {
      if (line.data != nullptr) throw Malformed("'kind' is missing");
      return;  // of a kind that only a newer version knows: it is in $unknown
    }
    const Field& kind = kind_named(text_of(*line.kind, kKind));
    message_from_json(required(line.data, kData),
                      event->GetReflection()->MutableMessage(event, &kind));
  }

  Event* add_event(const std::string& role) {
    if (role == kCommand) return turn_->add_commands();
    if (role != kInput) throw Malformed("role is neither input nor command: '" + role + "'");
    if (!turn_->commands().empty()) {
      throw Malformed("an input comes after the commands of its turn");
    }
    return turn_->add_inputs();
  }

  static const Field& kind_named(const std::string& name) {
    const event::Row* row = event::row_named(name);
    if (row == nullptr) throw Malformed("there is no kind of event '" + name + "'");
    return *Event::descriptor()->FindFieldByNumber(row->kind);
  }

  proto::History history_;
  Turn* turn_ = nullptr;  // the last one
  std::uint64_t events_ = 0;
};

[[noreturn]] void fail(const std::string& why) {
  throw HistoryError(code_text(base::ErrorCode::kNoHistory), "this is no history of a run: " + why);
}

class Events final : public ElementSink {
 public:
  explicit Events(Reader* reader) : reader_(reader) {}

  // If the format is not at the beginning, the history is read as a whole.
  bool begin(const Json& before) override {
    if (!before.contains(kFormat)) return false;
    reader_->take_header(before);
    return begun_ = true;
  }
  void take(const Json& event) override {
    ++index_;
    try {
      reader_->take(event);
    } catch (const Malformed& problem) {
      throw Malformed("entry " + std::to_string(index_) + " of events, " + reader_->last() + ": " +
                      problem.what());
    }
  }
  bool begun() const { return begun_; }

 private:
  Reader* reader_;
  std::size_t index_ = 0;
  bool begun_ = false;
};

// One JSON value: an object that has the events.
void read_whole(const Json& whole, Reader* reader) {
  reader->take_header(whole);
  const auto events = whole.find(kEvents);
  if (events == whole.end()) throw Malformed("'events' is missing");
  if (!events->is_array()) throw Malformed("events is no array: " + describe_json(*events));
  Events all(reader);
  for (const Json& event : *events) all.take(event);
}

void read_object(std::string_view text, Reader* reader) {
  Events events(reader);
  const Json whole = parse_json_elements(text, kEvents, events);
  if (!events.begun()) return read_whole(whole, reader);
  Json behind = Json::object();
  bool passed = false;
  for (const auto& [key, value] : whole.get_ref<const Json::object_t&>()) {
    if (passed) add_member(&behind, key, value);
    passed |= key == kEvents;
  }
  reader->take_header(behind);
}

std::string_view next_line(std::string_view* rest) {
  const std::string_view line = rest->substr(0, rest->find('\n'));
  rest->remove_prefix(std::min(line.size() + 1, rest->size()));
  return line;
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == text.npos;
}

// The header, then an object per line.
void read_lines(std::string_view text, Reader* reader) {
  std::string_view rest = text;
  bool header = true;
  for (std::size_t number = 1; !rest.empty(); ++number) {
    const std::string_view line = next_line(&rest);
    if (is_blank(line)) continue;
    const Json value = parse_json(line, text);
    try {
      header ? reader->take_header(value) : reader->take(value);
    } catch (const Malformed& problem) {
      throw Malformed("line " + std::to_string(number) + (header ? "" : ", " + reader->last()) +
                      ": " + problem.what());
    }
    header = false;
  }
}

class NoEvents final : public ElementSink {
 public:
  bool begin(const Json&) override { return true; }
  void take(const Json&) override {}
};

// Is the first line a complete value, but not the object with all events?
bool has_lines(std::string_view text) {
  text.remove_prefix(text.find_first_not_of(" \t\r\n"));
  const std::string_view first = next_line(&text);
  if (!Json::accept(first)) return false;
  NoEvents dropped;
  const Json header = parse_json_elements(first, kEvents, dropped);
  return header.is_object() && !header.contains(kEvents);
}

}  // namespace

std::string history_to_json(const proto::History& history, JsonLayout layout) {
  Json header = header_of(history);
  if (layout == JsonLayout::kCompact) {
    std::string text = header.dump() + "\n";
    for_each_line(history, [&](Json line) { text += line.dump() + "\n"; });
    return base::printable_json(text);
  }
  Json::array_t events;
  for_each_line(history, [&](Json line) { events.push_back(std::move(line)); });
  add_member(&header, kEvents, std::move(events));
  return base::printable_json(header.dump(2)) + "\n";
}

bool looks_like_json(std::string_view bytes) {
  const auto first = bytes.find_first_not_of(" \t\r\n");
  return first != bytes.npos && bytes[first] == '{';
}

proto::History history_from_json(std::string_view text) {
  Reader reader;
  try {
    if (has_lines(text)) {
      read_lines(text, &reader);
    } else {
      read_object(text, &reader);
    }
  } catch (const Malformed& problem) {
    fail(problem.what());
  }
  // Refuses JSON that a history cannot contain (nested too deeply).
  const std::string encoded = runtime::encode_history(reader.history());
  reader.history() = proto::History();  // Clear() would keep its memory
  return value_or_throw(runtime::decode_history(encoded));
}

}  // namespace reprise::internal
