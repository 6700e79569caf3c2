#include "runtime/control/frame.h"

#include <algorithm>

namespace reprise::runtime {
namespace {

constexpr std::size_t kFrameLengthBytes = 4;

// Moves bytes from the front of `from` until `to` has `size`.
void fill_up_to(std::string* to, std::size_t size, std::string_view* from) {
  if (to->size() >= size) return;
  const std::string_view taken = from->substr(0, size - to->size());
  to->append(taken);
  from->remove_prefix(taken.size());
}

std::size_t length_in(std::string_view bytes) {
  std::size_t length = 0;
  for (std::size_t i = 0; i < kFrameLengthBytes; ++i) {
    length |= std::size_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  }
  return length;
}

}  // namespace

std::string control_frame(const google::protobuf::MessageLite& message) {
  const std::size_t length = message.ByteSizeLong();
  std::string frame;
  frame.reserve(kFrameLengthBytes + length);
  for (std::size_t i = 0; i < kFrameLengthBytes; ++i) {
    frame += static_cast<char>(static_cast<unsigned char>(length >> (8 * i)));
  }
  (void)message.AppendToString(&frame);
  return frame;
}

FrameReader::State FrameReader::add(std::string_view bytes) {
  fill_up_to(&bytes_, kFrameLengthBytes, &bytes);
  if (bytes_.size() < kFrameLengthBytes) return State::kMore;
  const std::size_t length = length_in(bytes_);
  if (length > longest_) return State::kTooLong;
  fill_up_to(&bytes_, kFrameLengthBytes + length, &bytes);
  return bytes_.size() == kFrameLengthBytes + length ? State::kWhole : State::kMore;
}

std::string_view FrameReader::content() const {
  return std::string_view(bytes_).substr(kFrameLengthBytes);
}

}  // namespace reprise::runtime
