// Reads filters in the language of Temporal's list filters: docs/visibility.md.
//
//   filter     = [ condition ] [ ORDER BY field [ASC|DESC] { , field [ASC|DESC] } ]
//   condition  = conjunction { OR conjunction }
//   conjunction = term { AND term }
//   term       = NOT term | ( condition ) | field comparison
//   comparison = (= | != | > | >= | < | <=) value
//              | [NOT] IN ( value { , value } )
//              | [NOT] BETWEEN value AND value
//              | [NOT] STARTS_WITH text
//              | IS [NOT] NULL
#pragma once
#include <string_view>

#include "base/result.h"
#include "runtime/visibility/ast.h"
#include "runtime/visibility/fields.h"

namespace reprise::runtime::visibility {

// kFilter, with the place. Fields that every run has are checked for their types here.
base::Result<Query> parse(std::string_view filter);

// The field that is written like this, for grouping. kFilter: it is not one name.
base::Result<Field> parse_field(std::string_view text);

// What is known of an attribute: the types under which runs have published the name; empty: none
// has.
struct KnownAttribute {
  std::string name;
  std::vector<FieldType> types;
};

// Checks what parse() could not know: that the attributes exist, and are compared with values of
// their types. kFilter, with the place. `known` has those of attributes_of().
base::Status check_attributes(const Query& query, const std::vector<KnownAttribute>& known);
base::Status check_attribute(std::string_view filter,
                             const Field& field,
                             const std::vector<KnownAttribute>& known);

// The attributes that a query names, each once.
std::vector<std::string> attributes_of(const Query& query);

}  // namespace reprise::runtime::visibility
