#include "proto/parse.h"

#include <cstdint>
#include <limits>

#include <google/protobuf/io/coded_stream.h>

namespace reprise::proto {

bool parse(std::string_view bytes, google::protobuf::MessageLite* message) {
  if (bytes.size() > std::numeric_limits<int>::max()) return false;
  const int size = static_cast<int>(bytes.size());
  if (message->ParseFromArray(bytes.data(), size)) return true;
  // Rare, and twice the work: nests deeper than the library's own limit, or is invalid.
  google::protobuf::io::CodedInputStream in(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                            size);
  in.SetRecursionLimit(kMostLevels);
  return message->ParseFromCodedStream(&in) && in.ConsumedEntireMessage();
}

}  // namespace reprise::proto
