// Bytes as text for command lines and URLs (RFC 4648, section 5), without padding.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace reprise::base {

std::string to_base64url(std::string_view bytes);

// nullopt: it is not what to_base64url() returns for any bytes. The same bytes have one text only,
// so the unused bits of the last digit must be zero.
std::optional<std::string> from_base64url(std::string_view text);

}  // namespace reprise::base
