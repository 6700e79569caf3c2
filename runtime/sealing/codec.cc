#include "runtime/sealing/codec.h"

#include <set>

#include "base/printable_text.h"

namespace reprise::sealing {
namespace {

constexpr std::size_t kShownBytes = 100;

base::Error bad_codec(std::string message) {
  return {base::ErrorCode::kInvalidCodec, std::move(message)};
}

std::string shown(std::string_view name) {
  return "'" + base::printable_text(name, base::LineBreaks::kEscaped, kShownBytes) + "'";
}

}  // namespace

base::Status check_codec_name(std::string_view name) {
  if (name.empty()) return bad_codec("a payload codec has no name; name() must return one");
  if (name.size() > kMaxCodecNameBytes) {
    return bad_codec("the name of the payload codec " + shown(name) + " has " +
                     std::to_string(name.size()) + " bytes; at most " +
                     std::to_string(kMaxCodecNameBytes) + " are allowed");
  }
  if (base::is_printable(name)) return {};
  return bad_codec("the name of the payload codec " + shown(name) +
                   " has control characters or is no UTF-8");
}

base::Status check_codecs(const Codecs& codecs) {
  if (codecs.size() > kMaxCodecs) {
    return bad_codec("a chain of " + std::to_string(codecs.size()) +
                     " payload codecs is too long; at most " + std::to_string(kMaxCodecs) +
                     " are allowed");
  }
  std::set<std::string_view> names;
  for (const auto& codec : codecs) {
    if (codec == nullptr) return bad_codec("a payload codec is null");
    const std::string_view name = codec->name();
    if (auto status = check_codec_name(name); !status) return status;
    if (!names.insert(name).second) {
      return bad_codec("two payload codecs have the name " + shown(name) +
                       "; what one of them has encoded could not be told from the other's");
    }
  }
  return {};
}

}  // namespace reprise::sealing
