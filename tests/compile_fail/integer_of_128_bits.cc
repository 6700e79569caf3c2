#include <reprise/codec.h>

// It would be cut.
void encode(reprise::CborWriter& out, long long value) {
#ifdef MISUSE
  reprise::Codec<__int128>::encode(out, value);
#else
  reprise::Codec<long long>::encode(out, value);
#endif
}
