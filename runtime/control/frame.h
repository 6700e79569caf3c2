// The bytes of the control socket: each message after its length, four bytes, little-endian.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <google/protobuf/message_lite.h>

namespace reprise::runtime {

inline constexpr std::uint32_t kControlVersion = 1;

// A payload of the largest size, with its name and its run.
inline constexpr std::size_t kMaxControlRequest = (std::size_t{2} << 20) + 65'536;
inline constexpr std::size_t kMaxControlReply = std::size_t{16} << 20;

std::string control_frame(const google::protobuf::MessageLite& message);

// One message, as it arrives. Its memory grows with the bytes that have arrived, not with the
// announced length.
class FrameReader {
 public:
  explicit FrameReader(std::size_t longest) : longest_(longest) {}

  enum class State {
    kMore,     // is to come
    kWhole,    // content() has it; what follows is ignored
    kTooLong,  // announced as longer than `longest`, or not a message at all
  };
  State add(std::string_view bytes);
  std::string_view content() const;

 private:
  std::size_t longest_;
  std::string bytes_;  // the length too
};

}  // namespace reprise::runtime
