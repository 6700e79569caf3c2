#include "runtime/visibility/parser.h"

#include <algorithm>
#include <utility>

#include "base/ascii.h"
#include "runtime/visibility/lexer.h"
#include "runtime/visibility/literal.h"

namespace reprise::runtime::visibility {
namespace {

using Kind = Token::Kind;

constexpr std::string_view kKeywords[] = {"AND",  "OR",   "NOT",     "IN",          "IS",
                                          "NULL", "LIKE", "BETWEEN", "STARTS_WITH", "ORDER",
                                          "BY",   "ASC",  "DESC",    "TRUE",        "FALSE"};

std::string status_names() {
  std::string names;
  for (const event::RunStatus status : event::kRunStatuses) {
    names += (names.empty() ? "" : ", ") + std::string(event::to_string(status));
  }
  return names;
}

class Parser {
 public:
  Parser(std::string_view filter, std::vector<Token> tokens)
      : filter_(filter), tokens_(std::move(tokens)) {}

  base::Result<Query> run() {
    Query query;
    query.text = filter_;
    if (!is_word("ORDER") && here().kind != Kind::kEnd) {
      auto where = condition(0);
      if (!where) return where.error();
      query.where = std::move(*where);
    }
    if (take_word("ORDER")) {
      if (base::Status order = take_order(&query); !order) return order.error();
    }
    if (here().kind == Kind::kEnd) return query;
    return fault(query.order.empty() ? "AND, OR, ORDER BY or the end is expected here"
                                     : "a comma or the end is expected here");
  }

  base::Result<Field> run_field() {
    auto found = field();
    if (!found) return found.error();
    if (here().kind != Kind::kEnd) return fault("one field is expected, and nothing after it");
    return found;
  }

 private:
  const Token& here() const { return tokens_[at_]; }
  base::Error fault(std::string_view what) const { return fault_at(filter_, here().at, what); }
  bool is_word(std::string_view word) const {
    return here().kind == Kind::kName && base::equal_ignoring_case(here().text, word);
  }
  bool take_word(std::string_view word) {
    const bool is = is_word(word);
    if (is) ++at_;
    return is;
  }
  bool take_symbol(std::string_view symbol) {
    const bool is = here().kind == Kind::kSymbol && here().text == symbol;
    if (is) ++at_;
    return is;
  }

  // Terms between one keyword: a list, so that a long chain is not deep.
  using Rule = base::Result<Expression> (Parser::*)(std::size_t);
  base::Result<Expression> chain(Expression::Kind kind,
                                 std::string_view word,
                                 Rule rule,
                                 std::size_t depth) {
    auto first = (this->*rule)(depth);
    if (!first || !is_word(word)) return first;
    Expression all{.kind = kind, .parts = {}, .comparison = {}};
    all.parts.push_back(std::move(*first));
    while (take_word(word)) {
      auto next = (this->*rule)(depth);
      if (!next) return next;
      all.parts.push_back(std::move(*next));
    }
    return all;
  }
  base::Result<Expression> condition(std::size_t depth) {
    return chain(Expression::Kind::kOr, "OR", &Parser::conjunction, depth);
  }
  base::Result<Expression> conjunction(std::size_t depth) {
    return chain(Expression::Kind::kAnd, "AND", &Parser::term, depth);
  }

  base::Result<Expression> term(std::size_t depth) {
    if (depth == kMaxFilterDepth) {
      return fault("parentheses and NOT are nested more than " + std::to_string(kMaxFilterDepth) +
                   " deep");
    }
    if (take_word("NOT")) {
      auto inner = term(depth + 1);
      if (!inner) return inner;
      Expression negation{.kind = Expression::Kind::kNot, .parts = {}, .comparison = {}};
      negation.parts.push_back(std::move(*inner));
      return negation;
    }
    const std::size_t opened_at = here().at;
    if (take_symbol("(")) {
      auto inner = condition(depth + 1);
      if (!inner || take_symbol(")")) return inner;
      if (here().kind == Kind::kEnd) {
        return fault_at(filter_, opened_at, "this parenthesis is not closed");
      }
      return fault("AND, OR or a closing parenthesis is expected here");
    }
    return comparison();
  }

  base::Result<Field> field() {
    const Token& token = here();
    const bool keyword =
        token.kind == Kind::kName &&
        std::any_of(std::begin(kKeywords), std::end(kKeywords), [&](std::string_view word) {
          return base::equal_ignoring_case(word, token.text);
        });
    if (keyword) {
      return fault(
          "a field is expected here; a field with the name of a keyword is written in "
          "backquotes");
    }
    if (token.kind == Kind::kText) {
      return fault(
          "a field is expected here, and this is a text: fields have no quotes, or "
          "backquotes");
    }
    if (token.kind != Kind::kName && token.kind != Kind::kQuotedName) {
      return fault("a field is expected here");
    }
    Field found{.id = FieldId::kAttribute, .name = token.text, .at = token.at};
    if (const FieldRow* const row = find_field(token.text)) found.id = row->id;
    ++at_;
    return found;
  }

  base::Result<Expression> comparison() {
    auto compared = field();
    if (!compared) return compared.error();
    Expression expression;
    Comparison& comparison = expression.comparison;
    comparison.field = std::move(*compared);
    comparison.at = here().at;
    if (const base::Status taken = take_operator(&comparison); !taken) return taken.error();
    if (const base::Status typed = check_types(comparison); !typed) return typed.error();
    return expression;
  }

  base::Status take_operator(Comparison* to) {
    if (take_word("IS")) return take_null(to);
    to->negated = take_word("NOT");
    if (take_word("IN")) return take_list(to);
    if (take_word("BETWEEN")) return take_range(to);
    if (take_word("STARTS_WITH")) {
      to->op = Operator::kStartsWith;
      return take_value(to);
    }
    if (is_word("LIKE")) return fault("there is no LIKE; STARTS_WITH compares beginnings");
    if (to->negated) return fault("IN, BETWEEN or STARTS_WITH is expected here");
    struct Sign {
      std::string_view symbol;
      Operator op;
      bool negated = false;
    };
    static constexpr Sign kSigns[] = {
        {"=", Operator::kEqual},   {"!=", Operator::kEqual, true},
        {"<", Operator::kLess},    {"<=", Operator::kLessOrEqual},
        {">", Operator::kGreater}, {">=", Operator::kGreaterOrEqual},
    };
    for (const Sign& sign : kSigns) {
      if (!take_symbol(sign.symbol)) continue;
      to->op = sign.op;
      to->negated = sign.negated;
      return take_value(to);
    }
    return fault(
        "a comparison is expected here: =, !=, >, >=, <, <=, IN, BETWEEN, STARTS_WITH or "
        "IS NULL");
  }

  base::Status take_null(Comparison* to) {
    to->op = Operator::kIsNull;
    to->negated = take_word("NOT");
    return take_word("NULL") ? base::Status() : fault("NULL is expected here");
  }

  base::Status take_list(Comparison* to) {
    to->op = Operator::kIn;
    if (!take_symbol("(")) return fault("the values of IN are in parentheses");
    do {
      if (const base::Status taken = take_value(to); !taken) return taken;
    } while (take_symbol(","));
    return take_symbol(")") ? base::Status()
                            : fault("a comma or a closing parenthesis is expected here");
  }

  base::Status take_range(Comparison* to) {
    to->op = Operator::kBetween;
    if (const base::Status taken = take_value(to); !taken) return taken;
    if (!take_word("AND")) return fault("AND and the end of the range are expected here");
    return take_value(to);
  }

  base::Status take_value(Comparison* to) {
    if (++values_ > kMaxFilterValues) {
      return fault("the filter has more than " + std::to_string(kMaxFilterValues) + " values");
    }
    Literal literal;
    if (is_word("true") || is_word("false")) {
      literal.kind = Literal::Kind::kBool;
      literal.truth = is_word("true");
      literal.text = here().text;
      literal.at = here().at;
    } else if (here().kind == Kind::kText || here().kind == Kind::kNumber) {
      auto read = literal_of(filter_, here());
      if (!read) return read.error();
      literal = std::move(*read);
    } else if (is_word("NULL")) {
      return fault("nothing is equal to NULL; use IS NULL");
    } else {
      return fault(here().kind == Kind::kName ? "a value is expected here; texts are in quotes"
                                              : "a value is expected here");
    }
    ++at_;
    to->values.push_back(std::move(literal));
    return {};
  }

  base::Status check_types(const Comparison& comparison) const {
    if (comparison.field.is_attribute()) return {};
    const FieldType type = type_of(comparison.field.id);
    if (!allows(type, comparison.op)) {
      return fault_at(filter_, comparison.at,
                      comparison.field.name + " is " + std::string(to_string(type)) +
                          ", which cannot be compared like this");
    }
    for (const Literal& value : comparison.values) {
      if (reads_as(value, type)) continue;
      std::string what =
          comparison.field.name + " is " + std::string(to_string(type)) + ", and this is not";
      if (type == FieldType::kStatus) what += "; statuses are " + status_names();
      if (type == FieldType::kTime) what += " ('2026-11-21T12:43:36Z')";
      if (type == FieldType::kDuration) what += " ('1h30m', or nanoseconds)";
      return fault_at(filter_, value.at, what);
    }
    return {};
  }

  base::Status take_order(Query* query) {
    if (!take_word("BY")) return fault("BY is expected here");
    do {
      auto by = field();
      if (!by) return by.error();
      if (query->order.size() == kMaxOrderFields) {
        return fault_at(filter_, by->at,
                        "the order has more than " + std::to_string(kMaxOrderFields) + " fields");
      }
      OrderKey key{std::move(*by)};
      if (take_word("DESC")) {
        key.descending = true;
      } else {
        (void)take_word("ASC");
      }
      query->order.push_back(std::move(key));
    } while (take_symbol(","));
    return {};
  }

  const std::string_view filter_;
  const std::vector<Token> tokens_;
  std::size_t at_ = 0;
  std::size_t values_ = 0;
};

void add_attribute(const Field& field, std::vector<std::string>* names) {
  if (!field.is_attribute()) return;
  if (std::find(names->begin(), names->end(), field.name) == names->end()) {
    names->push_back(field.name);
  }
}

void add_attributes(const Expression& expression, std::vector<std::string>* names) {
  for (const Expression& part : expression.parts) add_attributes(part, names);
  if (expression.kind == Expression::Kind::kComparison) {
    add_attribute(expression.comparison.field, names);
  }
}

}  // namespace

base::Result<Query> parse(std::string_view filter) {
  auto tokens = tokens_of(filter);
  if (!tokens) return tokens.error();
  return Parser(filter, std::move(*tokens)).run();
}

base::Result<Field> parse_field(std::string_view text) {
  auto tokens = tokens_of(text);
  if (!tokens) return tokens.error();
  return Parser(text, std::move(*tokens)).run_field();
}

std::vector<std::string> attributes_of(const Query& query) {
  std::vector<std::string> names;
  if (query.where) add_attributes(*query.where, &names);
  for (const OrderKey& key : query.order) add_attribute(key.field, &names);
  return names;
}

}  // namespace reprise::runtime::visibility
