#!/bin/bash
# The check must report exactly the lines of fixture/ that are marked as rejected.
set -u
cd "$(dirname "$0")" || exit 2

reported=$(bash check.sh fixture)
status=$?
expected=$(cd fixture && grep -rn '// rejected$' . | sed -E 's|^\./||; s|^([^:]*:[0-9]+):.*|\1|' | sort)
found=$(sed -nE 's|^([^:]*:[0-9]+): must not.*|\1|p' <<<"$reported" | sort)

if [ "$status" -ne 1 ] || [ -z "$expected" ]; then
  echo "the check accepts a tree of wrong includes:"
  echo "$reported"
  exit 1
fi
diff <(echo "$expected") <(echo "$found") || { echo "< missed, > reported wrongly"; exit 1; }
