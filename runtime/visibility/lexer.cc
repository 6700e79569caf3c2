#include "runtime/visibility/lexer.h"

#include <algorithm>
#include <optional>

#include "base/printable_text.h"
#include "base/utf8.h"
#include "runtime/visibility/ast.h"

namespace reprise::runtime::visibility {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool begins_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool continues_name(char c) {
  return begins_name(c) || is_digit(c) || c == '.';
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

// The part of the filter around a character, as one line that can be printed, and a mark under it.
std::string pointed_at(std::string_view filter, std::size_t at) {
  constexpr std::size_t kBefore = 60;
  constexpr std::size_t kAfter = 20;
  const auto inside_character = [&](std::size_t i) {
    return i > 0 && i < filter.size() && (static_cast<unsigned char>(filter[i]) & 0xc0) == 0x80;
  };
  std::size_t begin = at > kBefore ? at - kBefore : 0;
  while (inside_character(begin)) ++begin;
  std::size_t end = std::min(filter.size(), at + kAfter);
  while (inside_character(end)) ++end;
  const auto line = [](std::string_view text) { return base::printable_text(text); };
  const std::string before =
      (begin > 0 ? "..." : "") + line(filter.substr(begin, std::min(at, end) - begin));
  const std::string after = line(filter.substr(std::min(at, end), end - std::min(at, end))) +
                            (end < filter.size() ? "..." : "");
  return "\n  " + before + after + "\n  " + std::string(characters(before), ' ') + "^";
}

class Lexer {
 public:
  explicit Lexer(std::string_view filter) : filter_(filter) {}

  base::Result<std::vector<Token>> run() {
    std::vector<Token> tokens;
    while (true) {
      while (at_ < filter_.size() && is_space(filter_[at_])) ++at_;
      if (at_ == filter_.size()) break;
      Token token;
      token.at = at_;
      if (const base::Status taken = take(&token); !taken) return taken.error();
      token.end = at_;
      tokens.push_back(std::move(token));
    }
    tokens.push_back({Token::Kind::kEnd, {}, filter_.size(), filter_.size()});
    return tokens;
  }

 private:
  char next(std::size_t ahead = 1) const {
    return at_ + ahead < filter_.size() ? filter_[at_ + ahead] : '\0';
  }

  base::Status take(Token* token) {
    const char c = filter_[at_];
    if (c == '\'' || c == '"') return take_quoted(c, token);
    if (c == '`') return take_quoted(c, token);
    const bool signed_number = (c == '-' || c == '+') && (is_digit(next()) || next() == '.');
    if (is_digit(c) || signed_number || (c == '.' && is_digit(next()))) return take_number(token);
    if (begins_name(c)) {
      token->kind = Token::Kind::kName;
      while (at_ < filter_.size() && continues_name(filter_[at_])) token->text += filter_[at_++];
      return {};
    }
    return take_symbol(token);
  }

  base::Status take_symbol(Token* token) {
    token->kind = Token::Kind::kSymbol;
    const std::string_view rest = filter_.substr(at_);
    for (const std::string_view symbol :
         {"!=", "<>", "<=", ">=", "==", "=", "<", ">", "(", ")", ","}) {
      if (!rest.starts_with(symbol)) continue;
      at_ += symbol.size();
      token->text = symbol == "<>" ? "!=" : symbol == "==" ? "=" : symbol;
      return {};
    }
    return fault_at(filter_, at_, "this character means nothing here; texts are in quotes");
  }

  base::Status take_number(Token* token) {
    token->kind = Token::Kind::kNumber;
    const std::size_t begin = at_;
    if (filter_[at_] == '-' || filter_[at_] == '+') ++at_;
    const auto digits = [this] {
      while (at_ < filter_.size() && is_digit(filter_[at_])) ++at_;
    };
    digits();
    if (at_ < filter_.size() && filter_[at_] == '.') {
      ++at_;
      digits();
    }
    if (at_ < filter_.size() && (filter_[at_] == 'e' || filter_[at_] == 'E')) {
      const bool has_sign = next() == '-' || next() == '+';
      if (is_digit(next(has_sign ? 2 : 1))) {
        at_ += has_sign ? 2 : 1;
        digits();
      }
    }
    if (at_ < filter_.size() && continues_name(filter_[at_])) {
      return fault_at(filter_, begin,
                      "this is not a number; texts, times and durations are in quotes");
    }
    token->text = filter_.substr(begin, at_ - begin);
    return {};
  }

  // A doubled quote stands for one. In texts a backslash begins an escape, too.
  base::Status take_quoted(char quote, Token* token) {
    token->kind = quote == '`' ? Token::Kind::kQuotedName : Token::Kind::kText;
    const std::size_t begin = at_++;
    while (at_ < filter_.size()) {
      const char c = filter_[at_];
      if (c == quote && next() == quote && at_ + 1 < filter_.size()) {
        token->text += quote;
        at_ += 2;
      } else if (c == quote) {
        ++at_;
        if (quote != '`' || !token->text.empty()) return {};
        return fault_at(filter_, begin, "this name is empty");
      } else if (c == '\\' && quote != '`') {
        const auto escaped = escape(next());
        if (!escaped || at_ + 1 >= filter_.size()) {
          return fault_at(filter_, at_, "this escape is unknown; \\\\ stands for a backslash");
        }
        token->text += *escaped;
        at_ += 2;
      } else {
        token->text += c;
        ++at_;
      }
    }
    return fault_at(filter_, begin, "this quote is not closed");
  }

  static std::optional<char> escape(char c) {
    switch (c) {
      case '\'':
      case '"':
      case '`':
      case '\\':
        return c;
      case 'n':
        return '\n';
      case 'r':
        return '\r';
      case 't':
        return '\t';
      case '0':
        return '\0';
      default:
        return std::nullopt;
    }
  }

  const std::string_view filter_;
  std::size_t at_ = 0;
};

}  // namespace

base::Error fault_at(std::string_view filter, std::size_t at, std::string_view what) {
  return {base::ErrorCode::kFilter, "the filter is wrong at character " +
                                        std::to_string(characters(filter.substr(0, at)) + 1) +
                                        ": " + std::string(what) + pointed_at(filter, at)};
}

base::Result<std::vector<Token>> tokens_of(std::string_view filter) {
  if (filter.size() > kMaxFilterBytes) {
    return fault_at(filter, kMaxFilterBytes,
                    "the filter has " + std::to_string(filter.size()) + " bytes; the limit is " +
                        std::to_string(kMaxFilterBytes));
  }
  for (std::size_t at = 0; at < filter.size();) {
    const std::size_t bytes = base::utf8_sequence(filter.substr(at));
    if (bytes == 0) return fault_at(filter, at, "this byte is not UTF-8");
    at += bytes;
  }
  return Lexer(filter).run();
}

}  // namespace reprise::runtime::visibility
