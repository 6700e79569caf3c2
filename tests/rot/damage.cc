#include "tests/rot/damage.h"

#include <algorithm>

namespace reprise::rot {
namespace {

constexpr std::size_t kPage = 4096;

std::size_t below(std::mt19937_64& random, std::size_t limit) {
  return static_cast<std::size_t>(random() % limit);
}

void flip(std::string* bytes, std::size_t at, std::mt19937_64& random) {
  (*bytes)[at] = static_cast<char>((*bytes)[at] ^ (1 << below(random, 8)));
}

std::string data_file(std::mt19937_64& random) {
  return std::string(below(random, 2) == 0 ? kJournalFile : kArchiveFile);
}

std::size_t some_page(const std::string& bytes, std::mt19937_64& random) {
  return 2 + below(random, bytes.size() / kPage - 2);
}

std::string flip_in_page(std::string* bytes,
                         std::size_t page,
                         std::size_t begin,
                         std::size_t end,
                         std::size_t count,
                         std::mt19937_64& random) {
  for (std::size_t i = 0; i < count; ++i) {
    flip(bytes, page * kPage + begin + below(random, end - begin), random);
  }
  return std::to_string(count) + " bits of page " + std::to_string(page);
}

std::string stale(const std::string& name,
                  bool meta,
                  const std::vector<Files>& moments,
                  std::mt19937_64& random,
                  std::string* bytes) {
  // Most pages do not change between two moments, and an old copy of those is not damage.
  for (int attempt = 0; attempt < 200; ++attempt) {
    const std::size_t when =
        below(random, 3) == 0 ? moments.size() - 1 : below(random, moments.size());
    const std::string& old = moments[when].at(name);
    const std::size_t page = meta ? below(random, 2) : some_page(*bytes, random);
    const std::string was = (page + 1) * kPage <= old.size() ? old.substr(page * kPage, kPage) : "";
    if (was.empty() || bytes->compare(page * kPage, kPage, was) == 0) continue;
    bytes->replace(page * kPage, kPage, was);
    return "page " + std::to_string(page) + " as of moment " + std::to_string(when);
  }
  return "nothing";
}

std::string damage_format(std::mt19937_64& random, Files* files) {
  std::string& text = files->at("FORMAT");
  switch (below(random, 3)) {
    case 0:
      flip(&text, below(random, text.size()), random);
      return "a bit";
    case 1:
      text.resize(below(random, text.size()));
      return "cut off at " + std::to_string(text.size());
    default:
      files->erase("FORMAT");
      return "removed";
  }
}

std::string damage_attempts(std::mt19937_64& random, Files* files) {
  std::string& bytes = files->at("attempts");
  switch (below(random, 4)) {
    case 0:
      flip(&bytes, below(random, 80), random);
      return "a bit of the header";
    case 1:
      flip(&bytes, below(random, bytes.size()), random);
      return "a bit";
    case 2:
      bytes.resize(below(random, bytes.size()));
      return "cut off at " + std::to_string(bytes.size());
    default:
      std::fill(bytes.begin(), bytes.end(), '\0');
      return "zeroed";
  }
}

std::string damage_pages(Kind kind, std::mt19937_64& random, std::string* bytes) {
  switch (kind) {
    case Kind::kBit: {
      const std::size_t at = below(random, bytes->size());
      flip(bytes, at, random);
      return "a bit of byte " + std::to_string(at % kPage) + " of page " +
             std::to_string(at / kPage);
    }
    case Kind::kBits:
      return flip_in_page(bytes, some_page(*bytes, random), 0, kPage, 2 + below(random, 63),
                          random);
    case Kind::kHeaderBits:
      return flip_in_page(bytes, some_page(*bytes, random), 0, 64, 1 + below(random, 4), random);
    case Kind::kMetaBits:
      return flip_in_page(bytes, below(random, 2), 0, 152, 1 + below(random, 3), random);
    case Kind::kZeroedPage: {
      const std::size_t page = below(random, bytes->size() / kPage);
      bytes->replace(page * kPage, kPage, kPage, '\0');
      return "page " + std::to_string(page);
    }
    case Kind::kSwappedPages: {
      const std::size_t a = some_page(*bytes, random);
      const std::size_t b = some_page(*bytes, random);
      std::swap_ranges(bytes->begin() + static_cast<std::ptrdiff_t>(a * kPage),
                       bytes->begin() + static_cast<std::ptrdiff_t>((a + 1) * kPage),
                       bytes->begin() + static_cast<std::ptrdiff_t>(b * kPage));
      return "pages " + std::to_string(a) + " and " + std::to_string(b);
    }
    default:
      bytes->resize(below(random, bytes->size()));
      return "at " + std::to_string(bytes->size());
  }
}

}  // namespace

std::string damage(Kind kind,
                   const std::vector<Files>& moments,
                   std::mt19937_64& random,
                   Files* files) {
  std::string what = kKindNames[static_cast<std::size_t>(kind)] + std::string(": ");
  if (kind == Kind::kFormatFile) return what + damage_format(random, files);
  if (kind == Kind::kAttemptsFile) return what + damage_attempts(random, files);
  const std::string name = data_file(random);
  std::string* bytes = &files->at(name);
  what += name + ", ";
  if (kind == Kind::kStalePage || kind == Kind::kStaleMeta) {
    return what + stale(name, kind == Kind::kStaleMeta, moments, random, bytes);
  }
  return what + damage_pages(kind, random, bytes);
}

}  // namespace reprise::rot
