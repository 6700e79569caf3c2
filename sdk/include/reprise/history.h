// Histories outside their store: taken from a run, kept in a file, replayed.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace reprise::proto {
class History;
}  // namespace reprise::proto

namespace reprise {

// How the JSON form is laid out: kIndented for people, kCompact for `grep`, `diff` and `jq`: the
// header on the first line, then one event per line.
enum class JsonLayout : std::uint8_t { kIndented, kCompact };

// The events of one run in order: everything its code needs to be replayed. From
// RunHandle::history(), from bytes, or from a file. A value that never changes: copies share it,
// and any number of threads may read them. Not for workflow code.
class History {
 public:
  // Takes what to_bytes() or to_json() made. Throws HistoryError (RP2009) for anything else; for
  // JSON it names the line or the event.
  static History parse(std::string_view bytes);
  // The same for a file's content; a file that cannot be read throws HistoryError too.
  static History read(const std::string& path);

  // The binary form: protobuf. The same history has the same bytes.
  std::string to_bytes() const;
  // The JSON form: payloads are readable JSON wherever that is lossless, so parse() gives the same
  // history, byte by byte. docs/history_format.md describes it.
  std::string to_json(JsonLayout layout = JsonLayout::kIndented) const;

  // The run it belongs to; empty when its first event is missing.
  std::string workflow() const;
  std::string workflow_id() const;
  std::string run_id() const;
  std::string task_queue() const;
  std::uint64_t events() const;  // how many it has

  // Made by the library.
  explicit History(std::shared_ptr<const proto::History> history);
  const proto::History& data() const { return *history_; }

 private:
  std::shared_ptr<const proto::History> history_;
};

// The run it belongs to, in one line for people: control characters in ids and names are escaped.
std::string to_string(const History& history);

}  // namespace reprise
