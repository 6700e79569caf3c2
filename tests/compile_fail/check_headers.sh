#!/bin/bash
# check_headers.sh COMPILER REPOSITORY: every public header must compile on its own, twice in one
# file, without a warning and without any include folder but its own.
set -u
readonly compiler=$1 include=$2/sdk/include
status=0
checked=0
while IFS= read -r header; do
  checked=$((checked + 1))
  printf '#include <%s>\n#include <%s>\n' "$header" "$header" |
    "$compiler" -std=c++20 -fsyntax-only -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Werror \
      -I"$include" -x c++ - || { echo "does not stand alone: $header"; status=1; }
done < <(cd "$include" && find reprise -name '*.h' | sort)
echo "$checked headers checked"
[ "$checked" -gt 0 ] || status=1
exit $status
