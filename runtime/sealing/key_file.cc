#include "runtime/sealing/key_file.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <optional>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "base/printable_text.h"

namespace reprise::sealing {
namespace {

constexpr std::size_t kDigits = 2 * kKeyBytes;

base::Error bad_file(std::string_view name, std::string_view what) {
  return {base::ErrorCode::kInvalidKey,
          "the key file " + base::printable_text(name) + " " + std::string(what)};
}

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

// The next word of the line, which it is removed from; empty: there is none.
std::string_view next_word(std::string_view* line) {
  const auto begin = std::ranges::find_if_not(*line, is_space);
  const auto end = std::find_if(begin, line->end(), is_space);
  const std::string_view word(begin, end);
  line->remove_prefix(static_cast<std::size_t>(end - line->begin()));
  return word;
}

std::optional<std::string> key_of(std::string_view digits) {
  if (digits.size() != kDigits) return {};
  if (!std::ranges::all_of(digits, [](char c) { return digit(c) >= 0; })) return {};
  std::string key(kKeyBytes, '\0');
  for (std::size_t i = 0; i < kKeyBytes; ++i) {
    key[i] = static_cast<char>(digit(digits[2 * i]) << 4 | digit(digits[2 * i + 1]));
  }
  return key;
}

// What is wrong with the line; empty: nothing, and its key is there now.
std::string take_line(std::string_view line, KeyMaterial* material) {
  const std::string_view id = next_word(&line);
  if (id.empty() || id.front() == '#') return {};
  const std::string_view digits = next_word(&line);
  // An id that is none may be a key in the wrong column, so it is not shown.
  if (!check_key_id(id)) {
    return "does not begin with the id of a key: at most 64 letters, digits, '.', '_' and '-'";
  }
  auto key = key_of(digits);
  if (!key) return "has no key of 64 hexadecimal digits after the id";
  if (!next_word(&line).empty()) return "has something after the key";
  if (material->keys.size() == kMaxKeys) {
    return "has one key too many; at most " + std::to_string(kMaxKeys) + " are allowed";
  }
  if (material->keys.empty()) material->current = id;
  const bool is_new = material->keys.try_emplace(std::string(id), std::move(*key)).second;
  return is_new ? "" : "has an id that an earlier line has too";
}

base::Status read_to_end(int file, std::string_view path, std::string* text) {
  text->resize(kMaxKeyFileBytes + 1);  // at once: growing would leave copies behind
  std::size_t size = 0;
  while (size < text->size()) {
    const ssize_t got = ::read(file, text->data() + size, text->size() - size);
    if (got == 0) break;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return bad_file(path, "cannot be read: " + std::generic_category().message(errno));
    size += static_cast<std::size_t>(got);
  }
  if (size > kMaxKeyFileBytes) {
    return bad_file(path,
                    "has more than " + std::to_string(kMaxKeyFileBytes) + " bytes: it is none");
  }
  text->resize(size);
  return {};
}

base::Status check_kind(int file, std::string_view path) {
  struct stat about {};
  if (::fstat(file, &about) != 0) {
    return bad_file(path, "cannot be read: " + std::generic_category().message(errno));
  }
  if (!S_ISREG(about.st_mode) && !S_ISFIFO(about.st_mode)) {
    return bad_file(path, "is neither a file nor a pipe");
  }
  const unsigned mode = about.st_mode & 0777u;
  if ((mode & 077u) == 0) return {};
  char octal[8];
  std::snprintf(octal, sizeof octal, "%04o", mode);
  return bad_file(path, "has mode " + std::string(octal) +
                            ", so others than its owner may use it; chmod 600 makes it private");
}

}  // namespace

base::Result<KeyMaterial> parse_key_file(std::string_view text, std::string_view name) {
  KeyMaterial material;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string fault = take_line(text.substr(0, end), &material);
    if (!fault.empty()) {
      return base::Error{base::ErrorCode::kInvalidKey,
                         "line " + std::to_string(number) + " of the key file " +
                             base::printable_text(name) + " " + fault};
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (material.keys.empty()) return bad_file(name, "has no key");
  return material;
}

KeyFileText::~KeyFileText() {
  wipe(text);
}

base::Result<KeyFileText> read_key_file_text(const std::string& path) {
  if (path.find('\0') != path.npos) return bad_file(path, "has a zero byte in its name");
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    return bad_file(path, "cannot be opened: " + std::generic_category().message(errno));
  }
  KeyFileText read;
  auto status = check_kind(file, path);
  if (status) status = read_to_end(file, path, &read.text);
  ::close(file);
  if (!status) return status.error();
  return read;
}

base::Result<KeyMaterial> read_key_file(const std::string& path) {
  const auto read = read_key_file_text(path);
  if (!read) return read.error();
  return parse_key_file(read->text, path);
}

}  // namespace reprise::sealing
