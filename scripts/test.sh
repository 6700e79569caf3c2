#!/bin/bash
# Builds Reprise and runs its tests. See --help.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
  cat <<'END'
Usage: scripts/test.sh [--quick]

Installs missing packages (scripts/setup.sh), then
  1. builds everything in build/release and runs every test;
  2. builds the unit, strand and conformance tests with the address and undefined-behaviour
     sanitizers in build/asan and runs them;
  3. the same with the thread sanitizer in build/tsan.
The last line says whether everything has passed, and so does the exit status. JOBS in the
environment sets how much is done in parallel (default: the number of processors).

  --quick   step 1 only
  --help    this text
END
}

quick=no
for argument in "$@"; do
  case $argument in
    --quick) quick=yes ;;
    --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
done

readonly jobs=${JOBS:-$(nproc)}
readonly sanitized_labels=(unit strand conformance)

current=setup
elapsed() { printf '%d:%02d' $((SECONDS / 60)) $((SECONDS % 60)); }
step() { current=$1; printf '\n== %s (after %s)\n' "$current" "$(elapsed)"; }
passed=no  # not the exit status, which is 0 when a signal ends the script
closing_line() {
  if [ $passed = yes ] && [ $quick = yes ]; then
    printf '\nPASSED: every test, without sanitizers, in %s\n' "$(elapsed)"
  elif [ $passed = yes ]; then
    printf '\nPASSED: every test, with and without sanitizers, in %s\n' "$(elapsed)"
  else
    printf '\nFAILED: %s, after %s\n' "$current" "$(elapsed)"
  fi
}
trap closing_line EXIT

# build PRESET [TARGET...]: everything when no target is named.
build() {
  local -r preset=$1
  shift
  local targets=("${@/%/_tests}")
  step "build $preset"
  cmake --preset "$preset"
  cmake --build --preset "$preset" --parallel "$jobs" ${targets[@]:+--target "${targets[@]}"}
}

# run PRESET [LABEL...]: every test when no label is named.
run() {
  local -r preset=$1
  shift
  local -r labels=$(IFS='|'; echo "$*")
  step "test $preset"
  ctest --preset "$preset" --parallel "$jobs" ${labels:+--label-regex "^($labels)\$"}
}

step "setup"
scripts/setup.sh
build release
run release
if [ $quick = no ]; then
  for preset in asan tsan; do
    build $preset "${sanitized_labels[@]}"
    run $preset "${sanitized_labels[@]}"
  done
fi
passed=yes
