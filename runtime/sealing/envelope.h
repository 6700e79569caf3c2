// An envelope: content that codecs have encoded, and their names, so that a chain of codecs may
// change: what was sealed before is opened with the codecs that it names. ADR 0059 has the format.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "runtime/sealing/codec.h"

namespace reprise::sealing {

// Encodes with each codec in turn. `place`: where the envelope will stand, as bytes of the caller's
// choice; one that is encrypted opens nowhere else. `codecs` is not empty, and has passed
// check_codecs(). kPayloadTooLarge: more than kLargestContent, here or after a codec. Anything else
// is the error of a codec.
base::Result<std::string> seal(const Codecs& codecs,
                               std::string_view plain,
                               std::string_view place = {});

// What was sealed. Of `codecs` those count that the envelope names, whatever their order; zstd need
// not be among them.
// kKeyMissing: a codec that it names, or the key that it was encrypted with, is not there.
// kSealBroken: it is no envelope, was changed, or comes from another place.
base::Result<std::string> unseal(const Codecs& codecs,
                                 std::string_view envelope,
                                 std::string_view place = {});

// What an envelope says without being opened.
struct EnvelopeView {
  std::vector<std::string_view> codecs{};  // in the order of encoding
  std::string_view key_id{};   // of the outermost encryption by aes-gcm; empty: the last codec is
                               // another one
  std::string_view content{};  // what the last codec has made

  // "zstd, aes-gcm with the key k1".
  std::string text() const;
};

// kSealBroken: these bytes are no envelope. Views into `envelope`.
base::Result<EnvelopeView> look_at(std::string_view envelope);

}  // namespace reprise::sealing
