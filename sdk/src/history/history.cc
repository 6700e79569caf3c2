#include "reprise/history.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <utility>

#include "base/printable_text.h"
#include "reprise/error.h"
#include "runtime/history/history.h"
#include "sdk/src/errors.h"
#include "sdk/src/history/history_json.h"

namespace reprise {

History::History(std::shared_ptr<const proto::History> history) : history_(std::move(history)) {}

History History::parse(std::string_view bytes) {
  return History(std::make_shared<const proto::History>(
      internal::looks_like_json(bytes) ? internal::history_from_json(bytes)
                                       : internal::value_or_throw(runtime::decode_history(bytes))));
}

History History::read(const std::string& path) {
  const auto refused = [&path] {
    return HistoryError(internal::code_text(base::ErrorCode::kNoHistory),
                        "the file '" + path + "' cannot be read: " + std::strerror(errno));
  };
  const auto closed = [](std::FILE* file) { std::fclose(file); };
  const std::unique_ptr<std::FILE, decltype(closed)> file(std::fopen(path.c_str(), "rb"), closed);
  if (file == nullptr) throw refused();
  std::string bytes;
  char buffer[65'536];
  for (std::size_t got = 0; (got = std::fread(buffer, 1, sizeof buffer, file.get())) > 0;) {
    bytes.append(buffer, got);
  }
  if (std::ferror(file.get()) != 0) throw refused();
  return parse(bytes);
}

std::string to_string(const History& history) {
  return "the history of run '" + base::printable_text(history.workflow_id()) + "' (workflow '" +
         base::printable_text(history.workflow()) + "', " + std::to_string(history.events()) +
         " events)";
}

std::string History::to_bytes() const {
  return runtime::encode_history(*history_);
}

std::string History::to_json(JsonLayout layout) const {
  return internal::history_to_json(*history_, layout);
}

std::string History::workflow() const {
  return runtime::run_info(*history_).workflow;
}
std::string History::workflow_id() const {
  return runtime::run_info(*history_).workflow_id;
}
std::string History::run_id() const {
  const auto info = runtime::run_info(*history_);
  return info.run_id == base::RunId() ? std::string() : info.run_id.to_string();
}
std::string History::task_queue() const {
  return runtime::run_info(*history_).task_queue;
}
std::uint64_t History::events() const {
  return runtime::count_events(*history_);
}

}  // namespace reprise
