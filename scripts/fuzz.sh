#!/bin/bash
# Fuzzes with libFuzzer. See --help.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
  cat <<'END'
Usage: scripts/fuzz.sh [--quick|--long] [--seconds N] [TARGET...]

Builds the libFuzzer programs with clang in build/fuzz (address and undefined-behaviour sanitizers)
and runs each one, or those named, from the corpus in tests/fuzz/corpus. What it adds to the corpus
goes to out/fuzz/TARGET and is used again by the next run; an input that fails is saved as
out/fuzz/TARGET_crash-...: add it to tests/fuzz/corpus/TARGET once the bug is fixed. The last
lines are a table of counts; the exit status says whether anything was found.

  --quick       20 seconds for each target (default)
  --long        one hour for each target
  --seconds N   N seconds for each target
  --help        this text
END
}

readonly all=(log recovery files codec sealing history import arguments)
seconds=20
targets=()
while [ $# -gt 0 ]; do
  case $1 in
    --quick) seconds=20 ;;
    --long) seconds=3600 ;;
    --seconds) seconds=${2:?--seconds needs a number}; shift ;;
    --help) usage; exit 0 ;;
    -*) usage >&2; exit 2 ;;
    *) targets+=("$1") ;;
  esac
  shift
done
[ ${#targets[@]} -gt 0 ] || targets=("${all[@]}")

cmake --preset fuzz > /dev/null
cmake --build --preset fuzz --parallel "${JOBS:-$(nproc)}" --target "${targets[@]/#/fuzz_}"

# 'stat::number_of_executed_units: 4711' -> 4711
figure() { sed -n "s/^stat::$1: *//p" "$2" | tail -1; }

mkdir -p out/fuzz
failed=0
table=()
for target in "${targets[@]}"; do
  mkdir -p "out/fuzz/$target"
  log=out/fuzz/$target.log
  printf 'fuzzing %s for %s s\n' "$target" "$seconds"
  result=ok
  # Memory: code that trusts a wrong length would ask for far more than this at once.
  "build/fuzz/tests/fuzz/fuzz_$target" "out/fuzz/$target" "tests/fuzz/corpus/$target" \
    -max_total_time="$seconds" -timeout=20 -malloc_limit_mb=256 -rss_limit_mb=2048 -max_len=4096 \
    -artifact_prefix="out/fuzz/${target}_" -print_final_stats=1 > "$log" 2>&1 || result=FAILED
  [ $result = ok ] || { failed=1; grep -E 'SUMMARY|Defect|what\(\)|Test unit' "$log" || tail -5 "$log"; }
  coverage=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -1)
  table+=("$(printf '%-10s %12s inputs %8s edges %6s MiB  %s' "$target" \
    "$(figure number_of_executed_units "$log")" "${coverage:-?}" \
    "$(figure peak_rss_mb "$log")" "$result")")
done
printf '\n'
printf '%s\n' "${table[@]}"
exit $failed
