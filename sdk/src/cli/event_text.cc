#include "sdk/src/cli/event_text.h"

#include <algorithm>

#include <google/protobuf/text_format.h>

#include "base/ids.h"
#include "event/payload_text.h"
#include "event/text.h"
#include "proto/fields.h"

namespace reprise::internal {
namespace {

using google::protobuf::TextFormat;

constexpr std::size_t kSiteColumn = 34;

class PayloadPrinter : public TextFormat::FastFieldValuePrinter {
 public:
  void PrintBytes(const std::string& bytes,
                  TextFormat::BaseTextGenerator* generator) const override {
    if (bytes.empty()) return generator->PrintLiteral("nothing");
    generator->PrintString(event::payload_text(bytes, event::kWholePayload));
  }
};

class RunIdPrinter : public TextFormat::FastFieldValuePrinter {
 public:
  void PrintBytes(const std::string& bytes,
                  TextFormat::BaseTextGenerator* generator) const override {
    const auto id = base::RunId::from_bytes(bytes);
    generator->PrintString(id ? id->to_string() : event::bytes_text(bytes));
  }
};

class TextPrinter : public TextFormat::FastFieldValuePrinter {
 public:
  void PrintBytes(const std::string& text,
                  TextFormat::BaseTextGenerator* generator) const override {
    PrintString(text, generator);
  }
};

void print_text_as_such(TextFormat::Printer* printer) {
  const auto* file = proto::Event::descriptor()->file();
  for (int i = 0; i < file->message_type_count(); ++i) {
    const auto* type = file->message_type(i);
    for (int n = 0; n < type->field_count(); ++n) {
      if (!proto::is_text(*type->field(n))) continue;
      printer->RegisterFieldValuePrinter(type->field(n), new TextPrinter);  // it owns it
    }
  }
}

}  // namespace

std::vector<NumberedEvent> numbered_events(const proto::History& history) {
  std::vector<NumberedEvent> events;
  for (int turn = 0; turn < history.turns_size(); ++turn) {
    const auto add = [&](const proto::Event& event) {
      events.push_back({events.size() + 1, turn, &event});
    };
    for (const proto::Event& event : history.turns(turn).inputs()) add(event);
    for (const proto::Event& event : history.turns(turn).commands()) add(event);
  }
  return events;
}

std::string event_line(const proto::Event& event) {
  std::string line = event::describe(event);
  const std::string site = event::place_of(event);
  if (site.empty()) return line;
  line.resize(std::max(line.size() + 1, kSiteColumn), ' ');
  return line + site;
}

std::string event_in_full(const proto::Event& event) {
  TextFormat::Printer printer;
  printer.SetDefaultFieldValuePrinter(new PayloadPrinter);  // the printer owns it
  printer.RegisterFieldValuePrinter(
      proto::RunStarted::descriptor()->FindFieldByNumber(proto::RunStarted::kRunIdFieldNumber),
      new RunIdPrinter);
  print_text_as_such(&printer);
  std::string text;
  printer.PrintToString(event, &text);
  return text;
}

}  // namespace reprise::internal
