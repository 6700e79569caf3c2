// The payload codecs of users, as the engine and the tools use them.
#pragma once
#include "reprise/payload_codec.h"
#include "runtime/sealing/codec.h"

namespace reprise::internal {

// InvalidOption RP3018. The library's own codecs are called without the detour through their
// public class.
sealing::Codecs sealing_codecs(const PayloadCodecs& codecs);

}  // namespace reprise::internal
