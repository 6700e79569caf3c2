#include "runtime/sealing/envelope.h"

#include <utility>

#include "base/check.h"
#include "base/printable_text.h"
#include "runtime/sealing/aes_gcm_layout.h"
#include "runtime/sealing/zstd_codec.h"

namespace reprise::sealing {
namespace {

constexpr char kEnvelopeVersion = 1;

base::Error broken(std::string message) {
  return {base::ErrorCode::kSealBroken, std::move(message)};
}

std::string header_of(const Codecs& codecs) {
  std::string header{kEnvelopeVersion, static_cast<char>(codecs.size())};
  for (const auto& codec : codecs) {
    header += static_cast<char>(codec->name().size());
    header += codec->name();
  }
  return header;
}

base::Error too_large(std::string_view what, std::size_t bytes) {
  return {base::ErrorCode::kPayloadTooLarge,
          std::string(what) + " has " + std::to_string(bytes) + " bytes; at most " +
              std::to_string(kLargestContent) + " can be sealed"};
}

const Codec* find_codec(const Codecs& codecs, std::string_view name) {
  for (const auto& codec : codecs) {
    if (codec->name() == name) return codec.get();
  }
  // Decompressing needs nothing that only the user has.
  static const auto zstd = make_zstd_codec(kLowestZstdLevel);
  return name == kZstdName ? zstd->get() : nullptr;
}

// The part of the envelope before the content is authenticated too: nobody takes a name out.
std::string bound_to(std::string_view header, std::string_view place) {
  std::string bound;
  bound.reserve(header.size() + place.size());
  bound += header;
  bound += place;
  return bound;
}

std::string printable(std::string_view text) {
  return base::printable_text(text);
}

// `encoded`: what the codec has made.
base::Error missing(std::string_view codec, std::string_view encoded) {
  const auto message = codec == kAesGcmName ? read_message(encoded) : std::nullopt;
  if (message) {
    return {base::ErrorCode::kKeyMissing, "the content was encrypted with the key '" +
                                              printable(message->key_id) +
                                              "', and there are no keys here"};
  }
  return {base::ErrorCode::kKeyMissing, "the content was encoded by the payload codec '" +
                                            printable(codec) +
                                            "', which is not there; add it to the codecs again"};
}

}  // namespace

base::Result<std::string> seal(const Codecs& codecs,
                               std::string_view plain,
                               std::string_view place) {
  REPRISE_CHECK(!codecs.empty(), "an envelope names a codec");
  if (plain.size() > kLargestContent) return too_large("the content", plain.size());
  std::string envelope = header_of(codecs);
  const std::string bound = bound_to(envelope, place);
  std::string encoded;
  for (const auto& codec : codecs) {
    auto next = codec->encode(plain, bound);
    if (!next) return next.error();
    encoded = std::move(next).value();
    plain = encoded;
    if (plain.size() > kLargestContent) {
      return too_large("what the payload codec '" + printable(codec->name()) + "' has made",
                       plain.size());
    }
  }
  return envelope.append(plain);
}

base::Result<EnvelopeView> look_at(std::string_view envelope) {
  if (envelope.empty()) return broken("an empty text is no sealed content");
  if (envelope[0] != kEnvelopeVersion) {
    return broken("the content is not sealed, or by a later version of Reprise");
  }
  EnvelopeView view;
  std::size_t at = 2;
  const auto byte_at = [&](std::size_t i) { return static_cast<unsigned char>(envelope[i]); };
  const std::size_t count = envelope.size() > 1 ? byte_at(1) : 0;
  if (count == 0 || count > kMaxCodecs)
    return broken("sealed content begins with no list of codecs");
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t bytes = at < envelope.size() ? byte_at(at) : 0;
    if (bytes == 0 || bytes > kMaxCodecNameBytes || envelope.size() - at - 1 < bytes) {
      return broken("the list of codecs of sealed content is damaged");
    }
    view.codecs.push_back(envelope.substr(at + 1, bytes));
    at += 1 + bytes;
  }
  view.content = envelope.substr(at);
  if (view.codecs.back() == kAesGcmName) {
    if (const auto message = read_message(view.content)) view.key_id = message->key_id;
  }
  return view;
}

base::Result<std::string> unseal(const Codecs& codecs,
                                 std::string_view envelope,
                                 std::string_view place) {
  const auto view = look_at(envelope);
  if (!view) return view.error();
  const std::string_view header = envelope.substr(0, envelope.size() - view->content.size());
  const std::string bound = bound_to(header, place);
  std::string decoded;
  std::string_view content = view->content;
  for (auto name = view->codecs.rbegin(); name != view->codecs.rend(); ++name) {
    const Codec* const codec = find_codec(codecs, *name);
    if (codec == nullptr) return missing(*name, content);
    auto next = codec->decode(content, bound);
    if (!next) return next.error();
    decoded = std::move(next).value();
    content = decoded;
  }
  return decoded;
}

std::string EnvelopeView::text() const {
  std::string text;
  for (const std::string_view name : codecs) {
    if (!text.empty()) text += ", ";
    text += printable(name);
  }
  return key_id.empty() ? text : text + " with the key " + printable(key_id);
}

}  // namespace reprise::sealing
