#include "tests/model/wire.h"

#include <cstdlib>
#include <cstring>
#include <type_traits>

namespace reprise::model {
namespace {

class PutFields {
 public:
  std::string bytes = std::string(4, '\0');

  template <class T>
  requires(std::is_arithmetic_v<T> || std::is_enum_v<T>) void operator()(const T& value) {
    bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void operator()(const std::string& text) {
    (*this)(static_cast<std::uint32_t>(text.size()));
    bytes += text;
  }
  template <class T>
  void operator()(std::vector<T>& list) {
    (*this)(static_cast<std::uint32_t>(list.size()));
    for (T& value : list) (*this)(value);
  }
  void operator()(Described& described) { each_field(described, *this); }
};

class TakeFields {
 public:
  explicit TakeFields(std::string_view bytes) : rest_(bytes) {}

  template <class T>
  requires(std::is_arithmetic_v<T> || std::is_enum_v<T>) void operator()(T& value) {
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
  }
  void operator()(std::string& text) { text = take(length()); }
  template <class T>
  void operator()(std::vector<T>& list) {
    list.resize(length());
    for (T& value : list) (*this)(value);
  }
  void operator()(Described& described) { each_field(described, *this); }

 private:
  std::uint32_t length() {
    std::uint32_t length = 0;
    (*this)(length);
    return length;
  }
  std::string_view take(std::size_t size) {
    if (size > rest_.size()) std::abort();  // a bug of the harness
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  std::string_view rest_;
};

template <class Message>
std::string frame(Message& message) {
  PutFields put;
  each_field(message, put);
  const auto length = static_cast<std::uint32_t>(put.bytes.size() - 4);
  std::memcpy(put.bytes.data(), &length, sizeof length);
  return std::move(put.bytes);
}

// FNV-1a.
std::uint64_t hash_of(std::string_view value) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : value) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

}  // namespace

std::string frame_of(Call call) {
  return frame(call);
}

std::string frame_of(Answer answer) {
  return frame(answer);
}

template <class Message>
std::optional<Message> Frames::next() {
  std::uint32_t length = 0;
  const std::string_view rest = std::string_view(bytes_).substr(at_);
  if (rest.size() < sizeof length) return std::nullopt;
  std::memcpy(&length, rest.data(), sizeof length);
  if (rest.size() - sizeof length < length) return std::nullopt;
  std::optional<Message> message(std::in_place);
  TakeFields take(rest.substr(sizeof length, length));
  each_field(*message, take);
  at_ += sizeof length + length;
  if (at_ == bytes_.size()) {
    bytes_.clear();
    at_ = 0;
  }
  return message;
}

template std::optional<Call> Frames::next();
template std::optional<Answer> Frames::next();

std::string digest_of(std::string_view value) {
  constexpr std::size_t kMostDigits = 20;
  const auto colon = value.substr(0, kMostDigits).find(':');
  const std::string_view tag = value.substr(0, colon == value.npos ? 0 : colon);
  return std::string(tag) + ":" + std::to_string(value.size()) + ":" +
         std::to_string(hash_of(value));
}

std::uint64_t number_of(std::string_view digest) {
  const std::string text(digest.substr(0, digest.find(':')));
  return std::strtoull(text.c_str(), nullptr, 10);
}

}  // namespace reprise::model
