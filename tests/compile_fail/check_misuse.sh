#!/bin/bash
# check_misuse.sh COMPILER REPOSITORY PRECOMPILED FILE: FILE must compile, and with MISUSE defined
# the compiler must complain about a line of its `#ifdef MISUSE` branch, and do it in the words of
# its line "// says: WORDS", if it has one. PRECOMPILED is the folder that precompile.sh has filled.
set -u
readonly compiler=$1 repository=$2 precompiled=$3 file=$4
. "$repository/tests/compile_fail/precompiled.sh"

compile() {
  compile_with "$@" "${use_precompiled[@]}" -fsyntax-only "$file" 2>&1
}

if ! output=$(compile); then
  echo "the correct form does not compile:"
  echo "$output"
  exit 1
fi
if output=$(compile -DMISUSE); then
  echo "the misuse is accepted: $file"
  exit 1
fi
if says=$(grep -m1 -o '// says: .*' "$file"); then
  says=${says#// says: }
  if ! grep -m1 'error:' <<<"$output" | grep -qF "$says"; then
    echo "the first error does not say '$says':"
    echo "$output"
    exit 1
  fi
  # Where it was included from, how it came to be instantiated, what is wrong: once, and no more.
  if [ "$(wc -l <<<"$output")" -gt 24 ] || [ "$(grep -c 'error:' <<<"$output")" -ne 1 ]; then
    echo "too much is said:"
    echo "$output"
    exit 1
  fi
fi
first=$(grep -n '^#ifdef MISUSE' "$file" | cut -d: -f1)
last=$(grep -n '^#else' "$file" | cut -d: -f1)
for ((line = first + 1; line < last; line++)); do
  grep -qF "$file:$line:" <<<"$output" && exit 0
done
echo "rejected, but not for lines $((first + 1)) to $((last - 1)):"
echo "$output"
exit 1
