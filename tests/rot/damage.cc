#include "tests/rot/damage.h"

#include <algorithm>

namespace reprise::rot {
namespace {

constexpr std::size_t kPage = 4096;

void flip(std::string* bytes, std::size_t at, testing::Random& random) {
  (*bytes)[at] = static_cast<char>((*bytes)[at] ^ (1 << random.below(8)));
}

std::string data_file(testing::Random& random) {
  return std::string(random.below(2) == 0 ? kJournalFile : kArchiveFile);
}

std::size_t some_page(const std::string& bytes, testing::Random& random) {
  return 2 + random.below(bytes.size() / kPage - 2);
}

std::string flip_in_page(std::string* bytes,
                         std::size_t page,
                         std::size_t begin,
                         std::size_t end,
                         std::size_t count,
                         testing::Random& random) {
  for (std::size_t i = 0; i < count; ++i) {
    flip(bytes, page * kPage + begin + random.below(end - begin), random);
  }
  return std::to_string(count) + " bits of page " + std::to_string(page);
}

std::string stale(const std::string& name,
                  bool meta,
                  const std::vector<Files>& moments,
                  testing::Random& random,
                  std::string* bytes) {
  // Most pages do not change between two moments, and an old copy of those is not damage.
  for (int attempt = 0; attempt < 200; ++attempt) {
    const std::size_t when =
        random.below(3) == 0 ? moments.size() - 1 : random.below(moments.size());
    const std::string& old = moments[when].at(name);
    const std::size_t page = meta ? random.below(2) : some_page(*bytes, random);
    const std::string was = (page + 1) * kPage <= old.size() ? old.substr(page * kPage, kPage) : "";
    if (was.empty() || bytes->compare(page * kPage, kPage, was) == 0) continue;
    bytes->replace(page * kPage, kPage, was);
    return "page " + std::to_string(page) + " as of moment " + std::to_string(when);
  }
  return "nothing";
}

std::string damage_format(testing::Random& random, Files* files) {
  std::string& text = files->at("FORMAT");
  switch (random.below(3)) {
    case 0:
      flip(&text, random.below(text.size()), random);
      return "a bit";
    case 1:
      text.resize(random.below(text.size()));
      return "cut off at " + std::to_string(text.size());
    default:
      files->erase("FORMAT");
      return "removed";
  }
}

std::string damage_attempts(testing::Random& random, Files* files) {
  std::string& bytes = files->at("attempts");
  switch (random.below(4)) {
    case 0:
      flip(&bytes, random.below(80), random);
      return "a bit of the header";
    case 1:
      flip(&bytes, random.below(bytes.size()), random);
      return "a bit";
    case 2:
      bytes.resize(random.below(bytes.size()));
      return "cut off at " + std::to_string(bytes.size());
    default:
      std::fill(bytes.begin(), bytes.end(), '\0');
      return "zeroed";
  }
}

std::string damage_pages(Kind kind, testing::Random& random, std::string* bytes) {
  switch (kind) {
    case Kind::kBit: {
      const std::size_t at = random.below(bytes->size());
      flip(bytes, at, random);
      return "a bit of byte " + std::to_string(at % kPage) + " of page " +
             std::to_string(at / kPage);
    }
    case Kind::kBits:
      return flip_in_page(bytes, some_page(*bytes, random), 0, kPage, 2 + random.below(63), random);
    case Kind::kHeaderBits:
      return flip_in_page(bytes, some_page(*bytes, random), 0, 64, 1 + random.below(4), random);
    case Kind::kMetaBits:
      return flip_in_page(bytes, random.below(2), 0, 152, 1 + random.below(3), random);
    case Kind::kZeroedPage: {
      const std::size_t page = random.below(bytes->size() / kPage);
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
      bytes->resize(random.below(bytes->size()));
      return "at " + std::to_string(bytes->size());
  }
}

}  // namespace

std::string damage(Kind kind,
                   const std::vector<Files>& moments,
                   testing::Random& random,
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
